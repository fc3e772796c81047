"""Temperature and cuts do what they say."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.ngram.play.heat import Form, Heat, SampleError, cut


def test_cuts_hold_what_they_say() -> None:
    p = np.array([0.4, 0.3, 0.2, 0.1])
    assert cut(p, 1.0, Heat(top_k=1))[0].tolist() == [0]
    assert cut(p, 1.0, Heat(top_k=3))[0].tolist() == [0, 1, 2]
    assert cut(p, 1.0, Heat(top_p=0.69))[0].tolist() == [0, 1]
    assert cut(p, 1.0, Heat(top_p=0.71))[0].tolist() == [0, 1, 2]
    assert cut(p, 1.0, Heat(top_k=2, top_p=0.5))[0].tolist() == [0]
    assert cut(p, 1.0, Heat())[1] == pytest.approx([0.4, 0.7, 0.9, 1.0])
    cold = np.diff(cut(p, 0.5, Heat())[1], prepend=0)
    assert cold == pytest.approx(p**2 / (p**2).sum())


@given(
    st.lists(st.floats(1e-9, 1.0), min_size=1, max_size=60),
    st.floats(0.2, 3.0),
    st.integers(0, 70),
    st.floats(0.05, 1.0),
)
def test_cuts_are_those_of_a_plain_reading(
    weights: list[float], temperature: float, top_k: int, top_p: float
) -> None:
    p = np.array(weights) / np.sum(weights)
    outcomes, cumulative = cut(p, temperature, Heat(1.0, None, top_k, top_p))
    tempered = p ** (1 / temperature)
    tempered /= tempered.sum()
    order = sorted(range(len(p)), key=lambda i: (-tempered[i], i))[: top_k or len(p)]
    whole, held, kept = tempered[order].sum(), 0.0, []
    for outcome in order:
        kept.append(outcome)
        held += tempered[outcome]
        if held >= top_p * whole * (1 - 1e-12):
            break
    # Ties and rounding may move the edge by one.
    assert abs(len(outcomes) - len(kept)) <= (top_p < 1)
    shares = np.diff(cumulative, prepend=0)
    assert shares == pytest.approx(tempered[outcomes], rel=1e-9)


def test_temperature_runs_in_a_line() -> None:
    assert Heat(1.0, 0.5).at(3).tolist() == [1.0, 0.75, 0.5]
    assert Heat(0.7).at(2).tolist() == [0.7, 0.7]


@pytest.mark.parametrize(
    "heat",
    [
        {"temperature": 0.0},
        {"temperature": math.nan},
        {"end": -1.0},
        {"end": math.inf},
        {"top_k": -1},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"top_p": math.nan},
    ],
)
def test_heat_out_of_range_is_refused(heat: dict[str, float]) -> None:
    with pytest.raises(SampleError):
        Heat(**heat)  # type: ignore[arg-type]  # one wrong value by name


def test_forms_know_their_steps() -> None:
    assert (Form(4, 4, 4).steps, Form(7, 8, 4).steps, Form(6, 8, 6).steps) == (16, 14, 18)
    assert [Form(n, 8, 4).compound for n in (6, 7, 9)] == [True, False, True]
