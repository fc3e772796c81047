"""Calibration: errors with a closed form, both binnings, the interval."""

import numpy as np
import pytest

from groove.core.calibration_error import expected_calibration_error
from groove.readiness.checks.calibration import gates, measure
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


def test_the_value_is_the_one_error_there_is() -> None:
    confidence, right, sessions = drawn(3_000, 0.07)
    spec = CalibrationSpec(resamples=100)
    found = measure(confidence, right, sessions, spec)
    assert found is not None
    assert found.ece.value == pytest.approx(
        expected_calibration_error(confidence, right, spec.bins), rel=1e-9
    )
    assert found.binning == "15 bins of equal mass"


def test_nothing_and_no_number_are_red() -> None:
    spec = CalibrationSpec()
    assert measure(np.zeros(0), np.zeros(0, bool), [], spec) is None
    assert measure(np.array([np.nan]), np.array([True]), ["s"], spec) is None
    assert not any(gate.passed for gate in gates(None, spec))
