"""The expected calibration error: closed forms, bins by hand, and what chance adds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.core.calibration_error import (
    bins_of,
    expected_calibration_error,
    likeliest,
    reliability,
)


@pytest.mark.parametrize("equal_mass", [True, False])
@pytest.mark.parametrize("bias", [0.0, 0.05, 0.2])
def test_the_error_is_the_bias(equal_mass: bool, bias: float) -> None:
    random = np.random.default_rng(3)
    chance = random.uniform(0.3, 0.8, 40_000)
    right = random.random(len(chance)) < chance
    found = expected_calibration_error(chance + bias, right, equal_mass=equal_mass)
    assert found == pytest.approx(bias, abs=0.012)


def test_one_bin_is_the_distance_of_the_means() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, False, False, True])
    assert expected_calibration_error(confidence, right) == pytest.approx(0.25)


@given(st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=60))
def test_equal_widths_are_as_by_hand(pairs: list[tuple[int, bool]]) -> None:
    confidence = np.array([pair[0] / 100 for pair in pairs])
    right = np.array([pair[1] for pair in pairs])
    total = 0.0
    for place in range(10):
        inside = (confidence * 10).astype(int).clip(0, 9) == place
        if inside.any():
            total += inside.sum() * abs(confidence[inside].mean() - right[inside].mean())
    found = expected_calibration_error(confidence, right, 10, equal_mass=False)
    assert found == pytest.approx(total / len(pairs))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=200), st.integers(2, 20))
def test_equal_masses_are_equal_but_for_ties(values: list[float], bins: int) -> None:
    confidence = np.array(values)
    place = bins_of(confidence, bins, least=1)
    assert place.max() < bins
    order = np.argsort(confidence, kind="stable")
    assert (np.diff(place[order]) >= 0).all()
    for value in np.unique(confidence):
        assert len(set(place[confidence == value])) == 1
    if len(np.unique(confidence)) == len(confidence):
        assert np.bincount(place).max() <= -(-len(values) // bins) + 1


@given(st.integers(1, 700))
def test_a_bin_has_enough_answers_where_there_are_enough(count: int) -> None:
    sizes = np.bincount(bins_of(np.linspace(0, 1, count), 10))
    assert len(sizes) == max(1, min(10, count // 50))
    assert sizes.min() >= min(count, 50) - 1


def test_the_order_of_answers_decides_nothing() -> None:
    random = np.random.default_rng(0)
    confidence = random.integers(0, 20, 600) / 20
    right = random.random(600) < confidence
    mixed = random.permutation(600)
    assert expected_calibration_error(confidence[mixed], right[mixed]) == pytest.approx(
        expected_calibration_error(confidence, right)
    )


def test_the_likeliest_class_and_its_bins() -> None:
    chances = np.array([[0.2, 0.7], [0.9, 0.1], [0.4, 0.3]], dtype=np.float32)
    truth = np.array([[True, False], [True, True], [False, True]])
    confidence, right = likeliest(chances, truth)
    assert confidence.tolist() == pytest.approx([0.7, 0.9, 0.4])
    assert right.tolist() == [False, True, False]
    found = reliability(confidence, right, 2, least=1)
    assert found.sizes.tolist() == [2, 1]
    assert found.right.tolist() == [0.0, 1.0]
    assert found.error == pytest.approx((2 * 0.55 + 0.1) / 3)


def test_nothing_has_no_error() -> None:
    none = np.zeros(0)
    assert np.isnan(expected_calibration_error(none, none.astype(bool)))
