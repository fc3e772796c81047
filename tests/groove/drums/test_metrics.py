"""Figures: against scikit-learn and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import confusion_matrix, f1_score

from groove.drums.classify import calibration, metrics


def _marks(seed: int, events: int, share: float = 0.3) -> np.ndarray:
    chance = np.random.default_rng(seed)
    return chance.random((events, 12)) < share


@given(st.integers(0, 10_000), st.integers(1, 40))
@settings(deadline=None, max_examples=40)
def test_f1_agrees_with_scikit_learn(seed: int, events: int) -> None:
    truth, heard = _marks(seed, events), _marks(seed + 1, events, 0.15)
    used = [c for c in range(12) if truth[:, c].any() or heard[:, c].any()]
    kwargs = {"zero_division": 0, "labels": used}
    macro = f1_score(truth, heard, average="macro", **kwargs)
    micro = f1_score(truth, heard, average="micro", **kwargs)
    assert metrics.macro_f1(truth, heard) == pytest.approx(macro)
    assert metrics.micro_f1(truth, heard) == pytest.approx(micro)


def test_confusion_agrees_with_scikit_learn_on_single_hits() -> None:
    chance = np.random.default_rng(0)
    place = chance.integers(0, 12, 200)
    likely = chance.random((200, 12))
    truth = np.eye(12, dtype=bool)[place]
    expected = confusion_matrix(place, likely.argmax(axis=1), labels=range(12))
    assert (metrics.confusion(truth, likely) == expected).all()
    # An event with two classes says nothing about which one was mistaken.
    truth[:, 0] = True
    assert metrics.confusion(truth, likely).sum() == (place == 0).sum()


def test_the_likeliest_class_is_always_heard() -> None:
    heard = metrics.decide(np.array([[0.2, 0.4, 0.1], [0.6, 0.7, 0.1]]), 0.5)
    assert heard.tolist() == [[False, True, False], [True, True, False]]


def test_majority_is_one_class() -> None:
    truth = np.eye(4, dtype=bool)[[0, 1, 1, 2]]
    heard = metrics.majority(truth, 3)
    assert heard.tolist() == [[False, True, False, False]] * 3


def test_calibration_error_is_the_distance_that_was_put_in() -> None:
    # 1,000 events with confidence 0.9, of which 60 % are right.
    likely = np.full((1000, 2), 0.05)
    likely[:, 0] = 0.9
    right = np.tile([True] * 3 + [False] * 2, 200)
    truth = np.stack([right, ~right], axis=1)
    assert metrics.expected_calibration_error(likely, truth) == pytest.approx(0.3)
    likely[:, 0] = 0.6
    assert metrics.expected_calibration_error(likely, truth) == pytest.approx(0.0, abs=1e-9)


def test_nothing_measured_is_not_a_number() -> None:
    none = np.zeros((0, 12), dtype=bool)
    assert np.isnan(metrics.macro_f1(none, none))
    assert np.isnan(metrics.exact(none, none))
    assert np.isnan(metrics.expected_calibration_error(none.astype(float), none))


@pytest.mark.parametrize(("scale", "bias"), [(0.5, 0.3), (1.0, 0.0), (2.5, -1.0)])
def test_calibration_recovers_the_distortion(scale: float, bias: float) -> None:
    chance = np.random.default_rng(1)
    honest = chance.normal(-1.0, 2.0, (4000, 12))
    truth = chance.random(honest.shape) < expit(honest)
    found = calibration.calibrate((honest - bias) / scale, truth)
    assert found.scale == pytest.approx(scale, rel=0.05)
    assert found.bias == pytest.approx(bias, abs=0.06)


def test_calibration_of_nothing_changes_nothing() -> None:
    none = np.zeros((0, 12))
    assert calibration.calibrate(none, none.astype(bool)) == (1.0, 0.0)


def test_calibration_of_a_separable_set_stays_finite() -> None:
    truth = np.eye(12, dtype=bool)
    found = calibration.calibrate(np.where(truth, 9.0, -9.0), truth)
    assert 0 < found.scale <= 5.0 + 1e-9
    assert abs(found.bias) <= 10.0
