"""Swing puts off-beats where it says, and leaves everything else alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.ngram.play.heat import Form, SampleError
from groove.ngram.play.swing import swung

STRAIGHT, TRIPLETS = Form(4, 4, 4), Form(4, 4, 3)
EIGHTHS = np.arange(0, 64, 2)


@given(st.floats(0, 1), st.integers(0, 99))
def test_off_beats_come_to_lie_at_the_amount(amount: float, seed: int) -> None:
    offset = np.random.default_rng(seed).normal(5, 8, len(EIGHTHS)).round()
    moved, remark = swung(STRAIGHT, EIGHTHS, offset, amount)
    late = EIGHTHS % 4 == 2
    assert np.array_equal(moved[~late], offset[~late])
    place = (moved[late].mean() - moved[~late].mean()) / 480 + 0.5
    assert place == pytest.approx(0.5 + amount / 6, abs=0.003)
    # Only the mean is moved: what is uneven stays uneven.
    assert np.ptp(moved[late] - offset[late]) <= 1
    assert "16 off-beat eighths" in remark


def test_grooves_of_sixteenths_swing_theirs() -> None:
    step = np.arange(64)
    moved, remark = swung(STRAIGHT, step, np.zeros(64), 1.0)
    assert (moved[step % 2 == 1] == 40).all()
    assert (moved[step % 2 == 0] == 0).all()
    assert "sixteenths" in remark


def test_triplet_grids_can_be_straightened_but_triplets_stay() -> None:
    shuffle = np.array([0, 2, 3, 5, 6, 7, 8, 9, 11])
    moved, _ = swung(TRIPLETS, shuffle, np.zeros(len(shuffle)), 0.0)
    assert moved.tolist() == [0, -80, 0, -80, 0, 0, 0, 0, -80]
    assert swung(TRIPLETS, shuffle, np.zeros(len(shuffle)), 1.0)[0].tolist() == [0] * 9


def test_compound_meters_swing_sixteenths() -> None:
    step = np.arange(12)
    moved, _ = swung(Form(6, 8, 4), step, np.zeros(12), 0.5)
    assert moved.tolist() == [0, 20] * 6


def test_nothing_to_move_is_said() -> None:
    beats = np.arange(0, 64, 4)
    moved, remark = swung(STRAIGHT, beats, np.ones(len(beats)), 0.5)
    assert (moved == 1).all()
    assert "no off-beat eighths" in remark


@pytest.mark.parametrize("amount", [-0.1, 1.1, math.nan])
def test_amounts_out_of_range_are_refused(amount: float) -> None:
    with pytest.raises(SampleError, match="between 0"):
        swung(STRAIGHT, EIGHTHS, np.zeros(len(EIGHTHS)), amount)
