"""How far drawn grooves are from played ones: distributions of what one hears in them.

* Per feature, the Wasserstein distance of order 1 between all values of one side and of the
  other, in standard deviations of the played ones: the mean distance that a value has to move.
  Its mean per family (:data:`groove.ngram.judge.features.KINDS`) and then over the families is
  the ``total``. A part counts where the played bars have at least 2 % of their hits; a drum that
  the drawn bars lack altogether counts as two standard deviations.
* Together, the energy distance between bars as vectors (Székely and Rizzo 2013, "Energy
  statistics"), as the coefficient of inhomogeneity ``(2 E|X-Y| - E|X-X'| - E|Y-Y'|) / 2 E|X-Y|``
  in 0..1. It is zero only for equal distributions, so grooves that have every single feature
  right in the wrong company don't pass.

Intervals: bars of one performance are alike, so whole performances are drawn with replacement,
on both sides, never bars. A resampled distance is biased upwards like the distance itself, so
the interval has the spread of the resampled distances around the distance measured.

What belongs here: comparing. What does not: what is compared
(:mod:`groove.ngram.judge.features`), what a small or a large distance is
(:mod:`groove.ngram.judge.anchors`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from groove.midi.taxonomy import LABELS
from groove.ngram.judge.features import KINDS, Marginal, marginals_of, vectors_of
from groove.ngram.judge.hits import Floats, in_order, loops_of
from groove.ngram.language.context import Ints

_LEAST_SHARE = 0.02
_MISSING = 2.0
_LOW, _HIGH = 2.5, 97.5
#: Bars of a side that the energy distance looks at, evenly taken.
MOST_BARS = 3000


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Distance:
    """Distances of drawn from played bars.

    Parameters
    ----------
    total
        Mean over the families, in standard deviations.
    joint
        Energy distance of bars as vectors, 0..1.
    kinds, features
        By family, and by feature (without intervals).
    loops, bars
        How many were compared: drawn, played.
    """

    total: Estimate
    joint: Estimate
    kinds: Mapping[str, Estimate]
    features: Mapping[str, float]
    loops: tuple[int, int]
    bars: tuple[int, int]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, for JSON."""
        return {**asdict(self), "loops": list(self.loops), "bars": list(self.bars)}


class DistanceError(ValueError):
    """Bars that cannot be compared. The message says why."""


def distance(
    generated: pd.DataFrame,
    held_out: pd.DataFrame,
    *,
    bootstrap: int = 200,
    seed: int = 0,
    labels: Sequence[str] = LABELS,
) -> Distance:
    """Return how far drawn bars are from played ones.

    Parameters
    ----------
    generated, held_out
        Rows of ``groove_events``; rows of one ``key`` are one performance.
    bootstrap
        Resamplings that the intervals are made of; 0 gives intervals of no width.
    seed
        Of the resampling.
    labels
        Names of the labels that both sides number.

    Raises
    ------
    DistanceError
        If a side has no bar, or the played side no hit.
    """
    drawn, played = in_order(generated), in_order(held_out)
    if not len(drawn) or not len(played):
        raise DistanceError("nothing to compare: one of the sides has no bar")
    if not played["hit_step"].map(len).sum():
        raise DistanceError("nothing to compare with: the held-out bars have no hit")
    sides = tuple(int(loops_of(side)[-1]) + 1 for side in (drawn, played))
    weights = tuple(_weights(loops, bootstrap, seed, at) for at, loops in enumerate(sides))
    features = _features(marginals_of(drawn, labels), marginals_of(played, labels), weights)
    by_kind = {
        kind: np.mean([values for name, values in features.items() if name[0] == kind], axis=0)
        for kind in KINDS
        if any(name[0] == kind for name in features)
    }
    total = np.mean(list(by_kind.values()), axis=0)
    return Distance(
        total=_estimate(total),
        joint=_estimate(_energy(drawn, played, weights, labels)),
        kinds={kind: _estimate(values) for kind, values in by_kind.items()},
        features={"_".join(name): float(values[0]) for name, values in features.items()},
        loops=(sides[0], sides[1]),
        bars=(len(drawn), len(played)),
    )


