"""From counts to probabilities: interpolated modified Kneser-Ney, and Witten-Bell.

Every method here gives, for each context, discounted probabilities whose sum leaves a rest; the
rest is spread by the distribution of the shorter context. So whatever the discounts, the
probabilities of all outcomes sum to 1.

* Modified Kneser-Ney (Chen and Goodman 1999, "An empirical study of smoothing techniques"):
  discounts D1, D2, D3+ from counts of counts; orders below the highest count in how many longer
  contexts an n-gram occurs, not how often.
* Small vocabularies have no n-grams that occur once, twice, three or four times, or more of the
  rarer than of the commoner ones, and the formula gives discounts below zero or above the count.
  Such discounts fall back to those of absolute discounting, ``n1 / (n1 + 2 n2)`` (Ney, Essen and
  Kneser 1994), or to one half where there is no n-gram to estimate that from.
* Weighted counts: the discount that an n-gram's occurrences call for takes the same share of
  its weight. With equal weights this is the textbook's formula.
* Witten-Bell (Witten and Bell 1991, method C): the rest is ``types / (types + weight)``.

What belongs here: estimates. What does not: look-up (:mod:`groove.ngram.language.model`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groove.ngram.language.counts import Counts, sum_counts
from groove.ngram.spec import Smoothing

_FALLBACK = 0.5


def discounts(n: NDArray[np.int64]) -> tuple[float, float, float]:
    """Return (D1, D2, D3+) for occurrences ``n`` of n-grams, ``0 < Dk < k``.

    >>> d1, d2, d3 = discounts(np.repeat([1, 2, 3, 4, 9], [40, 18, 10, 7, 30]))
    >>> round(d1, 3), round(d2, 3), round(d3, 3)
    (0.526, 1.123, 1.526)
    """
    n1, n2, n3, n4 = (int((n == value).sum()) for value in (1, 2, 3, 4))
    absolute = n1 / (n1 + 2 * n2) if n1 and n2 else _FALLBACK
    pairs = ((1, n1, n2), (2, n2, n3), (3, n3, n4))
    found = []
    for value, fewer, more in pairs:
        discount = value - (value + 1) * absolute * more / fewer if fewer and more else -1.0
        found.append(discount if 0 < discount < value else absolute)
    return found[0], found[1], found[2]


def continuations(longer: Counts, keys: NDArray[np.int64]) -> Counts:
    """Return Kneser-Ney's counts of the order below: in how many contexts an n-gram occurs.

    Parameters
    ----------
    longer
        Counts of the order above (occurrences or continuations).
    keys
        Contexts of the order below. A context's weight is its average weight per occurrence.
    """
    ones = np.ones(len(longer.n), dtype=np.int64)
    return sum_counts(
        keys, longer.parent, longer.style, longer.symbol, ones, longer.weight / longer.n
    )


def any_style(counts: Counts) -> Counts:
    """Return the counts with styles forgotten."""
    nothing = np.zeros_like(counts.style)
    return sum_counts(counts.keys, counts.context, nothing, counts.symbol, counts.n, counts.weight)


def probabilities(
    node: NDArray[np.int64], n: NDArray[np.int64], weight: NDArray[np.float64], method: Smoothing
) -> NDArray[np.float64]:
    """Return each n-gram's discounted probability; those of one context sum to less than 1.

    Parameters
    ----------
    node
        Context of each n-gram, counted from 0 without gaps, in order.
    n, weight
        Occurrences and their weight.
    method
        ``kneser_ney`` or ``witten_bell``.
    """
    total = np.bincount(node, weights=weight)
    if method == "witten_bell":
        types = np.bincount(node)
        return np.asarray(weight / (total + types)[node])
    by_count = np.array([0.0, *discounts(n)])
    kept = 1.0 - by_count[np.minimum(n, 3)] / n
    return np.asarray(weight * kept / total[node])
