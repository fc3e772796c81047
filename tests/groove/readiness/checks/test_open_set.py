"""Open set: the figures of scikit-learn, and undefined is red."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from groove.readiness.checks.open_set import OpenSet, gates, measure
from groove.readiness.checks.spec import OpenSetSpec

SPEC = OpenSetSpec(resamples=100)


def found(known: list[bool], confidence: list[float], sessions: list[str] | None = None) -> OpenSet:
    names = sessions or ["s"] * len(known)
    return measure(np.array(known, dtype=bool), np.array(confidence, dtype=float), names, SPEC)


def fpr_of_sklearn(known: list[bool], confidence: list[float]) -> float:
    false, true, _ = roc_curve(known, confidence, drop_intermediate=False)
    return float(false[np.flatnonzero(true >= 0.95 - 1e-12)[0]])


# Few levels: ties are what implementations differ in.
sounds = st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=2, max_size=80)


@given(sounds)
def test_figures_are_those_of_scikit_learn(pairs: list[tuple[bool, int]]) -> None:
    known, confidence = [pair[0] for pair in pairs], [pair[1] / 9 for pair in pairs]
    assume(any(known) and not all(known))
    figures = found(known, confidence)
    assert figures.auroc.value == pytest.approx(roc_auc_score(known, confidence))
    assert figures.fpr.value == pytest.approx(fpr_of_sklearn(known, confidence))


def drawn(gap: float) -> tuple[list[bool], list[float], list[str]]:
    random = np.random.default_rng(0)
    known = random.random(2000) < 0.6
    confidence = random.normal(np.where(known, gap, 0.0))
    return known.tolist(), confidence.tolist(), [f"s{n}" for n in random.integers(0, 40, 2000)]


def test_the_gates_pass_and_fail_with_their_intervals() -> None:
    good = gates(found(*drawn(4.0)), SPEC)
    assert all(gate.passed for gate in good)
    bad = gates(found(*drawn(1.0)), SPEC)
    assert not any(gate.passed for gate in bad)
    for gate in (*good, *bad):
        assert gate.low is not None
        assert gate.value is not None
        assert gate.high is not None
        assert gate.low <= gate.value <= gate.high
        assert gate.count == 2000
    # The area of two normals a standard deviation apart: Phi(1 / sqrt 2).
    assert bad[0].value == pytest.approx(0.760, abs=0.03)


def test_intervals_are_those_of_sessions_drawn_by_hand() -> None:
    known, confidence, sessions = drawn(1.5)
    spec = OpenSetSpec(resamples=400)
    interval = measure(np.array(known), np.array(confidence), sessions, spec).auroc
    random = np.random.default_rng(1)
    names = sorted(set(sessions))
    members = {name: np.flatnonzero(np.array(sessions) == name) for name in names}
    areas = []
    for _ in range(400):
        rows = np.concatenate([members[name] for name in random.choice(names, len(names))])
        areas.append(roc_auc_score(np.array(known)[rows], np.array(confidence)[rows]))
    low, high = np.percentile(areas, [2.5, 97.5])
    assert interval.low == pytest.approx(low, abs=0.006)
    assert interval.high == pytest.approx(high, abs=0.006)


@pytest.mark.parametrize(
    ("known", "confidence"),
    [
        ([], []),
        ([True, True], [0.5, 0.6]),
        ([False], [0.5]),
        ([True, False], [np.nan, 0.5]),
        ([True, False], [np.inf, 0.5]),
    ],
)
def test_undefined_is_red(known: list[bool], confidence: list[float]) -> None:
    judged = gates(found(known, confidence), SPEC)
    assert not any(gate.passed for gate in judged)
    assert all("undefined" in gate.note for gate in judged)
    assert not any(gate.passed for gate in gates(None, SPEC, "no file"))
