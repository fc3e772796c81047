"""References: what beats files say, bars that are known, and files that are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.phase.judge.reference import (
    CHANGING,
    UNKNOWN,
    BeatsError,
    of_bars,
    of_beats,
    read_beats,
)
from groove.phase.labels import bar_phase


@pytest.mark.parametrize("between", ["\t", " ", "   ", ",", ", "])
def test_time_and_beat_are_read_whatever_is_between(between):
    lines = [f"{time}{between}{beat}" for time, beat in [(0.5, 1), (1.0, 2), (1.5, 3), (2.0, 1)]]
    read = read_beats("\ufeff# beats\n\n" + "\r\n".join(lines) + "\n")
    assert read.beat_s.tolist() == [0.5, 1.0, 1.5, 2.0]
    assert read.bar_start_s.tolist() == [0.5, 2.0]
    assert read.bar_known.tolist() == [True]
    assert read.meter == "3"
    assert read.tempo_bpm == 120


def test_times_alone_are_beats_without_bars():
    read = read_beats("0.5\n1.0\n1.5\n")
    assert read.beat_s.tolist() == [0.5, 1.0, 1.5]
    assert not read.bar_start_s.size
    assert read.meter == UNKNOWN
    assert np.isnan(read.phase_at(np.array([0.7]))).all()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no beats"),
        ("# nothing\n", "no beats"),
        ("0.5 1\nhello 2\n", "line 2: 'hello 2' is no number"),
        ("0.5 1\n0.5 2\n", "line 2: 0.5 is not after"),
        ("0.5 1\n1.0\n", "line 2: some lines"),
        ("0.5\n1.0 2\n", "line 2: some lines"),
        ("0.5 1.5\n", "no beat in a bar"),
        ("0.5 0\n", "no beat in a bar"),
        ("nan 1\n", "no time"),
        ("-1 1\n", "no time"),
        ("0.5 1 7\n", "3 values"),
    ],
)
def test_what_is_no_beats_file_is_refused_by_line(text, says):
    with pytest.raises(BeatsError, match=says):
        read_beats(text)


def test_a_gap_in_the_annotation_is_no_long_bar():
    # Two bars of three, six seconds of nothing, two more.
    beats = np.concatenate([np.arange(7) * 0.5, 9 + np.arange(7) * 0.5])
    number = np.array([1, 2, 3, 1, 2, 3, 1, 1, 2, 3, 1, 2, 3, 1])
    number[6:8] = [2, 1]
    read = of_beats(beats, number)
    assert read.bar_known.tolist() == [True, False, True, True]
    assert np.isnan(read.phase_at(np.array([2.0]))).all()
    assert read.phase_at(np.array([9.75])).tolist() == [0.5]
    assert read.bar_length_at(np.array([2.0, 9.75])).tolist()[1] == 1.5


def test_meter_says_when_it_changes_but_not_for_a_last_bar_cut_short():
    def of(*lengths):
        number = np.concatenate([np.arange(1, length + 1) for length in lengths] + [[1]])
        return of_beats(np.arange(len(number)) * 0.5, number).meter

    assert of(4, 4, 3, 3) == CHANGING
    assert of(*[7] * 39, 5) == "7"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(2, 7), st.floats(0.2, 1.0)), min_size=1, max_size=12),
    st.lists(st.floats(-1, 60), max_size=20),
)
def test_beats_and_bars_tell_the_same_reference(bars, at):
    starts = np.concatenate([[0.0], np.cumsum([beats * length for beats, length in bars])])
    beats = np.concatenate(
        [start + np.arange(n) * length for start, (n, length) in zip(starts, bars, strict=False)]
        + [starts[-1:]]
    )
    number = np.concatenate([np.arange(1, n + 1) for n, _ in bars] + [[1]])
    told, drawn = of_beats(beats, number), of_bars(starts, beats)
    assert told.bar_known.all()
    assert told.beats_per_bar.tolist() == drawn.beats_per_bar.tolist() == [n for n, _ in bars]
    times = np.array(at)
    np.testing.assert_allclose(told.phase_at(times), bar_phase(times, starts), atol=1e-9)
    np.testing.assert_allclose(told.phase_at(times), drawn.phase_at(times), atol=1e-9)


def test_bars_that_reach_beyond_the_beats_have_no_number_of_beats():
    bars = np.arange(-1.0, 12, 2.0)
    read = of_bars(bars, np.arange(0.0, 9.2, 0.5))
    assert read.beats_per_bar.tolist() == [0, 4, 4, 4, 4, 0]
    assert read.meter == "4"
    assert read.bar_known.all()
    assert of_bars(bars, np.empty(0)).meter == UNKNOWN
