"""Turning down what is no drum: a score, the threshold on it, and how well it tells.

The score of a sound is the calibrated probability of its likeliest class. Training shows the
network sounds without a drum, whose classes are all 0, so that no class is likely for them; the
threshold is then set to let a stated share of drums in.

What belongs here: the score, the threshold, AUROC and FPR. What does not: making sounds that are
no drum (:mod:`groove.drums.classify.outsiders`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from groove.drums.classify.metrics import Probabilities

#: Share of drums that the threshold lets in.
TPR = 0.95


def scores(probabilities: Probabilities) -> NDArray[np.float64]:
    """Return how sure the model is that a drum of its classes was struck, 0..1."""
    return np.asarray(probabilities.max(axis=1), dtype=np.float64)


def threshold_for(drums: NDArray[np.float64], share: float = TPR) -> float:
    """Return the highest threshold that at least ``share`` of the drums' scores reach.

    Without a drum nothing is turned down.
    """
    if not len(drums):
        return 0.0
    return float(np.quantile(drums, 1.0 - share, method="lower"))


def auroc(drums: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Return the chance that a drum has a higher score than a sound that is none; ties half.

    The statistic of Mann and Whitney (1947); nan without one of the two.
    """
    if not len(drums) or not len(others):
        return float("nan")
    ranks = rankdata(np.concatenate([drums, others]))[: len(drums)]
    wins = ranks.sum() - len(drums) * (len(drums) + 1) / 2
    return float(wins / (len(drums) * len(others)))


def false_positive_rate(
    drums: NDArray[np.float64], others: NDArray[np.float64], share: float = TPR
) -> float:
    """Return the share of other sounds let in where ``share`` of the drums are."""
    if not len(drums) or not len(others):
        return float("nan")
    return float((others >= threshold_for(drums, share)).mean())


def figures(
    name: str, drums: Probabilities, others: Probabilities, threshold: float
) -> dict[str, float]:
    """Return the figures of one set of drums beside one of other sounds, by name."""
    inside, outside = scores(drums), scores(others)
    return {
        f"{name}_auroc": auroc(inside, outside),
        f"{name}_fpr95": false_positive_rate(inside, outside),
        f"{name}_drums_known": float((inside >= threshold).mean()) if len(inside) else float("nan"),
        f"{name}_others_known": float((outside >= threshold).mean())
        if len(outside)
        else float("nan"),
        f"{name}_others": float(len(outside)),
    }
