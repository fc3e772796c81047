"""Tempo read off beats: finer than the filter's grid, and left alone where no beats are."""

from __future__ import annotations

import numpy as np
import pytest

from groove.phase.play.beats import Beats
from groove.phase.play.tempo import refined

TIMES = np.arange(1, 1001) / 50


def beats(time_s: np.ndarray) -> Beats:
    count = len(time_s)
    return Beats(np.asarray(time_s), np.ones(count, dtype=np.int64), np.ones(count))


def test_a_steady_tempo_between_two_of_the_grid_is_found() -> None:
    random = np.random.default_rng(0)
    at = 0.2 + np.arange(58) * 60 / 174 + random.normal(0, 0.003, 58)
    found = refined(TIMES, np.full(len(TIMES), 172.6), beats(at))
    assert np.abs(found - 174).max() < 0.7
    assert np.abs(found - 174).mean() < 0.3


def test_a_turn_of_tempo_is_kept() -> None:
    at = np.concatenate([np.arange(0.0, 10.0, 0.5), np.arange(10.0, 20.0, 0.4)])
    rough = np.where(TIMES < 10, 118.0, 152.0)
    found = refined(TIMES, rough, beats(at))
    assert np.abs(found[TIMES < 9.7] - 120).max() < 0.01
    assert np.abs(found[TIMES > 10.3] - 150).max() < 0.01


def test_a_beat_that_was_left_out_does_no_harm() -> None:
    at = np.delete(np.arange(0.0, 20.0, 0.5), 17)
    found = refined(TIMES, np.full(len(TIMES), 119.0), beats(at))
    assert np.abs(found - 120).max() < 0.01


@pytest.mark.parametrize("at", [[], [3.0], [3.0, 9.0]])
def test_without_beats_in_a_row_nothing_is_measured(at: list[float]) -> None:
    rough = np.full(len(TIMES), 97.0)
    assert np.array_equal(refined(TIMES, rough, beats(np.array(at))), rough)
    assert len(refined(TIMES[:0], rough[:0], beats(np.array(at)))) == 0
