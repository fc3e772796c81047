"""Figures of transcription: against mir_eval, and cases counted by hand."""

from __future__ import annotations

import mir_eval
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.drums.beatmap import Beatmap
from groove.drums.transcribe.evaluation import (
    GROUPS,
    Counts,
    averages,
    pairs,
    pooled,
    score,
)
from groove.midi.taxonomy import CLASSES

TIMES = st.lists(st.integers(0, 3_000), max_size=60).map(
    lambda ms: np.sort(np.array(ms, dtype=float)) / 1000
)


def beatmap(*hits: tuple[float, str]) -> Beatmap:
    return Beatmap.model_validate({"hits": [{"time_s": t, "label": label} for t, label in hits]})


@given(TIMES, TIMES, st.sampled_from([0.0, 0.01, 0.05, 0.2]))
def test_as_many_pairs_as_mir_eval_finds(
    true_s: np.ndarray, found_s: np.ndarray, window: float
) -> None:
    wanted = len(mir_eval.util.match_events(true_s, found_s, window)) if len(true_s) else 0
    assert pairs(true_s, found_s, window) == wanted


@given(
    st.lists(st.integers(0, 200), max_size=40, unique=True),
    st.lists(st.integers(0, 200), max_size=40, unique=True),
)
def test_onset_f_is_that_of_mir_eval(true: list[int], found: list[int]) -> None:
    # A grid of 31 ms: nothing is merged.
    here, there = (beatmap(*((0.031 * k, "kick") for k in ks)) for ks in (true, found))
    ours = score(here, there)
    if not true or not found:
        return
    wanted = mir_eval.onset.f_measure(
        np.array(sorted(true)) * 0.031, np.array(sorted(found)) * 0.031, window=0.05
    )
    assert (ours.onsets.f, ours.onsets.precision, ours.onsets.recall) == pytest.approx(wanted)
    assert ours.micro_f == ours.macro_f == ours.onset_f


def test_a_hit_of_an_unknown_label_is_an_onset_and_no_class() -> None:
    truth, lost = beatmap((0.0, "kick"), (1.0, "snare")), [0.5, 1.0]
    found = beatmap((0.0, "kick"), (0.52, "crash"), (1.0, "snare"), (1.0, "ride"), (2.0, "crash"))
    scores = score(truth, found, unlabelled_s=lost)
    assert scores.onsets == Counts(tp=3, fp=1)
    assert scores.classes["kick"] == scores.classes["snare"] == Counts(tp=1)
    assert scores.classes["crash"] == Counts(fp=1)
    assert scores.classes["ride"] == Counts()
    assert scores.groups["cymbal"] == Counts(fp=1)
    alone = score(beatmap(), found, unlabelled_s=lost)
    assert alone.onsets == Counts(tp=2, fp=2)
    assert alone.micro_f is alone.macro_f is None


def test_counted_by_hand() -> None:
    truth = beatmap(
        (0.0, "kick"), (0.01, "hihat_closed"), (0.5, "snare"), (1.0, "hihat_open"), (1.5, "crash"),
    )  # fmt: skip
    found = beatmap(
        (0.049, "kick"), (0.5, "rimshot"), (1.0, "hihat_closed"), (1.56, "crash"), (2.0, "cowbell"),
    )  # fmt: skip
    scores = score(truth, found)
    # Onsets: 0.0 and 0.01 are one; 0.049, 0.5 and 1.0 are found, 1.5 is not, 1.56 and 2.0 are false.
    assert scores.onsets == Counts(tp=3, fp=2, fn=1)
    assert scores.onset_f == pytest.approx(2 * 3 / (2 * 3 + 2 + 1))
    assert scores.classes["kick"] == Counts(tp=1)
    assert scores.classes["hihat_closed"] == Counts(tp=0, fp=1, fn=1)
    assert scores.classes["rimshot"] == Counts(fp=1)
    assert scores.micro_f == pytest.approx(2 * 1 / (2 * 1 + 4 + 4))
    # Struck: kick 1, snare 0, closed 0, open 0, crash 0.
    assert scores.macro_f == pytest.approx(1 / 5)
    assert scores.groups["snare"] == Counts(tp=1)
    assert scores.groups["hihat"] == Counts(tp=1, fn=1)
    assert scores.groups["cymbal"] == Counts(fp=1, fn=1)
    assert scores.groups["other"] == Counts(fp=1)
    said = scores.as_dict()
    assert list(said["classes"]) == [
        "kick", "snare", "rimshot", "hihat_closed", "hihat_open", "crash", "aux_percussion",
    ]  # fmt: skip
    assert said["classes"]["rimshot"]["recall"] is None
    assert said["classes"]["kick"]["support"] == 1


def test_a_window_takes_its_edge_and_each_hit_counts_once() -> None:
    assert score(beatmap((1.0, "kick")), beatmap((1.05, "kick"))).onset_f == 1.0
    assert score(beatmap((1.0, "kick")), beatmap((1.0501, "kick"))).onset_f == 0.0
    twice = score(beatmap((1.0, "kick")), beatmap((0.98, "kick"), (1.02, "kick")))
    assert twice.classes["kick"] == Counts(tp=1, fp=1)
    assert score(beatmap((1.0, "kick")), beatmap((1.02, "kick")), 0.01).onset_f == 0.0


def test_of_nothing_there_is_no_figure() -> None:
    empty = score(beatmap(), beatmap())
    assert set(empty.figures().values()) == {None}
    assert score(beatmap(), beatmap((1.0, "kick"))).onset_f == 0.0
    assert score(beatmap((1.0, "kick")), beatmap()).onset_f == 0.0
    full = score(beatmap((1.0, "kick")), beatmap((1.0, "kick")))
    assert averages([empty, full])["mean"]["onset_f"] == 1.0
    assert averages([empty])["median"]["onset_f"] is None


def test_together_long_recordings_weigh_more() -> None:
    long = beatmap(*((k / 4, "snare") for k in range(9)))
    scores = [score(long, long), score(beatmap((0.0, "snare")), beatmap())]
    assert pooled(scores).onset_f == pytest.approx(18 / 19)
    assert averages(scores)["mean"]["onset_f"] == 0.5
    assert pooled(scores).classes["snare"] == Counts(9, 0, 1)


def test_every_class_is_in_one_group() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(CLASSES)
