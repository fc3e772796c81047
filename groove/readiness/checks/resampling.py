"""The bootstrap by session: whole sessions are drawn with replacement.

Clips of one session share a kit, a room and a player: drawn one by one they would promise more
than another set of sessions keeps. A figure that is a function of sums over clips needs only the
sums of each session, so a resample is one row of a matrix product::

    totals (resamples, k) = weights (resamples, sessions) @ sums (sessions, k)

Efron (1979) for the percentile interval, Field and Welsh (2007) for drawing clusters.

What belongs here: weights, totals and percentiles. What does not: any particular figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.digest import seed_of
from groove.readiness.checks.verdict import Interval

Floats = NDArray[np.float64]
#: From totals ``(r, k)`` to figures ``(r, m)``; nan where a figure is not defined.
Statistic = Callable[[Floats], Floats]

#: Ends of the interval, per cent.
ENDS = (2.5, 97.5)
_BLOCK = 4_000_000


def session_sums(values: NDArray[np.generic], sessions: Sequence[str]) -> tuple[Floats, list[str]]:
    """Return the sums of ``values`` ``(n, k)`` by session, ``(sessions, k)``, and their names.

    Sessions are in the order of their names, so that the order of clips decides nothing.
    """
    from scipy.sparse import csr_array

    place, names = pd.factorize(np.asarray(sessions, dtype=object), sort=True)
    count = len(place)
    member = csr_array(
        (np.ones(count), place.astype(np.int64), np.arange(count + 1)), shape=(count, len(names))
    )
    return np.asarray(member.T @ values.astype(np.float64)), [str(name) for name in names]


def weights(sessions: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield how often each session is drawn, in blocks ``(resamples', sessions)``.

    Blocks keep memory bounded; their size depends on the number of sessions alone.
    """
    random = np.random.default_rng(seed_of("readiness", sessions, resamples, seed))
    rows = max(1, _BLOCK // max(1, sessions))
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        drawn = random.integers(sessions, size=(count, sessions))
        drawn += np.arange(count)[:, None] * sessions
        flat = np.bincount(drawn.ravel(), minlength=count * sessions)
        yield flat.reshape(count, sessions).astype(np.float64)


def resampled(sums: Floats, statistic: Statistic, resamples: int, seed: int) -> Floats:
    """Return the figures of each resample, ``(resamples, m)``."""
    return np.concatenate(
        [statistic(block @ sums) for block in weights(len(sums), resamples, seed)]
    )


def intervals(sums: Floats, statistic: Statistic, resamples: int, seed: int) -> list[Interval]:
    """Return each figure with its 95 % interval.

    Parameters
    ----------
    sums
        ``(sessions, k)``. With one session the ends are nan: it says nothing of another.
    statistic
        The figures, of totals.
    resamples, seed
        How many sets of sessions are drawn, and which.
    """
    if not len(sums):
        return []
    values = statistic(sums.sum(axis=0, keepdims=True))[0]
    if len(sums) < 2:
        return [Interval(float(value)) for value in values]
    drawn = resampled(sums, statistic, resamples, seed)
    return [
        Interval(float(value), *ends_of(column))
        for value, column in zip(values, drawn.T, strict=True)
    ]


def ends_of(drawn: Floats) -> tuple[float, float]:
    """Return the ends of the percentile interval; nan where most resamples have no figure."""
    known = drawn[np.isfinite(drawn)]
    if 2 * len(known) <= len(drawn):
        return float("nan"), float("nan")
    low, high = np.percentile(known, ENDS)
    return float(low), float(high)
