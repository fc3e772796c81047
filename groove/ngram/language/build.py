"""Levels of the groove model from counts.

What belongs here: putting estimates into the form that is looked up. What does not: the choice
of order and shares (:mod:`groove.ngram.language.training`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from groove.ngram.language.context import FEATURE_BITS, Ints
from groove.ngram.language.counts import Counts
from groove.ngram.language.estimate import any_style, continuations, probabilities
from groove.ngram.language.model import Floats, Level
from groove.ngram.spec import Smoothing


def levels_of(
    counts: Sequence[Counts], order: int, method: Smoothing, *, styled: bool
) -> tuple[Level, ...]:
    """Return the levels of orders 0 to ``order``.

    Parameters
    ----------
    counts
        Occurrences per order, from 0.
    order
        Highest order; it is estimated from occurrences, those below from continuations
        (Kneser-Ney) or from occurrences too (Witten-Bell).
    styled
        One context per style, or styles forgotten.
    """
    current = counts[order] if styled else any_style(counts[order])
    found = [_level(current, method, styled=styled)]
    for k in range(order - 1, -1, -1):
        if method == "kneser_ney":
            current = continuations(current, counts[k].keys)
        else:
            current = counts[k] if styled else any_style(counts[k])
        found.append(_level(current, method, styled=styled))
    return tuple(reversed(found))


def _level(counts: Counts, method: Smoothing, *, styled: bool) -> Level:
    if styled:
        keys, node = np.unique(counts.context << FEATURE_BITS | counts.style, return_inverse=True)
    else:
        keys, node = counts.keys, counts.context
    first = np.searchsorted(node, np.arange(len(keys) + 1))
    probability = probabilities(node, counts.n, counts.weight, method)
    # Kept in single precision; what rounding leaves over goes to the shorter context.
    kept = probability.astype(np.float32).astype(np.float64)
    return Level(keys, first.astype(np.int64), counts.symbol, kept)


def label_rates(symbols: Ints, counts: Floats, labels: int) -> Floats:
    """Return how often each label is struck on a step, with one half added to each outcome."""
    bits = symbols[:, None] >> np.arange(labels) & 1
    return np.asarray((counts @ bits + 0.5) / (counts.sum() + 1.0))
