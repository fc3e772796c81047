"""Weights are those that suit what is held out."""

import numpy as np
import pytest

from groove.ngram.language.context import RUN_CLASSES
from groove.ngram.language.mixture import default_given, default_weights, fit_weights


def test_weights_find_the_shares_that_made_the_data() -> None:
    random = np.random.default_rng(3)
    chains = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    share = 0.3
    outcome = random.choice(3, size=40_000, p=share * chains[0] + (1 - share) * chains[1])
    run = np.zeros(len(outcome), dtype=np.int64)
    weights = fit_weights(chains[:, outcome], run, 50.0)
    assert weights[0, 0] == pytest.approx(share, abs=0.03)
    assert weights.sum(axis=1) == pytest.approx(np.ones(RUN_CLASSES))


def test_each_class_has_its_own_and_those_never_met_the_overall_ones() -> None:
    good, bad = np.full(1000, 0.9), np.full(1000, 0.1)
    run = np.repeat([1, 2], 500)
    parts = np.stack([np.where(run == 1, good, bad), np.where(run == 1, bad, good)])
    weights = fit_weights(parts, run, 10.0)
    assert weights[1, 0] > 0.9
    assert weights[2, 1] > 0.9
    assert weights[5] == pytest.approx([0.5, 0.5], abs=0.01)


def test_a_strong_prior_keeps_classes_alike() -> None:
    random = np.random.default_rng(0)
    parts, run = random.random((3, 200)), random.integers(0, RUN_CLASSES, 200)
    weights = fit_weights(parts, run, 1e9)
    assert np.abs(weights - weights[0]).max() < 1e-6


def test_default_weights_are_shares() -> None:
    weights = default_weights(["bar", "step", "copy", "labels"])
    assert weights.sum(axis=1) == pytest.approx(np.ones(RUN_CLASSES))
    assert default_given(weights).sum(axis=1) == pytest.approx(np.ones(RUN_CLASSES))
