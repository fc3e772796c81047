"""What a model gives to every set of labels, heard or not.

Two parts of a set's probability are products over its labels: what is left to labels struck
independently, and what the chain over labels says. So they can be added up over sets without
asking for each one.

What belongs here: products over labels. What does not: n-grams over sets
(:mod:`groove.ngram.language.levels`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from groove.ngram.language.context import Ints
from groove.ngram.language.levels import Floats


def product(symbol: Ints, rates: Floats) -> Floats:
    """Return the probability of each set of labels that are struck independently.

    Parameters
    ----------
    symbol
        ``int64[events]``.
    rates
        ``float64[events, labels]``, or one row for all.
    """
    bits = symbol[:, None] >> np.arange(rates.shape[1]) & 1
    return np.asarray(np.where(bits == 1, rates, 1.0 - rates).prod(axis=1))


@dataclass(frozen=True)
class Smooth:
    """What a context gives to every set of labels, heard or not.

    Parameters
    ----------
    rest
        ``float64[events]``: share that is left to labels struck independently.
    weights
        ``float64[m, events]``: weight of the chain over labels, with and without conditions.
    struck
        ``float64[m, events, labels]``: that chain's probability that each label is struck.
    label_rates
        ``float64[labels]``.
    """

    rest: Floats
    weights: Floats
    struck: Floats
    label_rates: Floats

    def of(self, symbol: Ints) -> Floats:
        """Return this part of the probability of one set per event."""
        found = self.rest * product(symbol, self.label_rates[None])
        for weight, struck in zip(self.weights, self.struck, strict=True):
            found = found + weight * product(symbol, struck)
        return np.asarray(found)

    def among(self, symbols: Ints) -> Floats:
        """Return this part of the probability of all of these sets together, per event."""
        found = self.rest * float(product(symbols, self.label_rates[None]).sum())
        bits = (symbols[:, None] >> np.arange(len(self.label_rates)) & 1).astype(np.float64)
        for weight, rates in zip(self.weights, self.struck, strict=True):
            with np.errstate(divide="ignore"):
                struck, silent = np.log(rates), np.log1p(-rates)
            # 0 * -inf is nan: a label that is certain is kept a hair from it.
            struck, silent = np.maximum(struck, -700.0), np.maximum(silent, -700.0)
            chance = np.exp((struck - silent) @ bits.T + silent.sum(axis=1)[:, None])
            found = found + weight * chance.sum(axis=1)
        return np.asarray(found)
