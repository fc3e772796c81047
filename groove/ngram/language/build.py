"""Levels of the groove model from counts.

What belongs here: putting estimates into the form that is looked up. What does not: the choice
of order and shares (:mod:`groove.ngram.language.training`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from groove.ngram.language.context import FEATURE_BITS, Ints
from groove.ngram.language.counts import Counts
from groove.ngram.language.estimate import continuations, only, probabilities, rounded
from groove.ngram.language.levels import Chain, Floats, Level
from groove.ngram.spec import Smoothing

_NOTHING = np.zeros(0, dtype=np.int64)
_EMPTY = Level(_NOTHING, np.zeros(1, dtype=np.int64), _NOTHING, np.zeros(0))


@dataclass(frozen=True)
class Ladder:
    """Counts of one chain, of every order from 0.

    Parameters
    ----------
    counts
        Occurrences.
    """

    counts: tuple[Counts, ...]

    @property
    def order(self) -> int:
        """The highest order."""
        return len(self.counts) - 1

    @cached_property
    def continued(self) -> tuple[Counts, ...]:
        """In how many longer contexts each n-gram occurs; one order fewer."""
        return tuple(continuations(one, longer) for one, longer in itertools.pairwise(self.counts))


def ladder_of(counts: Sequence[Counts], number: Ints, condition_order: int = 9) -> Ladder:
    """Return the counts of some conditions, ready for every order.

    Parameters
    ----------
    counts
        Occurrences per order, from 0.
    number
        ``int64[conditions]``: number of each counted condition in the model, -1 to leave it
        out; the first is any loop.
    condition_order
        Highest order that will be asked for by condition.
    """
    general = np.where(number == 0, 0, -1)
    # Continuations look one order up.
    return Ladder(
        tuple(
            only(one, number if k <= condition_order + 1 else general)
            for k, one in enumerate(counts)
        )
    )


def chain_of(
    name: str,
    ladder: Ladder,
    order: int,
    method: Smoothing,
    *,
    discount: float = 0.0,
    condition_order: int = 9,
    exact: bool = False,
) -> Chain:
    """Return a chain's levels of orders 0 to ``order``, or to its last feature.

    Parameters
    ----------
    name
        The chain.
    ladder
        Its counts; without any condition but the first there are no levels by condition.
    order
        Highest order; it is estimated from occurrences, those below from continuations
        (Kneser-Ney) or from occurrences too (Witten-Bell, absolute discounting).
    method, discount
        See :func:`groove.ngram.language.estimate.probabilities`.
    condition_order
        Highest order with contexts by condition; levels above are empty, so that longer contexts
        are those of any loop.
    exact
        Keep probabilities as they are, not :func:`~groove.ngram.language.estimate.rounded`.
    """
    top = min(order, ladder.order)
    below = ladder.continued if method == "kneser_ney" else ladder.counts
    used = [*below[:top], ladder.counts[top]]
    conditioned = any(bool((counts.condition > 0).any()) for counts in used)
    any_levels: list[Level] = []
    levels: list[Level] = []

    def estimate(node: Ints, n: Ints, weight: Floats) -> Floats:
        found = probabilities(node, n, weight, method, discount)
        return found if exact else rounded(found)

    for k, counts in enumerate(used):
        general = counts.condition == 0
        any_levels.append(_level(counts, general, None, estimate))
        if conditioned and k <= condition_order:
            # The highest order of a condition is estimated from what occurred, too.
            own = ladder.counts[k] if k == condition_order else counts
            levels.append(_level(own, own.condition > 0, own.condition, estimate))
        elif conditioned:
            levels.append(_EMPTY)
    return Chain(name, tuple(any_levels), tuple(levels))


def _level(
    counts: Counts,
    chosen: NDArray[np.bool_],
    condition: Ints | None,
    estimate: Callable[[Ints, Ints, Floats], Floats],
) -> Level:
    at = np.flatnonzero(chosen)
    keys, node = counts.keys, counts.context[at]
    if condition is not None:
        packed = node << FEATURE_BITS | condition[at]
        new = np.ones(len(packed), dtype=np.bool_)
        new[1:] = np.diff(packed) != 0
        keys, node = packed[new], np.cumsum(new) - 1
    first = np.searchsorted(node, np.arange(len(keys) + 1)).astype(np.int64)
    found = estimate(node, counts.n[at], counts.weight[at])
    return Level(keys, first, counts.symbol[at], found)


def label_rates(symbols: Ints, counts: Floats, labels: int) -> Floats:
    """Return how often each label is struck on a step, with one half added to each outcome."""
    bits = symbols[:, None] >> np.arange(labels) & 1
    return np.asarray((counts @ bits + 0.5) / (counts.sum() + 1.0))
