"""Calibration: logits to probabilities that mean what they say.

``p = sigmoid(scale * logit + bias)``, one scale and one bias for all classes, fitted on the
validation split by maximum likelihood: temperature scaling (Guo et al., 2017) with the bias of
Platt (1999), because training draws rare classes more often than they occur. ``scale > 0``, so
the order of classes stays.

What belongs here: the two numbers. What does not: how well they do (:mod:`groove.drums.metrics`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from groove.drums.metrics import Marks, Probabilities

#: Limits of the logarithm of the scale: a handful of validation events proves no certainty.
_LARGEST_LOG = math.log(5.0)


class Calibration(NamedTuple):
    """Probabilities are ``sigmoid(scale * logits + bias)``."""

    scale: float = 1.0
    bias: float = 0.0


def probabilities(logits: Probabilities, calibration: Calibration) -> NDArray[np.float32]:
    """Return calibrated probabilities of the logits' shape."""
    return np.asarray(
        expit(calibration.scale * logits.astype(np.float64) + calibration.bias), dtype=np.float32
    )


def calibrate(logits: Probabilities, truth: Marks) -> Calibration:
    """Return the calibration with the least binary cross-entropy.

    Parameters
    ----------
    logits, truth
        ``(events, classes)``. Without events nothing is known and nothing is changed.
    """
    if not len(logits):
        return Calibration()
    values = logits.astype(np.float64)
    marks = truth.astype(np.float64)

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scale = math.exp(parameters[0])
        scores = scale * values + parameters[1]
        error = expit(scores) - marks
        entropy = np.logaddexp(0.0, scores) - marks * scores
        gradient = np.array([(error * values).mean() * scale, error.mean()])
        return float(entropy.mean()), gradient

    found = minimize(
        loss,
        np.zeros(2),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_LARGEST_LOG, _LARGEST_LOG), (-10.0, 10.0)],
    )
    return Calibration(math.exp(float(found.x[0])), float(found.x[1]))
