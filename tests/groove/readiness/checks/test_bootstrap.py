"""Figures by session: scikit-learn's values, intervals that cover, releases that are compared."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score, recall_score

from groove.readiness.checks.bootstrap import Figures, counts, figures, gates, measure
from groove.readiness.checks.resampling import intervals, session_sums, weights
from groove.readiness.checks.spec import BootstrapSpec

Marks = NDArray[np.bool_]
CLASSES = ["kick", "snare", "hat", "never"]
SPEC = BootstrapSpec(resamples=300, macro_f1=0.5, accuracy=0.5, first_release=True)


def clips(count: int, right: float, seed: int = 0) -> tuple[Marks, Marks, list[str]]:
    """Return truth, decisions that are right so often, and sessions."""
    random = np.random.default_rng(seed)
    truth = random.random((count, len(CLASSES))) < [0.4, 0.4, 0.3, 0.0]
    flip = random.random(truth.shape) > right
    flip[:, 3] = False
    return truth, truth ^ flip, [f"s{number:03d}" for number in random.integers(0, 30, count)]


def measured(right: float, previous: Marks | None = None, spec: BootstrapSpec = SPEC) -> Figures:
    found = measure(*clips(600, right), CLASSES, spec, previous)
    assert found is not None
    return found


def test_values_are_those_of_scikit_learn() -> None:
    truth, heard, _ = clips(600, 0.85)
    found = measured(0.85)
    struck = CLASSES[:3]
    assert found.macro_f1.value == pytest.approx(
        f1_score(truth[:, :3], heard[:, :3], average="macro")
    )
    assert found.accuracy.value == pytest.approx((truth == heard).all(axis=1).mean())
    recall = recall_score(truth[:, :3], heard[:, :3], average=None)
    assert [found.recall[name].value for name in struck] == pytest.approx(recall.tolist())
    assert "never" not in found.recall
    assert found.support == dict(zip(struck, truth.sum(axis=0)[:3].tolist(), strict=True))


def test_totals_of_a_resample_are_those_of_clips_drawn_by_hand() -> None:
    truth, heard, sessions = clips(200, 0.8)
    sums, names = session_sums(counts(truth, heard), sessions)
    assert names == sorted(set(sessions))
    draw = next(weights(len(names), 5, 0))[0]
    assert draw.sum() == len(names)
    rows = np.concatenate(
        [
            np.repeat(np.flatnonzero(np.array(sessions) == n), int(w))
            for n, w in zip(names, draw, strict=True)
        ]
    )
    by_hand = figures(counts(truth[rows], heard[rows]).sum(axis=0, keepdims=True).astype(float))
    np.testing.assert_allclose(figures((draw @ sums)[None]), by_hand)


def test_the_order_of_clips_decides_nothing() -> None:
    truth, heard, sessions = clips(200, 0.8)
    order = np.random.default_rng(1).permutation(200)
    again = measure(truth[order], heard[order], [sessions[n] for n in order], CLASSES, SPEC)
    assert again == measure(truth, heard, sessions, CLASSES, SPEC)


def test_intervals_cover_the_truth_where_clips_of_a_session_are_alike() -> None:
    # Sessions differ: the chance of a right clip is Beta(8, 2) distributed, 0.8 on average.
    random = np.random.default_rng(0)
    by_session = by_clip = 0
    runs = 200
    for run in range(runs):
        chance = np.repeat(random.beta(8, 2, 40), 25)
        right = (random.random(1000) < chance)[:, None].astype(float)
        values = np.concatenate([right, np.ones_like(right)], axis=1)
        for clustered in (True, False):
            names = [str(n // 25 if clustered else n) for n in range(1000)]
            sums, _ = session_sums(values, names)
            (found,) = intervals(sums, lambda t: t[:, :1] / t[:, 1:], 300, run)
            covered = found.low <= 0.8 <= found.high
            by_session += covered and clustered
            by_clip += covered and not clustered
    assert 0.89 <= by_session / runs <= 0.99
    assert by_clip / runs < 0.75


def test_a_large_release_needs_the_memory_of_its_sessions_only() -> None:
    # 315,000 clips in 5,000 sessions, 1,000 resamples.
    truth, heard, _ = clips(315_000, 0.9)
    sessions = np.random.default_rng(0).integers(0, 5_000, 315_000).astype(str).tolist()
    found = measure(truth, heard, sessions, CLASSES, BootstrapSpec(first_release=True))
    assert found is not None
    assert found.sessions == 5_000
    assert found.macro_f1.low < found.macro_f1.value < found.macro_f1.high
    assert found.macro_f1.high - found.macro_f1.low < 0.01


def judged(found: Figures, spec: BootstrapSpec = SPEC) -> dict[str, bool]:
    return {gate.name: gate.passed for gate in gates(found, spec)}


def test_a_good_first_release_passes_and_a_bad_one_does_not() -> None:
    assert all(judged(measured(0.95)).values())
    bad = judged(measured(0.4))
    assert not bad["macro_f1"]
    assert not bad["accuracy"]


def test_a_class_given_up_is_named() -> None:
    truth, heard, sessions = clips(600, 1.0)
    heard[:, 2] = False
    found = measure(truth, heard, sessions, CLASSES, SPEC)
    gate = {gate.name: gate for gate in gates(found, SPEC)}["least_class_recall"]
    assert gate.value == 0.0
    assert not gate.passed
    assert "hat" in gate.note


def test_a_release_is_blocked_when_it_is_surely_worse() -> None:
    spec = SPEC.model_copy(update={"first_release": False})
    _, better, _ = clips(600, 0.97)
    _, same, _ = clips(600, 0.9)
    worse = judged(measured(0.8, previous=better, spec=spec), spec)
    assert not worse["macro_f1_not_worse"]
    assert not worse["accuracy_not_worse"]
    assert judged(measured(0.9, previous=same, spec=spec), spec)["macro_f1_not_worse"]
    assert judged(measured(0.97, previous=same, spec=spec), spec)["accuracy_not_worse"]
    unchanged = measured(0.9, previous=same, spec=spec).macro_f1_change
    assert unchanged is not None
    assert (unchanged.low, unchanged.value, unchanged.high) == (0.0, 0.0, 0.0)


def test_pairing_finds_what_two_intervals_hide() -> None:
    # Every session is as hard for both releases, and the new one loses a little in each.
    truth = np.ones((4000, 1), dtype=bool)
    random = np.random.default_rng(0)
    hard = np.repeat(random.uniform(0.3, 1.0, 40), 100)
    old = (random.random(4000) < hard)[:, None]
    new = old & (random.random(4000) < 0.97)[:, None]
    sessions = [str(n // 100) for n in range(4000)]
    spec = BootstrapSpec(resamples=300)
    found = measure(truth, new, sessions, ["kick"], spec, old)
    before = measure(truth, old, sessions, ["kick"], spec)
    assert found is not None
    assert before is not None
    assert found.accuracy.high > before.accuracy.low
    assert found.accuracy_change is not None
    assert found.accuracy_change.high < 0


def test_what_is_missing_is_red() -> None:
    spec = SPEC.model_copy(update={"first_release": False})
    assert measure(np.zeros((0, 4), bool), np.zeros((0, 4), bool), [], CLASSES, spec) is None
    missing = gates(None, spec, "no predictions")
    assert not any(gate.passed for gate in missing)
    alone = {gate.name: gate for gate in gates(measured(0.95, spec=spec), spec)}
    assert not alone["macro_f1_not_worse"].passed
    assert "first_release" in alone["macro_f1_not_worse"].note
    truth, heard, _ = clips(100, 0.9)
    one = measure(truth, heard, ["s"] * 100, CLASSES, spec, heard)
    assert one is not None
    assert np.isnan(one.macro_f1.low)
    verdict = judged(one, spec)
    assert not verdict["sessions"]
    assert not verdict["macro_f1_not_worse"]
