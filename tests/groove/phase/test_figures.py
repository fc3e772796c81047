"""Figures of a recording: closed forms, mir_eval, golden files in its style."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import mir_eval
import numpy as np
import pytest

from groove.phase.judge.calibration import by_confidence, joined, rank_correlation
from groove.phase.judge.figures import CHANCE_BARS, Said, Span, errors_of, figures_of
from groove.phase.judge.intervals import mean_interval
from groove.phase.judge.reference import of_bars, read_beats
from groove.phase.judge.summary import grouped, medians, tempo_class

GOLDEN = Path(__file__).parent / "golden"
BARS = np.arange(31) * 2.0
BEATS = np.arange(121) * 0.5
REFERENCE = of_bars(BARS, BEATS)


def said(late_s=0.0, ahead_s=0.0, confidence=1.0, phase=None):
    """What a tracker says that is late by so much everywhere."""
    heard = np.arange(1, 60 * 50) / 50
    about = heard + ahead_s
    true = (about - late_s) / 2.0 % 1.0 if phase is None else np.full(len(heard), phase)
    return Said(heard, about, true, np.full(len(heard), confidence), BEATS + late_s, BARS + late_s)


@pytest.mark.parametrize("late_s", [0.0, 0.03, 0.069, -0.05])
@pytest.mark.parametrize("ahead_s", [0.0, 0.25, 0.5])
def test_a_tracker_that_is_late_is_wrong_by_just_that(late_s, ahead_s):
    # Trimmed between two beats, so that none crosses over.
    figures = figures_of(REFERENCE, said(late_s, ahead_s), Span(trim_s=4.7))
    assert figures["phase_error_ms_median"] == pytest.approx(1000 * abs(late_s), abs=1e-6)
    assert figures["phase_error_ms_p90"] == pytest.approx(1000 * abs(late_s), abs=1e-6)
    assert figures["phase_error_bars_median"] == pytest.approx(abs(late_s) / 2, abs=1e-9)
    assert figures["phase_loss"] == pytest.approx(1 - np.cos(np.pi * late_s), abs=1e-9)
    assert figures["beat_f"] == figures["downbeat_f"] == 1.0


def test_a_tracker_late_by_more_than_the_window_finds_nothing():
    figures = figures_of(REFERENCE, said(0.08), Span())
    assert figures["beat_f"] == figures["downbeat_f"] == 0.0


def test_on_the_wrong_beat_everything_is_half_a_bar_off_but_the_beats():
    figures = figures_of(REFERENCE, said(1.0), Span())
    assert figures["phase_error_ms_median"] == pytest.approx(1000.0)
    assert figures["phase_error_bars_p90"] == pytest.approx(0.5)
    assert figures["phase_loss"] == pytest.approx(2.0)
    assert (figures["beat_f"], figures["downbeat_f"]) == (pytest.approx(0.9955, abs=0.01), 0.0)


def test_a_constant_phase_is_chance():
    figures = figures_of(REFERENCE, said(phase=0.3), Span(warmup_s=10.0))
    assert figures["phase_loss"] == pytest.approx(1.0, abs=1e-2)
    assert figures["phase_error_bars_median"] == pytest.approx(0.25, abs=0.01)
    assert figures["phase_error_bars_p90"] == pytest.approx(0.45, abs=0.01)


def test_a_tracker_that_says_nothing_scores_by_chance_and_not_at_all():
    silent = figures_of(REFERENCE, said(phase=np.nan), Span())
    assert silent["phase_loss"] == 1.0
    assert silent["phase_error_bars_median"] == CHANCE_BARS
    assert silent["scored_frames"] == 52 * 50 - 1


def test_what_is_said_during_the_warm_up_or_outside_known_bars_does_not_count():
    wrong = said()
    early = wrong.heard_s <= 8.0
    wrong.bar_phase[early] = 0.123
    assert figures_of(REFERENCE, wrong, Span(warmup_s=8.0))["phase_loss"] < 1e-9
    assert figures_of(REFERENCE, wrong, Span(warmup_s=4.0))["phase_loss"] > 0.01
    ahead = said(ahead_s=0.5)
    known = (ahead.heard_s > 8.0) & (ahead.about_s < BARS[-1])
    assert len(errors_of(REFERENCE, ahead, Span()).bars) == known.sum()
    assert (ahead.about_s >= BARS[-1]).sum() in {24, 25}


def test_trimmed_f_measures_equal_mir_eval():
    random = np.random.default_rng(5)
    for _ in range(30):
        beats = np.sort(random.choice(600, 60, replace=False)) * 0.1
        down = np.sort(random.choice(600, 20, replace=False)) * 0.1
        told = Said(*(np.empty(0),) * 4, beat_s=beats, downbeat_s=down)
        figures = figures_of(REFERENCE, told, Span(trim_s=5.0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = mir_eval.beat.evaluate(BEATS, beats)["F-measure"]
            assert figures["beat_f"] == pytest.approx(theirs)
            theirs = mir_eval.beat.evaluate(BARS, down)["F-measure"]
            assert figures["downbeat_f"] == pytest.approx(theirs)


@pytest.mark.parametrize("name", sorted(path.stem[-2:] for path in GOLDEN.glob("reference*.beats")))
def test_golden(name):
    reference = read_beats((GOLDEN / f"reference{name}.beats").read_text())
    rows = np.loadtxt(GOLDEN / f"estimate{name}.csv", delimiter=",", skiprows=1)
    beats = read_beats((GOLDEN / f"estimate{name}.beats").read_text())
    about = rows[:, 0] + rows[0, 1]
    told = Said(rows[:, 0], about, rows[:, 2], rows[:, 3], beats.beat_s, beats.bar_start_s)
    expected = json.loads((GOLDEN / f"output{name}.json").read_text())
    found = figures_of(reference, told, Span())
    assert {k: v for k, v in found.items() if k in expected} == pytest.approx(expected, abs=1e-9)


def test_error_by_confidence_and_their_rank_correlation():
    errors = joined(
        [
            errors_of(REFERENCE, said(0.4, confidence=0.1), Span()),
            errors_of(REFERENCE, said(0.05, confidence=1.0), Span()),
            errors_of(REFERENCE, said(0.6, confidence=np.nan), Span()),
        ]
    )
    rows = by_confidence(errors)
    assert [row["frames"] for row in rows] == [2599, 0, 0, 0, 2599]
    assert rows[0]["phase_error_ms_median"] == pytest.approx(400)
    assert (rows[0]["right"], rows[1]["right"], rows[4]["right"]) == (0.0, None, 1.0)
    assert rank_correlation(errors.confidence, errors.bars.round(6)) == pytest.approx(-1.0)
    assert np.isnan(rank_correlation(np.ones(9), np.arange(9.0)))
    assert np.isnan(rank_correlation(np.empty(0), np.empty(0)))


def test_medians_leave_out_what_is_not_known_and_groups_stand_in_order():
    rows = [{"a": 1.0, "b": np.nan}, {"a": 3.0, "b": 5.0}, {"a": 9.0}]
    assert medians(rows) == {"a": 3.0, "b": 5.0}
    assert np.isnan(medians([{"a": np.nan}])["a"])
    found = grouped(rows, ["100-120", "unknown", "80-100"])
    assert list(found) == ["80-100", "100-120", "unknown"]
    assert found["unknown"] == {"recordings": 1.0, "a": 3.0, "b": 5.0}
    assert [tempo_class(t) for t in (0, 80, 139.9, 250)] == ["0-80", "80-100", "120-140", "170-"]


def test_an_interval_is_as_wide_as_theory_says_and_wider_for_groups():
    import pandas as pd

    random = np.random.default_rng(1)
    values = random.normal(3.0, 1.0, 400)
    alone = mean_interval(values, pd.Series(np.arange(400)))
    assert alone.value == pytest.approx(values.mean())
    # Normal theory: 1.96 standard errors to each side.
    assert (alone.high - alone.low) / 2 == pytest.approx(1.96 * values.std() / 20, rel=0.1)
    # Ten copies of each of forty values are worth forty values.
    copies = mean_interval(np.repeat(values[:40], 10), pd.Series(np.repeat(np.arange(40), 10)))
    assert (copies.high - copies.low) / 2 == pytest.approx(
        1.96 * values[:40].std() / np.sqrt(40), rel=0.15
    )
    one = mean_interval(values, pd.Series(["a"] * 400))
    assert (one.low, one.high, one.groups) == (-np.inf, np.inf, 1)
    assert mean_interval(np.full(3, np.nan), pd.Series([1, 2, 3])) is None
