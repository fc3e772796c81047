"""Intervals of figures over recordings: whole groups are drawn with replacement.

Chunks of one song, and songs of one group, are alike: drawing them one by one would make an
interval narrower than what another set of songs would show.

What belongs here: the bootstrap. What does not: what is compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from groove.core.digest import seed_of
from groove.phase.labels import Phase

DRAWS = 2000
_LOW, _HIGH = 0.025, 0.975


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval, and the number of groups behind it."""

    value: float
    low: float
    high: float
    groups: int


def mean_interval(values: Phase, groups: pd.Series, draws: int = DRAWS) -> Interval | None:
    """Return the mean of values with its 95 % interval over groups; None of no known value.

    The percentile bootstrap (Efron 1979) of the mean, groups being drawn. With one group low and
    high are infinite: one song says nothing of another.

    Parameters
    ----------
    values
        ``(n,)``; ``nan`` is left out.
    groups
        ``(n,)``, the group of each.
    """
    known = np.isfinite(values)
    if not known.any():
        return None
    place, names = pd.factorize(groups[known])
    sums = np.bincount(place, weights=values[known])
    sizes = np.bincount(place)
    value = float(sums.sum() / sizes.sum())
    if len(names) < 2:
        return Interval(value, -np.inf, np.inf, len(names))
    random = np.random.default_rng(seed_of("interval", len(names), draws))
    drawn = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    means = (drawn @ sums) / (drawn @ sizes)
    low, high = np.quantile(means, [_LOW, _HIGH])
    return Interval(value, float(low), float(high), len(names))
