"""Ranking metrics within a track: NDCG, MRR, precision and recall at K, and what chance gives.

What belongs here: figures of one ranked list. What does not: whose scores they are.

Conventions
-----------
* Gain of grade g is ``2 ** g - 1``, discount of place r (1-based) is ``1 / log2(r + 1)``
  (Järvelin and Kekäläinen 2002; Burges et al. 2005).
* Ties in the scores keep the order of the rows.
* A list in which nothing is relevant says nothing about a ranker: its NDCG is ``nan``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GRADES = 5


def grades(weights: Floats) -> Ints:
    """Return relevance grades 0..4 of weights in 0..1, fifths of the range.

    >>> grades(np.array([0.0, 0.19, 0.2, 0.99, 1.0])).tolist()
    [0, 0, 1, 4, 4]
    """
    return np.minimum((weights * GRADES + 1e-9).astype(np.int64), GRADES - 1)


def ndcg(scores: Floats, relevance: Ints, top: int) -> float:
    """Return NDCG at ``top`` of one list, 0..1, or nan if no row has a gain."""
    gain = np.exp2(relevance.astype(np.float64)) - 1.0
    order = np.argsort(-scores, kind="stable")
    best = _dcg(np.asarray(np.sort(gain)[::-1]), top)
    return _dcg(gain[order], top) / best if best > 0 else float("nan")


def random_ndcg(relevance: Ints, top: int) -> float:
    """Return the expected NDCG at ``top`` of a uniformly random order (exact)."""
    gain = np.exp2(relevance.astype(np.float64)) - 1.0
    best = _dcg(np.sort(gain)[::-1], top)
    chance = _dcg(np.full(len(gain), gain.mean()), top) if len(gain) else 0.0
    return chance / best if best > 0 else float("nan")


def _dcg(gain: Floats, top: int) -> float:
    head = gain[:top]
    return float(np.sum(head / np.log2(np.arange(2, len(head) + 2))))


def reciprocal_rank(scores: Floats, relevant: NDArray[np.bool_]) -> float:
    """Return 1 / place of the first relevant row; nan if none is."""
    if not relevant.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    return 1.0 / (1 + int(np.argmax(relevant[order])))


def precision_recall(scores: Floats, relevant: NDArray[np.bool_], top: int) -> tuple[float, float]:
    """Return (share of the first ``top`` that is relevant, share of the relevant in it)."""
    if not relevant.any():
        return float("nan"), float("nan")
    order = np.argsort(-scores, kind="stable")[:top]
    hits = int(relevant[order].sum())
    return hits / len(order), hits / int(relevant.sum())


def figures(scores: Floats, relevance: Ints, track: Ints, top: int) -> dict[str, float]:
    """Return the means over tracks of ndcg, mrr, precision and recall.

    Parameters
    ----------
    scores, relevance
        float64 and int64 (rows,).
    track
        Track number of each row, int64 (rows,).
    top
        K.
    """
    listed = []
    for number in np.unique(track):
        rows = np.flatnonzero(track == number)
        relevant = relevance[rows] == relevance[rows].max()
        listed.append(
            (
                ndcg(scores[rows], relevance[rows], top),
                reciprocal_rank(scores[rows], relevant),
                *precision_recall(scores[rows], relevant, top),
            )
        )
    return dict(zip(("ndcg", "mrr", "precision", "recall"), _means(listed), strict=True))


def mean_random_ndcg(relevance: Ints, track: Ints, top: int) -> float:
    """Return the mean over tracks of :func:`random_ndcg`."""
    return _means([(random_ndcg(relevance[track == number], top),) for number in np.unique(track)])[
        0
    ]


def _means(listed: Sequence[tuple[float, ...]]) -> list[float]:
    """Return column means without nan; nan for a column that has nothing else."""
    values = np.array(listed, dtype=np.float64)
    known = np.isfinite(values)
    sums = np.where(known, values, 0.0).sum(axis=0)
    counts = known.sum(axis=0)
    return [
        float(total / count) if count else float("nan")
        for total, count in zip(sums, counts, strict=True)
    ]
