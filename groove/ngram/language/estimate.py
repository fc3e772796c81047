"""From counts to probabilities: interpolated modified Kneser-Ney, Witten-Bell, fixed discounts.

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
* Absolute discounting: the same discounts, or one that is given for all counts, but occurrences
  at every order (Ney, Essen and Kneser 1994). A lower order is then the best guess of its own,
  and not only where longer contexts fail: better where several chains are mixed.
* Witten-Bell (Witten and Bell 1991, method C): the rest is ``types / (types + weight)``.

What belongs here: estimates. What does not: look-up (:mod:`groove.ngram.language.model`).
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from groove.ngram.language.counts import Counts, sum_counts
from groove.ngram.spec import Smoothing

_FALLBACK = 0.5

#: How finely probabilities are kept.
CODES_PER_BIT = 16
MAX_CODE = 2**16 - 1


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


def continuations(counts: Counts, longer: Counts) -> Counts:
    """Return Kneser-Ney's counts of an order: how many contexts one feature longer it occurs in.

    Where n-grams were pruned, their number was kept before (``counts.continuation``): what is
    too rare to be listed still speaks for the variety of what it was part of.

    Parameters
    ----------
    counts
        Occurrences of the order; they say what an occurrence weighs on average.
    longer
        Occurrences of the order above.
    """
    if counts.continuation is None:
        ones = np.ones(len(longer.n), dtype=np.int64)
        return sum_counts(
            counts.keys,
            longer.parent,
            longer.condition,
            longer.symbol,
            ones,
            longer.weight / longer.n,
        )
    at = np.flatnonzero(counts.continuation > 0)
    kept = taken(counts, at)
    times = counts.continuation[at]
    return dataclasses.replace(kept, n=times, weight=kept.weight / kept.n * times)


def taken(counts: Counts, at: NDArray[np.int64]) -> Counts:
    """Return some of the n-grams, in the order given."""
    return Counts(
        counts.keys,
        counts.context[at],
        counts.condition[at],
        counts.symbol[at],
        counts.n[at],
        counts.weight[at],
        None if counts.continuation is None else counts.continuation[at],
    )


def only(counts: Counts, number: NDArray[np.int64]) -> Counts:
    """Return the counts of some conditions, numbered anew.

    Parameters
    ----------
    counts
        Of all conditions.
    number
        ``int64[conditions]``: the new number of each, -1 to leave it out; the order stays.
    """
    new = number[counts.condition]
    at = np.flatnonzero(new >= 0)
    return dataclasses.replace(taken(counts, at), condition=new[at])


def probabilities(
    node: NDArray[np.int64],
    n: NDArray[np.int64],
    weight: NDArray[np.float64],
    method: Smoothing,
    discount: float = 0.0,
) -> NDArray[np.float64]:
    """Return each n-gram's discounted probability; those of one context sum to less than 1.

    Parameters
    ----------
    node
        Context of each n-gram, counted from 0 without gaps, in order.
    n, weight
        Occurrences and their weight.
    method
        ``kneser_ney``, ``witten_bell`` or ``absolute``.
    discount
        What ``absolute`` takes from every count, below 1; 0 estimates three as ``kneser_ney``.
    """
    total = np.bincount(node, weights=weight)
    if method == "witten_bell":
        types = np.bincount(node)
        return np.asarray(weight / (total + types)[node])
    fixed = method == "absolute" and discount > 0
    each = (discount, discount, discount) if fixed else discounts(n)
    kept = 1.0 - np.array([0.0, *each])[np.minimum(n, 3)] / n
    return np.asarray(weight * kept / total[node])


def rounded(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities as they are kept: whole 1/16ths of a bit, never rounded up.

    What rounding leaves over (4 % at most) goes to the shorter context, so sums stay 1. Held-out
    bits are the same to the third decimal as with 1/256ths, in a sixth less space.
    """
    return np.exp2(-codes(probability) / CODES_PER_BIT)


def codes(probability: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the whole numbers that :func:`rounded` probabilities are written as."""
    # A value that was rounded before stays what it is.
    exact = -np.log2(probability) * CODES_PER_BIT
    return np.clip(np.ceil(exact - 1e-6), 0, MAX_CODE).astype(np.int64)
