"""The groove model: how likely each set of drums is on the next step.

The model mixes two chains of context features (:mod:`groove.ngram.language.context`) with fixed weights.
Along a chain it is a mixture over contexts, from none to the longest::

    p(s | c_k)         = a(s | c_k)        + r(c_k)        * p(s | c_{k-1})
    p(s | style, c_k)  = a(s | style, c_k) + r(style, c_k) * (share * p(s | style, c_{k-1})
                                                              + (1 - share) * p(s | c_k))

``a`` are discounted probabilities and ``r = 1 - sum(a)`` what they leave
(:mod:`groove.ngram.language.estimate`). So a style that was seldom heard in a context falls back both to
what the style does in general and to what all styles do there. A context that never occurred
passes everything on.

Below order 0 stands a distribution over *every* set of labels, seen or not: each label is struck
independently, as often as in training (with one half added, Krichevsky and Trofimov 1981). It is
reached through the rest that order 0 leaves. So an unseen set has an exact probability, and the
probabilities of all ``2 ** labels`` sets sum to 1 after any context.

What belongs here: look-up and likelihood. What does not: fitting (:mod:`groove.ngram.language.training`),
drawing (:mod:`groove.ngram.play.sampling`), bytes (:mod:`groove.ngram.language.codec`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.ngram.language.context import FEATURE_BITS, Ints, columns_of
from groove.ngram.language.counts import SYMBOL_BITS
from groove.ngram.language.forms import LEAD_BARS
from groove.ngram.play.expression import Expression

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """Contexts of one order and their discounted n-grams.

    Parameters
    ----------
    keys
        ``int64[contexts]``, sorted. Any style: ``parent << FEATURE_BITS | feature``. One style:
        ``context << FEATURE_BITS | style``, where ``context`` is the place in the level of any
        style.
    first
        ``int64[contexts + 1]``: where each context's n-grams start.
    symbol
        ``int64[n-grams]``: sets of labels, sorted within each context.
    probability
        ``float64[n-grams]``: discounted.
    """

    keys: Ints
    first: Ints
    symbol: Ints
    probability: Floats

    @cached_property
    def rest(self) -> Floats:
        """What each context leaves to shorter ones."""
        if not len(self.probability):
            return np.ones(len(self.keys))
        return np.asarray(1.0 - np.add.reduceat(self.probability, self.first[:-1]))

    @cached_property
    def packed(self) -> Ints:
        """``context << SYMBOL_BITS | symbol`` per n-gram, sorted."""
        context = np.repeat(np.arange(len(self.keys)), np.diff(self.first))
        return np.asarray(context << SYMBOL_BITS | self.symbol)

    def find(self, keys: Ints) -> Ints:
        """Return the context of each key, -1 where it never occurred."""
        return _find(self.keys, keys)

    def discounted(self, context: Ints, symbol: Ints) -> Floats:
        """Return the discounted probability of each symbol in its context (0 if unseen there)."""
        at = _find(self.packed, np.where(context < 0, -1, context << SYMBOL_BITS | symbol))
        return np.where(at < 0, 0.0, self.probability[np.maximum(at, 0)])


def _find(sorted_keys: Ints, keys: Ints) -> Ints:
    if not len(sorted_keys):
        return np.full(len(keys), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.where(sorted_keys[at] == keys, at, -1)


@dataclass(frozen=True)
class Chain:
    """Levels along one chain of context features.

    Parameters
    ----------
    name
        See :data:`groove.ngram.language.context.CHAINS`.
    weight
        Share of this chain in the model's probability; the chains' shares sum to 1.
    any_style, by_style
        One level per order, from 0.
    """

    name: str
    weight: float
    any_style: tuple[Level, ...]
    by_style: tuple[Level, ...]

    @cached_property
    def columns(self) -> list[int]:
        """Where this chain's features stand among all features."""
        return columns_of(self.name)


