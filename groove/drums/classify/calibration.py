"""Calibration: logits to probabilities that mean what they say.

``p = sigmoid(scale * logit + bias)``, one scale and one bias for all classes, fitted on the
validation split by maximum likelihood: temperature scaling (Guo et al., 2017) with the bias of
Platt (1999), because training draws rare classes more often than they occur. ``scale > 0``, so
the order of classes stays. Validation has few kits, and another handful of kits would call for
another scale: a normal prior on its logarithm around 0 (no scaling) keeps a small split from
saying too much. With many events it vanishes.

What belongs here: the two numbers. What does not: how well they do (:mod:`groove.drums.classify.metrics`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from groove.drums.classify.metrics import Marks, Probabilities

#: Limits of the logarithm of the scale: a handful of validation events proves no certainty.
_LARGEST_LOG = math.log(5.0)
#: Squared logarithm of the scale, times this, is added to the summed loss: a standard deviation
#: of a fifth.
_PRIOR = 10.0


class Calibration(NamedTuple):
    """Probabilities are ``sigmoid(scale * logits + bias)``."""

    scale: float = 1.0
    bias: float = 0.0


def probabilities(logits: Probabilities, calibration: Calibration) -> NDArray[np.float32]:
    """Return calibrated probabilities of the logits' shape."""
    return np.asarray(
        expit(calibration.scale * logits.astype(np.float64) + calibration.bias), dtype=np.float32
    )


def calibrate(
    logits: Probabilities, truth: Marks, weights: NDArray[np.float64] | None = None
) -> Calibration:
    """Return the calibration with the least binary cross-entropy and prior.

    Parameters
    ----------
    logits, truth
        ``(events, classes)``. Without events nothing is known and nothing is changed.
    weights
        How much each event counts, 1 on average; none: all the same.
    """
    if not len(logits):
        return Calibration()
    values = logits.astype(np.float64)
    marks = truth.astype(np.float64)
    share = np.ones(len(values)) if weights is None else weights / weights.mean()

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scale = math.exp(parameters[0])
        scores = scale * values + parameters[1]
        error = (expit(scores) - marks) * share[:, None]
        entropy = (np.logaddexp(0.0, scores) - marks * scores) * share[:, None]
        pull = _PRIOR / len(values) * parameters[0]
        gradient = np.array([(error * values).mean() * scale + 2 * pull, error.mean()])
        return float(entropy.mean() + pull * parameters[0]), gradient

    found = minimize(
        loss,
        np.zeros(2),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_LARGEST_LOG, _LARGEST_LOG), (-10.0, 10.0)],
    )
    return Calibration(math.exp(float(found.x[0])), float(found.x[1]))
