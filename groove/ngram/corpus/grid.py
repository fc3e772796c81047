"""The grid of a drum loop: which steps its hits were meant for.

Human hits lie around the steps of a grid, not on them. Each candidate grid is scored by the
likelihood of the hits' places within the quarter note under a mixture: one normal component per
step, half of the weight on the beat and the rest spread evenly, and a uniform share for hits
that belong to no step. A finer grid pays for its steps with smaller weights, so it wins only if
hits really lie there; quarter notes alone leave the choice to the first candidate.

What belongs here: the choice of steps per quarter note. What does not: bars, files, labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Spreads tried, in quarter notes: 5 to 25 ms at 120 quarters a minute.
_SPREADS = (0.01, 0.02, 0.035, 0.05)
_OUTLIERS = 0.05


def log_likelihood(places: NDArray[np.float64], resolution: int) -> float:
    """Return the log likelihood of hits under a grid, at the spread that suits them best.

    Parameters
    ----------
    places
        Onsets in quarter notes from the start of their bar.
    resolution
        Steps per quarter note, at least 1.
    """
    centres = np.arange(resolution) / resolution
    weights = np.full(resolution, 0.5 / max(1, resolution - 1))
    weights[0] = 0.5 if resolution > 1 else 1.0
    distance = np.mod(places, 1.0)[:, None] - centres
    distance -= np.rint(distance)
    best = -np.inf
    for spread in _SPREADS:
        density = np.exp(-0.5 * (distance / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
        mixed = _OUTLIERS + (1 - _OUTLIERS) * density @ weights
        best = max(best, float(np.log(mixed).sum()))
    return best


def fit_resolution(places: NDArray[np.float64], candidates: Sequence[int]) -> int:
    """Return the candidate (steps per quarter note) that explains the hits best.

    Parameters
    ----------
    places
        Onsets in quarter notes from the start of their bar.
    candidates
        Steps per quarter note; of equally good ones the first is taken.

    >>> fit_resolution(np.array([0.01, 0.5, 0.74, 1.02, 1.49]), [4, 3])
    4
    >>> fit_resolution(np.array([0.01, 0.35, 0.66, 1.02, 1.65]), [4, 3])
    3
    """
    scores = [log_likelihood(places, candidate) for candidate in candidates]
    return int(candidates[int(np.argmax(np.round(scores, 9)))])