@dataclass(frozen=True)
class GrooveModel:
    """A trained groove model.

    Parameters
    ----------
    labels
        Names of the labels, by bit.
    order
        Context features used.
    label_rates
        ``float64[labels]``: share of training steps that strike each label.
    styles
        Style names by number; the empty one is "not known".
    share
        Weight of the styled shorter context against the unstyled context when backing off.
    chains
        At least one.
    expression
        Velocities, micro-timing and flams.
    starts
        ``int64[...]``: symbols of the lead-ins that ``card["forms"]`` points into.
    card
        Everything else that travels with the model: specs, styles with meter and tempo, licences.
    """

    labels: tuple[str, ...]
    order: int
    label_rates: Floats
    styles: tuple[str, ...]
    share: float
    chains: tuple[Chain, ...]
    expression: Expression
    starts: Ints
    card: Mapping[str, Any]

    @cached_property
    def symbols(self) -> Ints:
        """Every set of labels heard in training, sorted: what sampling draws from."""
        return self.chains[0].any_style[0].symbol

    def unseen(self, symbol: Ints) -> Floats:
        """Return the probability of each set of labels if labels were struck independently."""
        bits = symbol[:, None] >> np.arange(len(self.labels)) & 1
        factors = np.where(bits == 1, self.label_rates, 1.0 - self.label_rates)
        return np.asarray(factors.prod(axis=1))

    def probability(
        self,
        features: Ints,
        symbol: Ints,
        style: Ints | None = None,
        order: int | None = None,
    ) -> Floats:
        """Return the probability of each symbol after its context.

        Parameters
        ----------
        features
            ``int64[events, features]`` of :func:`groove.ngram.language.context.features_of`.
        symbol
            ``int64[events]``.
        style
            Style number per event, -1 for any; ``None`` is any for all.
        order
            Features to use; the model's own order by default.
        """
        order = self.order if order is None else min(order, self.order)
        base = self.unseen(symbol)
        parts = [
            chain.weight
            * self._along(chain, features[:, chain.columns], symbol, style, order, base)
            for chain in self.chains
        ]
        return np.asarray(np.sum(parts, axis=0))

    def _along(
        self,
        chain: Chain,
        features: Ints,
        symbol: Ints,
        style: Ints | None,
        order: int,
        base: Floats,
    ) -> Floats:
        """Return the probability of each symbol along one chain."""
        general, styled = base, base
        context = np.zeros(len(symbol), dtype=np.int64)
        for k in range(order + 1):
            level = chain.any_style[k]
            if k:
                keys = np.where(context < 0, -1, context << FEATURE_BITS | features[:, k - 1])
                context = level.find(keys)
            known = context >= 0
            rest = np.where(known, level.rest[np.maximum(context, 0)], 1.0)
            general = level.discounted(context, symbol) + rest * general
            if style is None:
                continue
            level = chain.by_style[k]
            at = level.find(
                np.where(known & (style >= 0), context << FEATURE_BITS | np.maximum(style, 0), -1)
            )
            rest = np.where(at >= 0, level.rest[np.maximum(at, 0)], 1.0)
            shorter = np.where(known, self.share * styled + (1 - self.share) * general, styled)
            styled = level.discounted(at, symbol) + rest * shorter
        return general if style is None else np.where(style >= 0, styled, general)

    def leads(self, style: str | None, form: tuple[int, int, int]) -> Ints:
        """Return the lead-ins of a style in (numerator, denominator, resolution).

        A style that never was in that form has those of any style; ``int64[leads, steps of the
        lead]``, without rows if there is none at all.
        """
        forms = self.card["forms"]
        for candidates in (forms.get(style or "", []), forms[""]):
            for found in candidates:
                if form == (found["numerator"], found["denominator"], found["resolution"]):
                    width = LEAD_BARS * found["steps"]
                    size = found["starts"] * width
                    return self.starts[found["start"] : found["start"] + size].reshape(-1, width)
        return np.zeros((0, 0), dtype=np.int64)

    def style_number(self, style: str | None) -> int:
        """Return the number of a style, -1 for any.

        Raises
        ------
        KeyError
            If the model has never heard the style; the message lists those it has.
        """
        if not style:
            return -1
        if style not in self.styles:
            known = ", ".join(name for name in self.styles if name)
            raise KeyError(f"no style {style!r} in this model; it knows: {known}")
        return self.styles.index(style)
