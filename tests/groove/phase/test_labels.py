"""Labels: closed forms, and the properties that hold of any song."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.phase.labels import (
    LabelError,
    bar_length_s,
    bar_phase,
    circular_loss,
    frame_times,
    phase_distance,
)

LENGTHS = st.lists(st.floats(0.3, 8.0), min_size=1, max_size=20)


def test_the_closed_form():
    times = np.array([0.0, 1.0, 2.0, 3.5, 4.0])
    assert np.array_equal(
        bar_phase(times, np.array([0.0, 2.0, 4.0])), [0, 0.5, 0, 0.75, np.nan], equal_nan=True
    )


def test_bars_of_different_lengths_each_run_from_0_to_1():
    bars = np.array([1.0, 3.0, 4.5, 8.5])  # 4/4, 3/4 and a slow 4/4
    times = np.array([0.5, 1.5, 3.75, 5.5, 8.4999])
    phase = bar_phase(times, bars)
    assert np.isnan(phase[0])
    assert phase[1:] == pytest.approx([0.25, 0.5, 0.25, 0.999975])
    assert bar_length_s(times, bars)[1:].tolist() == [2.0, 1.5, 4.0, 4.0]


def test_no_bars_no_phase():
    assert np.isnan(bar_phase(np.arange(3.0), np.array([1.0]))).all()
    assert np.isnan(bar_phase(np.arange(3.0), np.array([]))).all()


def test_bars_that_do_not_increase_are_refused():
    with pytest.raises(LabelError, match="strictly increase"):
        bar_phase(np.zeros(1), np.array([0.0, 2.0, 2.0]))


@settings(deadline=None)
@given(LENGTHS, st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=30))
def test_phase_is_the_inverse_of_placing_a_share_in_a_bar(lengths, shares):
    bars = np.concatenate([[0.0], np.cumsum(lengths)])
    bar = np.arange(len(shares)) % len(lengths)
    times = bars[bar] + np.array(shares) * np.diff(bars)[bar]
    phase = bar_phase(times, bars)
    known = np.isfinite(phase)
    assert ((phase[known] >= 0) & (phase[known] < 1)).all()
    assert phase_distance(phase[known], np.array(shares)[known]).max(initial=0) < 1e-9


@settings(deadline=None)
@given(LENGTHS, st.floats(0.71, 1.29))
def test_playing_faster_moves_labels_not_music(lengths, rate):
    bars = np.concatenate([[0.0], np.cumsum(lengths)])
    times = frame_times(200)
    played, written = bar_phase(times, bars / rate), bar_phase(times * rate, bars)
    both = np.isfinite(played) & np.isfinite(written)
    assert phase_distance(played[both], written[both]).max(initial=0) < 1e-9
    # Rounding may put a frame on the other side of the last bar line, no more than that.
    assert np.sum(np.isfinite(played) != np.isfinite(written)) <= 1


@settings(deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_distance_is_a_metric_of_the_circle(first, second):
    distance = float(phase_distance(np.array(first), np.array(second)))
    assert 0 <= distance <= 0.5
    assert distance == pytest.approx(float(phase_distance(np.array(second), np.array(first))))
    assert float(circular_loss(np.array(first), np.array(second))) == pytest.approx(
        2 * np.sin(np.pi * distance) ** 2, abs=1e-9
    )
