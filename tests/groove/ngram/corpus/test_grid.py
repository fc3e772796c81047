"""The grid is found in spite of human timing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.ngram.corpus.grid import fit_grid, fit_resolution


@given(resolution=st.sampled_from([3, 4]), seed=st.integers(0, 10_000))
def test_humanised_hits_on_every_step_show_their_grid(resolution: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    steps = np.arange(8 * resolution) / resolution
    places = steps + random.normal(0, 0.02, len(steps))
    assert fit_resolution(places, [4, 3]) == resolution


def test_quarters_alone_are_read_as_sixteenths() -> None:
    places = np.arange(16.0) + 0.01
    assert fit_resolution(places, [4, 3]) == 4
    assert fit_resolution(places, [3, 4]) == 4


def test_one_loose_note_does_not_change_the_grid() -> None:
    places = np.concatenate([np.arange(32) / 4, [0.11]])
    assert fit_resolution(places, [4, 3, 12]) == 4


def test_a_shuffle_is_triplets_and_a_drag_is_not() -> None:
    shuffle = np.concatenate([np.arange(8.0), np.arange(8) + 0.655])
    late_sixteenths = np.arange(32) / 4 + np.tile([0, 0.04, 0, 0.04], 8)
    assert fit_resolution(shuffle, [4, 3]) == 3
    assert fit_resolution(late_sixteenths, [4, 3]) == 4


#: Pattern within a quarter, swing, grids that are right.
PATTERNS = {
    "straight eighths": ([0, 1 / 2], None, {4}),
    "straight 16ths": ([0, 1 / 4, 1 / 2, 3 / 4], None, {4}),
    "straight 32nds": ((np.arange(8) / 8).tolist(), None, {8}),
    "triplet eighths": ([0, 1 / 3, 2 / 3], None, {3}),
    "triplet 16ths": ((np.arange(6) / 6).tolist(), None, {6}),
    "swing 54 %": ([0, 1 / 2], 0.54, {4}),
    "swing 58 %": ([0, 1 / 2], 0.58, {4}),
    # Between the grids: either holds it, what counts is the swing.
    "swing 62 %": ([0, 1 / 2], 0.62, {4, 3}),
    "swing 67 %": ([0, 1 / 2], 0.667, {3}),
}
BARS = 4


def played(
    pattern: list[float],
    swing: float | None,
    tempo_bpm: float,
    jitter_s: float,
    random: np.random.Generator,
    share: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (place, bar) of a loop of four bars of 4/4, ``share`` of its notes played."""
    quarter = np.arange(4 * BARS)[:, None]
    bent = np.interp(pattern, [0, 0.5, 1], [0, swing or 0.5, 1])
    onset = (quarter + bent[None, :]).ravel()
    onset = onset[random.random(len(onset)) < share]
    onset = np.maximum(onset + random.normal(0, jitter_s * tempo_bpm / 60, len(onset)), 0)
    bar = np.minimum(onset // 4, BARS - 1).astype(np.int64)
    return onset - 4 * bar, bar


@pytest.mark.parametrize("share", [1.0, 0.5], ids=["full", "sparse"])
@pytest.mark.parametrize("name", PATTERNS)
def test_humanised_loops_get_their_grid_and_swing(name: str, share: float) -> None:
    pattern, swing, right = PATTERNS[name]
    found, swings = [], []
    for tempo in (60, 90, 120, 150, 180):
        for jitter_s in (0.005, 0.010, 0.020):
            gap_s = 60 / tempo / len(pattern)
            # Nobody plays 15 strokes a second, and notes nearer than three jitters to one another
            # have no order any more.
            if gap_s < max(0.065, 4.5 * jitter_s):
                continue
            for seed in range(6):
                random = np.random.default_rng([seed, tempo, round(jitter_s * 1000)])
                place, bar = played(pattern, swing, tempo, jitter_s, random, share)
                fit = fit_grid(place, bar, BARS, tempo, [4, 3, 6, 8])
                found.append({reading.resolution for reading in fit.bars} <= right)
                if swing is not None and fit.swing is not None:
                    swings.append(abs(fit.swing - swing))
    assert len(found) >= 24
    assert np.mean(found) >= 0.95
    if swing is not None:
        assert np.quantile(swings, 0.95) < 0.04


def test_a_roll_in_one_bar_is_on_its_own_grid() -> None:
    straight = np.arange(16) / 4
    roll = np.arange(32) / 8
    place = np.concatenate([straight, straight, straight, roll])
    bar = np.repeat([0, 1, 2, 3], [16, 16, 16, 32])
    fit = fit_grid(place, bar, 4, 100, [4, 3, 6, 8])
    assert [reading.resolution for reading in fit.bars] == [4, 4, 4, 8]
    assert fit.steps(place, bar)[-32:].tolist() == list(range(32))


def test_who_is_always_ahead_is_on_the_grid() -> None:
    place = np.concatenate([np.arange(64) / 4 % 4 + 4, [0.0]])[:-1] - 0.05
    bar = np.repeat(np.arange(4), 16)
    fit = fit_grid(place - 4 + 0.05 * (place - 4 < 0), bar, 4, 120, [4, 3, 6, 8])
    assert {reading.resolution for reading in fit.bars} == {4}
    assert fit.late == pytest.approx(-0.05, abs=0.005)
    assert fit.swing == pytest.approx(0.5, abs=0.01)


def test_a_loop_without_offbeats_has_no_swing() -> None:
    assert fit_grid(np.arange(4.0), np.zeros(4, np.int64), 1, 120, [4, 3]).swing is None


def test_no_candidate_is_refused() -> None:
    with pytest.raises(ValueError, match="steps per quarter"):
        fit_grid(np.arange(4.0), np.zeros(4, np.int64), 1, 120, [0])
