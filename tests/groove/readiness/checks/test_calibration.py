"""Calibration: errors with a closed form, both binnings, and what chance adds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.readiness.checks.calibration import bins_of, gates, measure
from groove.readiness.checks.spec import CalibrationSpec

EQUAL = [True, False]


def drawn(count: int, bias: float) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return confidences that are too high by ``bias``, right answers, sessions."""
    random = np.random.default_rng(0)
    chance = random.uniform(0.4, 0.9, count)
    return chance + bias, random.random(count) < chance, [str(n % 50) for n in range(count)]


@pytest.mark.parametrize("equal_mass", EQUAL)
@pytest.mark.parametrize(("bias", "passes"), [(0.0, True), (0.1, False)])
def test_the_error_is_the_bias(equal_mass: bool, bias: float, passes: bool) -> None:
    spec = CalibrationSpec(equal_mass=equal_mass, resamples=200)
    found = measure(*drawn(20_000, bias), spec)
    assert found is not None
    assert found.ece.value == pytest.approx(bias, abs=0.02)
    (gate,) = gates(found, spec)
    assert gate.passed == passes
    assert ("mass" if equal_mass else "width") in gate.note
    assert gate.low is not None
    assert gate.high is not None
    # Chance makes an error larger, never smaller: around 0 the interval lies above the value.
    assert gate.low <= found.ece.value or not bias
    assert found.ece.value <= gate.high


@given(st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=60))
def test_equal_widths_are_as_by_hand(pairs: list[tuple[int, bool]]) -> None:
    confidence = np.array([pair[0] / 100 for pair in pairs])
    right = np.array([pair[1] for pair in pairs])
    spec = CalibrationSpec(bins=10, equal_mass=False, resamples=100)
    found = measure(confidence, right, ["s"] * len(pairs), spec)
    total = 0.0
    for place in range(10):
        inside = (confidence * 10).astype(int).clip(0, 9) == place
        if inside.any():
            total += inside.sum() * abs(confidence[inside].mean() - right[inside].mean())
    assert found is not None
    assert found.ece.value == pytest.approx(total / len(pairs))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=200), st.integers(2, 20))
def test_equal_masses_are_equal_but_for_ties(values: list[float], bins: int) -> None:
    confidence = np.array(values)
    place = bins_of(confidence, bins, equal_mass=True)
    assert place.max() < bins
    order = np.argsort(confidence, kind="stable")
    assert (np.diff(place[order]) >= 0).all()
    for value in np.unique(confidence):
        assert len(set(place[confidence == value])) == 1
    if len(np.unique(confidence)) == len(confidence):
        assert np.bincount(place).max() <= -(-len(values) // bins) + 1


def test_nothing_and_no_number_are_red() -> None:
    spec = CalibrationSpec()
    assert measure(np.zeros(0), np.zeros(0, bool), [], spec) is None
    assert measure(np.array([np.nan]), np.array([True]), ["s"], spec) is None
    assert not any(gate.passed for gate in gates(None, spec))
