"""Gates over the evaluation: pairs, intervals over songs, and nothing measured is red."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from groove.phase import quality
from groove.phase.judge import verdicts
from groove.phase.judge.table import COUNTED, DOCUMENTED, OURS
from groove.phase.tables import PHASE_EVALUATION

TIMES = (np.arange(100) + 1) / 50


def evaluation(ours, documented, counted_f, groups=10):
    """A table in which trackers have these losses, and downbeats to match, on every song."""
    random = np.random.default_rng(0)
    rows = []
    for song in range(groups):
        hard = random.normal(0, 0.05)
        for look in (0.0, 0.25):
            for tracker, loss, found in (
                (OURS, ours + hard, 0.9),
                (DOCUMENTED, documented + hard, 0.4),
                (COUNTED, 0.9, counted_f),
            ):
                if tracker == COUNTED and look:
                    continue
                rows.append(
                    {
                        "path": f"{song}.mid",
                        "soundfont": "one",
                        "rate": 1.0,
                        "chunk": 0,
                        "split_group": str(song),
                        "anticipation_s": look,
                        "tracker": tracker,
                        "phase_loss": loss,
                        "downbeat_f": found if song else np.nan,
                        "confidence": np.nan if tracker == COUNTED else 1 - loss,
                        "bar_start_s": np.array([0.0, 2.0, 4.0]),
                        # Off by as much as the loss says, from bars of two seconds.
                        "phase": (TIMES + look) / 2 % 1.0 + loss / 4,
                        "frame_confidence": np.full(len(TIMES), 1 - loss),
                    }
                )
    return pd.DataFrame(rows)


def test_a_good_network_passes_every_gate():
    table = evaluation(ours=0.3, documented=0.6, counted_f=0.5)
    gates = [gate(table) for gate in quality.GATES["phase_evaluation"]]
    assert all(gate.passed for gate in gates), [str(gate) for gate in gates]
    paired = verdicts.under_the_documented_recipe(table)
    # What makes a song hard makes it hard for both: the paired interval has no width.
    assert (paired.low, paired.high) == (pytest.approx(-0.3), pytest.approx(-0.3))
    over = verdicts.downbeats_over_counting(table)
    assert (over.value, over.count) == (pytest.approx(0.4), 9)


@pytest.mark.parametrize(
    ("gate", "table"),
    [
        (verdicts.heard_phase_loss, evaluation(0.85, 0.9, 0.1)),
        (verdicts.under_the_documented_recipe, evaluation(0.5, 0.4, 0.1)),
        (verdicts.downbeats_over_counting, evaluation(0.3, 0.9, 0.95)),
        (verdicts.heard_phase_loss, evaluation(0.3, 0.9, 0.1, groups=1)),
        (verdicts.under_the_documented_recipe, evaluation(0.3, 0.9, 0.1, groups=1)),
    ],
)
def test_a_poor_one_or_one_song_alone_does_not(gate, table):
    assert not gate(table).passed


def test_a_network_that_is_surer_than_right_is_red_and_a_modest_one_is_not():
    table = evaluation(ours=0.85, documented=0.9, counted_f=0.1)
    sure = table.assign(frame_confidence=table["phase"].map(np.ones_like))
    modest = table.assign(frame_confidence=table["phase"].map(np.zeros_like))
    assert not verdicts.confidence_is_honest(sure).passed
    assert verdicts.confidence_is_honest(modest).passed


def test_what_was_not_measured_has_not_passed():
    table = evaluation(0.3, 0.6, 0.5)
    without = table[table["tracker"] == OURS]
    assert verdicts.heard_phase_loss(without).passed
    assert not verdicts.under_the_documented_recipe(without).passed
    assert not verdicts.downbeats_over_counting(without).passed
    confused = table.assign(frame_confidence=1 - table["frame_confidence"])
    assert not verdicts.confidence_tells(confused).passed
    for gate in quality.GATES["phase_evaluation"]:
        assert not gate(PHASE_EVALUATION.empty()).passed
    assert quality.evaluation_summary(PHASE_EVALUATION.empty()) == {"chunks": 0, "songs": 0}
