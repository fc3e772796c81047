"""Metrics: mir_eval as the peer for matching, closed forms for the rest."""

from __future__ import annotations

import warnings

import mir_eval
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.phase.judge.metrics import Matches, downbeats_of, error_ms, match
from groove.phase.labels import bar_phase, frame_times

EVENTS = st.lists(st.integers(0, 600), max_size=40, unique=True).map(
    lambda grid: np.sort(np.array(grid, dtype=float)) * 0.0313
)


@settings(deadline=None)
@given(EVENTS, EVENTS)
def test_matching_equals_mir_eval(reference, estimate):
    ours = match(reference, estimate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of empty lists, which are part of this test
        theirs = mir_eval.beat.f_measure(reference, estimate)
    if len(reference) and len(estimate):
        assert ours.f_measure == pytest.approx(theirs)
        assert ours.found == len(mir_eval.util.match_events(reference, estimate, 0.07))
    else:
        assert ours.found == 0


def test_counts_add_up_over_pieces():
    assert Matches(1, 2, 2) + Matches(3, 3, 3) == Matches(4, 5, 5)
    assert (Matches(1, 2, 2) + Matches(3, 3, 3)).f_measure == pytest.approx(0.8)
    assert np.isnan(Matches(0, 0, 4).f_measure)


@settings(deadline=None)
@given(st.lists(st.floats(0.5, 4.0), min_size=3, max_size=15))
def test_downbeats_of_a_true_phase_are_the_bar_lines(lengths):
    bars = np.concatenate([[0.0], np.cumsum(lengths)])
    times = frame_times(int(bars[-1] * 50))
    found = downbeats_of(bar_phase(times, bars), times)
    inner = bars[(bars > times[0]) & (bars <= times[-1])]
    assert len(found) == len(inner)
    # A crossing lies between two frames; bars of two lengths bend the line between them.
    assert np.abs(found - inner).max(initial=0) <= 0.02


def test_a_phase_that_jitters_at_the_bar_line_counts_once():
    phase = np.array([0.9, 0.99, 0.01, 0.99, 0.01, 0.1, 0.2])
    assert len(downbeats_of(phase, frame_times(len(phase)))) == 1


def test_error_in_milliseconds_goes_the_short_way_round():
    label, predicted = np.array([0.95, 0.1, np.nan]), np.array([0.05, 0.1, 0.3])
    assert error_ms(predicted, label, np.full(3, 2.0)).tolist() == pytest.approx([200.0, 0.0])
