"""The grid is found in spite of human timing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from groove.ngram.corpus.grid import fit_resolution


@given(resolution=st.sampled_from([3, 4]), seed=st.integers(0, 10_000))
def test_humanised_hits_on_every_step_show_their_grid(resolution: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    steps = np.arange(8 * resolution) / resolution
    places = steps + random.normal(0, 0.02, len(steps))
    assert fit_resolution(places, [4, 3]) == resolution


def test_quarters_alone_take_the_first_candidate() -> None:
    places = np.arange(16.0) + 0.01
    assert fit_resolution(places, [4, 3]) == 4
    assert fit_resolution(places, [3, 4]) == 3


def test_one_loose_note_does_not_change_the_grid() -> None:
    places = np.concatenate([np.arange(32) / 4, [0.11]])
    assert fit_resolution(places, [4, 3, 12]) == 4


def test_a_shuffle_is_triplets_and_a_drag_is_not() -> None:
    shuffle = np.concatenate([np.arange(8.0), np.arange(8) + 0.655])
    late_sixteenths = np.arange(32) / 4 + np.tile([0, 0.04, 0, 0.04], 8)
    assert fit_resolution(shuffle, [4, 3]) == 3
    assert fit_resolution(late_sixteenths, [4, 3]) == 4
