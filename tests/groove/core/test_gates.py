"""Gates fail closed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.core.gates import Gate, GateError, require


def gate(value: float | None, direction: str = "at_least", threshold: float = 0.5) -> Gate:
    return Gate(name="g", stage="s", value=value, threshold=threshold, direction=direction)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e6, 1e6))
def test_a_finite_value_passes_on_its_side(value: float, threshold: float) -> None:
    assert gate(value, "at_least", threshold).passed == (value >= threshold)
    assert gate(value, "at_most", threshold).passed == (value <= threshold)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("direction", ["at_least", "at_most"])
def test_what_was_not_measured_has_not_passed(value: float | None, direction: str) -> None:
    assert not gate(value, direction).passed


def test_require_lists_every_red_gate_and_refuses_none_at_all() -> None:
    good, bad = gate(1.0), Gate(name="bad", stage="s", value=None, threshold=1, direction="at_most")
    assert require([good]) == [good]
    with pytest.raises(GateError, match=r"1 of 2 gates are red:\n  FAIL  bad: missing <= 1"):
        require([good, bad])
    with pytest.raises(GateError, match="no gate"):
        require([])