def wasserstein(left: Floats, right: Floats) -> Floats:
    """Return the Wasserstein-1 distance of histograms, in bins.

    Parameters
    ----------
    left, right
        ``float64[n, bins]``: counts; a row without any gives ``nan``.
    """
    with np.errstate(invalid="ignore"):
        shares = [side / side.sum(axis=1, keepdims=True) for side in (left, right)]
    gap = np.cumsum(shares[0] - shares[1], axis=1)
    return np.asarray(np.abs(gap).sum(axis=1))


def _weights(loops: int, bootstrap: int, seed: int, side: int) -> Floats:
    """Return ``float64[1 + bootstrap, loops]``: every loop once, then loops drawn again."""
    random = np.random.default_rng([seed, side])
    drawn = random.multinomial(loops, np.full(loops, 1.0 / loops), size=bootstrap)
    return np.concatenate([np.ones((1, loops)), drawn.astype(np.float64)])


def _features(
    drawn: Sequence[Marginal], played: Sequence[Marginal], weights: tuple[Floats, ...]
) -> dict[tuple[str, str], Floats]:
    """Return the distance of each feature that counts, ``float64[1 + bootstrap]``."""
    struck = {m.part: float(m.counts.sum()) for m in played if m.kind == "velocity"}
    least = _LEAST_SHARE * sum(struck.values())
    found = {}
    for mine, other in zip(drawn, played, strict=True):
        if mine.part != "all" and struck[mine.part] < least:
            continue
        whole = other.counts.sum(axis=0)
        if not whole.sum():
            continue
        bins = np.arange(len(whole))
        mean = np.average(bins, weights=whole)
        # Values that are all one and the same are told apart by one unit.
        scale = max(1.0, float(np.sqrt(np.average((bins - mean) ** 2, weights=whole))))
        sides = [weight @ m.counts for weight, m in zip(weights, (mine, other), strict=True)]
        values = wasserstein(*sides) / scale
        values = np.where(np.isnan(values), _MISSING, values)
        found[mine.kind, mine.part] = values
    return found


def _energy(
    drawn: pd.DataFrame, played: pd.DataFrame, weights: tuple[Floats, ...], labels: Sequence[str]
) -> Floats:
    """Return the coefficient of inhomogeneity, ``float64[1 + bootstrap]``."""
    tables = [vectors_of(side, labels) for side in (drawn, played)]
    centre, spread = tables[1].mean().fillna(0.0), tables[1].std(ddof=0).fillna(0.0)
    points, owners = [], []
    for table, side in zip(tables, (drawn, played), strict=True):
        scaled = (table - centre) / spread.where(spread > 1e-9, 1.0)
        taken = _evenly(len(side), MOST_BARS)
        # What a bar doesn't have is neither like nor unlike.
        points.append(scaled.fillna(0.0).clip(-8, 8).to_numpy(np.float64)[taken])
        owners.append(loops_of(side)[taken])

    def mean(a: int, b: int) -> Floats:
        left, right = weights[a], weights[b]
        sums = _summed(cdist(points[a], points[b]), owners[a], owners[b], left, right)
        sizes = [
            w @ np.bincount(owners[s], minlength=w.shape[1]) for s, w in ((a, left), (b, right))
        ]
        return np.asarray(sums / np.maximum(sizes[0] * sizes[1], 1.0))

    across = mean(0, 1)
    gap = 2 * across - mean(0, 0) - mean(1, 1)
    return np.where(across > 0, np.maximum(gap, 0.0) / np.maximum(2 * across, 1e-300), 0.0)


def _summed(apart: Floats, rows: Ints, columns: Ints, left: Floats, right: Floats) -> Floats:
    """Return the weighted sum of distances between bars, for each row of weights."""
    row_first = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
    column_first = np.flatnonzero(np.append(True, columns[1:] != columns[:-1]))
    by_loop = np.add.reduceat(np.add.reduceat(apart, row_first, 0), column_first, 1)
    kept = left[:, rows[row_first]] @ by_loop
    return np.asarray((kept * right[:, columns[column_first]]).sum(axis=1))


def _evenly(size: int, most: int) -> Ints:
    if size <= most:
        return np.arange(size)
    return np.linspace(0, size - 1, most).astype(np.int64)


def _estimate(values: Floats) -> Estimate:
    """Return the first value, with the spread of the others around it."""
    value = float(values[0])
    if len(values) < 2:
        return Estimate(value, value, value)
    low, high = np.percentile(values[1:], [_LOW, _HIGH]) - values[1:].mean()
    return Estimate(value, max(0.0, value + min(0.0, float(low))), value + max(0.0, float(high)))
