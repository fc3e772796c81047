"""The expected calibration error: how far confidence is from the share of right answers.

The error (Naeini et al. 2015; Guo et al. 2017) is the mean distance, over bins of confidence, of
a bin's mean confidence from its share of right answers, weighted by the answers in the bin.

What belongs here: bins, the error, the reliability of each bin; the only ones in the package.
What does not: intervals and gates (:mod:`groove.readiness.checks.calibration`), mending
calibration.

Conventions
-----------
* ``confidence`` is ``(n,)`` in 0..1, the probability of the likeliest class; ``right`` is
  ``(n,)`` and says whether that class was true. The many near-certain negatives of a multi-label
  classifier take no part: they would flatter it.
* Bins hold equally many answers (equal mass) unless asked to be equally wide, and at least
  :data:`LEAST_IN_A_BIN` where there are as many: the fewer there are, the more of a bin's error
  is chance.
* Equal confidences are in one bin: an order among them would be made up.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Marks = NDArray[np.bool_]

#: Answers that a bin needs for its share of right ones to say something.
LEAST_IN_A_BIN = 50


class Reliability(NamedTuple):
    """The bins that hold answers, from low to high confidence."""

    confidence: NDArray[np.float64]  # mean
    right: NDArray[np.float64]  # share
    sizes: NDArray[np.int64]

    @property
    def error(self) -> float:
        """The expected calibration error; nan without answers."""
        if not len(self.sizes):
            return float("nan")
        return float(np.average(np.abs(self.confidence - self.right), weights=self.sizes))


def likeliest(probabilities: Floats, truth: Marks) -> tuple[NDArray[np.float64], Marks]:
    """Return confidence and rightness of the likeliest class, from ``(n, classes)`` each."""
    best = probabilities.argmax(axis=1)
    rows = np.arange(len(best))
    return probabilities[rows, best].astype(np.float64), truth[rows, best].astype(bool)


def bins_of(
    confidence: Floats,
    bins: int = 10,
    *,
    equal_mass: bool = True,
    least: int = LEAST_IN_A_BIN,
) -> NDArray[np.int64]:
    """Return the bin of each answer, counted from 0 at the lowest confidence.

    Parameters
    ----------
    confidence
        ``(n,)``, finite, 0..1.
    bins
        At most as many bins.
    equal_mass
        Bins of equally many answers; otherwise of equal width.
    least
        Answers per bin, on average, below which there are fewer bins of equal mass.
    """
    if not len(confidence):
        return np.zeros(0, dtype=np.int64)
    if not equal_mass:
        return np.clip((confidence * bins).astype(np.int64), 0, bins - 1)
    used = max(1, min(bins, len(confidence) // max(1, least)))
    edges = np.quantile(confidence, np.arange(1, used) / used, method="inverted_cdf")
    place = np.searchsorted(np.unique(edges), confidence, side="left")
    return np.asarray(place, dtype=np.int64)


def reliability(
    confidence: Floats,
    right: Marks,
    bins: int = 10,
    *,
    equal_mass: bool = True,
    least: int = LEAST_IN_A_BIN,
) -> Reliability:
    """Return mean confidence, share of right answers and size of each bin that is not empty."""
    place = bins_of(confidence, bins, equal_mass=equal_mass, least=least)
    sizes = np.bincount(place)
    used = sizes > 0
    said = np.bincount(place, weights=confidence)[used] / sizes[used]
    true = np.bincount(place, weights=right.astype(np.float64))[used] / sizes[used]
    return Reliability(said, true, sizes[used].astype(np.int64))


def expected_calibration_error(
    confidence: Floats,
    right: Marks,
    bins: int = 10,
    *,
    equal_mass: bool = True,
    least: int = LEAST_IN_A_BIN,
) -> float:
    """Return the error, 0..1; nan without answers."""
    return reliability(confidence, right, bins, equal_mass=equal_mass, least=least).error
