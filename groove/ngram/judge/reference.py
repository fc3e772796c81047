"""Plain n-gram language models of tokens: what any groove model has to beat.

The textbook's models, as KenLM estimates them, with nothing that knows about drums:

* ``uniform``: every token alike, ``1 / V``.
* ``order0``: shares of the training tokens, one half added to each.
* ``witten_bell``: ``p(w|h) = (c(hw) + T(h) p(w|h')) / (c(h) + T(h))`` (Witten and Bell 1991,
  method C; interpolated as in Chen and Goodman 1999, "An empirical study of smoothing
  techniques").
* ``kneser_ney``: interpolated modified Kneser-Ney (Chen and Goodman 1999) as in KenLM (Heafield
  et al. 2013, "Scalable modified Kneser-Ney language model estimation"): the highest order from
  occurrences, lower orders from the number of different tokens on the left, n-grams at the
  beginning of a loop from occurrences, unigrams mixed with ``1 / V``. Discounts are estimated
  per order; where counts of counts are missing or give a discount outside ``(0, k)``, all three
  of that order are KenLM's fall-back 0.5, 1 and 1.5. Small vocabularies need that.

Conventions
-----------
* One sign for the beginning of a loop, never predicted. No sign for its end: a recording ends
  where it was cut, which is no property of the groove.
* Order n sees n - 1 tokens.

What belongs here: estimating and asking references. What does not: tokens
(:mod:`groove.ngram.judge.tokens`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from groove.ngram.judge.tokens import VOCABULARY, Tokens
from groove.ngram.language.context import Ints

Floats = NDArray[np.float64]
Method = Literal["kneser_ney", "witten_bell"]

#: A token takes so many bits of an n-gram's key; 0 is the beginning of a loop.
_BITS = 8
_MASK = (1 << _BITS) - 1
MAX_ORDER = 7
_FALLBACK = (0.5, 1.0, 1.5)


@dataclass(frozen=True)
class _Level:
    """N-grams of one order, sorted by key, and what each history leaves to the order below."""

    grams: Ints
    kept: Floats
    histories: Ints
    left: Floats


@dataclass(frozen=True)
class Reference:
    """An estimated n-gram model: levels from order 1 up; none is the uniform model."""

    levels: tuple[_Level, ...]
    vocabulary: int = VOCABULARY

    def probability(self, tokens: Tokens) -> Floats:
        """Return the probability of each token after those before it in its loop."""
        found = np.full(len(tokens), 1.0 / self.vocabulary)
        for order, level in enumerate(self.levels, start=1):
            key, valid = _grams(tokens, order)
            history = _find(level.histories, key >> _BITS)
            known = valid & (history >= 0)
            at = _find(level.grams, key)
            kept = np.where(at >= 0, level.kept[np.maximum(at, 0)], 0.0)
            mixed = kept + level.left[np.maximum(history, 0)] * found
            found = np.where(known, mixed, found)
        return found

    def bits(self, tokens: Tokens) -> float:
        """Return the code length of all tokens together, in bits."""
        return float(-np.log2(self.probability(tokens)).sum())


def uniform(vocabulary: int = VOCABULARY) -> Reference:
    """Return the model that knows nothing."""
    return Reference((), vocabulary)


def order0(training: Tokens, vocabulary: int = VOCABULARY) -> Reference:
    """Return the model that knows how often each token is, one half added to each."""
    counts = np.bincount(training.token, minlength=vocabulary) + 0.5
    level = _Level(np.arange(vocabulary) + 1, counts / counts.sum(), np.zeros(1, np.int64), _ZERO)
    return Reference((level,), vocabulary)


_ZERO = np.zeros(1)


def estimate(
    training: Tokens, order: int, method: Method, vocabulary: int = VOCABULARY
) -> Reference:
    """Return the n-gram model of some tokens.

    Parameters
    ----------
    training
        What is counted.
    order
        Longest n-gram, 1 to ``MAX_ORDER``.
    method
        Smoothing.
    vocabulary
        Number of tokens there are, at most 255.

    Raises
    ------
    ValueError
        If the order or the vocabulary doesn't fit.
    """
    if not 1 <= order <= MAX_ORDER or not 1 <= vocabulary <= _MASK:
        raise ValueError(f"order is 1 to {MAX_ORDER} and vocabulary 1 to {_MASK}")
    counted = []
    for k in range(1, order + 1):
        key, valid = _grams(training, k)
        counted.append(np.unique(key[valid], return_counts=True))
    if method == "kneser_ney":
        counted = _adjusted(counted)
    return Reference(tuple(_level(*pair, method) for pair in counted), vocabulary)


def discounts(counts: Ints) -> tuple[float, float, float]:
    """Return (D1, D2, D3+) of one order as KenLM estimates them, or its fall-back."""
    n1, n2, n3, n4 = (int((counts == k).sum()) for k in (1, 2, 3, 4))
    if not (n1 and n2 and n3):
        return _FALLBACK
    share = n1 / (n1 + 2 * n2)
    d1, d2, d3 = 1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3
    return (d1, d2, d3) if 0 < d1 < 1 and 0 < d2 < 2 and 0 < d3 < 3 else _FALLBACK


def _adjusted(counted: Sequence[tuple[Ints, Ints]]) -> list[tuple[Ints, Ints]]:
    """Return counts with those below the highest order replaced by left continuations."""
    found = [counted[-1]]
    for k in range(len(counted) - 1, 0, -1):
        grams, occurrences = counted[k - 1]
        # An n-gram with the beginning of a loop on its left end has nothing to its left.
        shorter = counted[k][0] & ((1 << _BITS * k) - 1)
        types = np.bincount(np.searchsorted(grams, shorter), minlength=len(grams))
        begins = grams >> _BITS * (k - 1) == 0
        found.append((grams, np.where(begins, occurrences, types)))
    return found[::-1]


def _level(grams: Ints, counts: Ints, method: Method) -> _Level:
    histories, at = np.unique(grams >> _BITS, return_inverse=True)
    total = np.bincount(at, weights=counts)
    if method == "witten_bell":
        types = np.bincount(at)
        return _Level(grams, counts / (total + types)[at], histories, types / (total + types))
    taken = np.array([0.0, *discounts(counts)])[np.minimum(counts, 3)]
    left = np.bincount(at, weights=taken) / total
    return _Level(grams, (counts - taken) / total[at], histories, left)


def _grams(tokens: Tokens, order: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the n-gram that ends at each token, oldest in the highest bits, and if it exists.

    An n-gram that would reach past the beginning of its loop does not exist.
    """
    index = np.arange(len(tokens))
    place = index - tokens.start
    key = np.zeros(len(tokens), dtype=np.int64)
    for back in range(order - 1, -1, -1):
        value = np.where(place >= back, tokens.token[np.maximum(index - back, 0)] + 1, 0)
        key = key << _BITS | value
    return key, place >= order - 2


def _find(ordered: Ints, keys: Ints) -> Ints:
    if not len(ordered):
        return np.full(len(keys), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
    return np.where(ordered[at] == keys, at, -1)
