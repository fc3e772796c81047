"""Figures of a token model: perplexity and top-k accuracy.

What belongs here: figures of per-target losses and ranks. What does not: how a model gives
them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOP = (1, 3, 5, 10)


def perplexity(negative_log: NDArray[np.float64]) -> float:
    """Return e to the mean of -ln P over the targets.

    >>> round(perplexity(-np.log(np.array([0.25, 0.25]))), 6)
    4.0
    """
    return float(np.exp(negative_log.mean()))


def top_accuracies(rank: NDArray[np.int64], prefix: str) -> dict[str, float]:
    """Return the share of targets among the 1, 3, 5, 10 likeliest tokens.

    Parameters
    ----------
    rank
        How many tokens were likelier than each target: 0 is right.
    prefix
        Split, the first part of the names.
    """
    return {f"{prefix}_top_{k}": float((rank < k).mean()) for k in TOP}
