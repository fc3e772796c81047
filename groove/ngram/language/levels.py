"""Look-up tables of discounted probabilities, and how they are mixed along a chain.

What belongs here: one chain, whatever its outcomes are: sets of labels, or a label struck or not.
What does not: what chains there are and how they are mixed (:mod:`groove.ngram.language.model`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from groove.ngram.language.context import FEATURE_BITS, Ints
from groove.ngram.language.counts import SYMBOL_BITS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """Contexts of one order and their discounted n-grams.

    Parameters
    ----------
    keys
        ``int64[contexts]``, sorted. Any loop: ``parent << FEATURE_BITS | feature``. By
        condition: ``context << FEATURE_BITS | condition``, where ``context`` is the place in
        the level of any loop.
    first
        ``int64[contexts + 1]``: where each context's n-grams start.
    symbol
        ``int64[n-grams]``: outcomes, sorted within each context.
    probability
        ``float64[n-grams]``: discounted.
    """

    keys: Ints
    first: Ints
    symbol: Ints
    probability: Floats

    @cached_property
    def context(self) -> Ints:
        """The context of each n-gram."""
        return np.repeat(np.arange(len(self.keys)), np.diff(self.first))

    @cached_property
    def rest(self) -> Floats:
        """What each context leaves to shorter ones."""
        held = np.bincount(self.context, weights=self.probability, minlength=len(self.keys))
        return np.asarray(1.0 - held)

    @cached_property
    def packed(self) -> Ints:
        """``context << SYMBOL_BITS | symbol`` per n-gram, sorted."""
        return np.asarray(self.context << SYMBOL_BITS | self.symbol)

    def find(self, keys: Ints) -> Ints:
        """Return the context of each key, -1 where it never occurred."""
        return _find(self.keys, keys)

    def discounted(self, context: Ints, symbol: Ints) -> Floats:
        """Return the discounted probability of each outcome in its context (0 if unseen there)."""
        if not len(self.packed):
            return np.zeros(len(symbol))
        at = _find(self.packed, np.where(context < 0, -1, context << SYMBOL_BITS | symbol))
        return np.where(at < 0, 0.0, self.probability[np.maximum(at, 0)])

    def rest_of(self, context: Ints) -> Floats:
        """Return what each context leaves to shorter ones: everything where it is -1."""
        if not len(self.keys):
            return np.ones(len(context))
        return np.where(context >= 0, self.rest[np.maximum(context, 0)], 1.0)


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
    any_condition, by_condition
        One level per order, from 0. A model without conditions has no levels by condition.
    """

    name: str
    any_condition: tuple[Level, ...]
    by_condition: tuple[Level, ...]

    @property
    def order(self) -> int:
        """Features used."""
        return len(self.any_condition) - 1

    def contexts(self, features: Ints, order: int) -> list[Ints]:
        """Return the context of each event per order, -1 where it never occurred.

        Parameters
        ----------
        features
            ``int64[events, features]``: those of this chain, in order.
        order
            Highest order asked for; the chain's own if that is less.
        """
        context = np.zeros(len(features), dtype=np.int64)
        found = [context]
        for k in range(1, min(order, self.order) + 1):
            keys = np.where(context < 0, -1, context << FEATURE_BITS | features[:, k - 1])
            context = self.any_condition[k].find(keys)
            found.append(context)
        return found

    def probability(
        self, contexts: Sequence[Ints], symbol: Ints, base: Floats, given: Given | None = None
    ) -> Floats:
        """Return the probability of each outcome after its context.

        Parameters
        ----------
        contexts
            Of :meth:`contexts`.
        symbol
            ``int64[events]``.
        base
            ``float64[events]``: probability of each outcome below order 0.
        given
            Conditions; none is any loop.
        """
        path = self._path(contexts, symbol, base)
        return path[-1] if given is None else self._given(contexts, symbol, base, path, given)

    def both(
        self, contexts: Sequence[Ints], symbol: Ints, base: Floats, given: Given
    ) -> tuple[Floats, Floats]:
        """Return :meth:`probability` without the conditions, and with them."""
        path = self._path(contexts, symbol, base)
        return path[-1], self._given(contexts, symbol, base, path, given)

    def _path(self, contexts: Sequence[Ints], symbol: Ints, base: Floats) -> list[Floats]:
        """Return the probability per order, whatever the condition."""
        path = []
        for context, level in zip(contexts, self.any_condition, strict=False):
            base = level.discounted(context, symbol) + level.rest_of(context) * base
            path.append(base)
        return path

    def _given(
        self,
        contexts: Sequence[Ints],
        symbol: Ints,
        base: Floats,
        path: Sequence[Floats],
        given: Given,
    ) -> Floats:
        """Return the mean probability under an event's conditions; without any, the plain one."""
        if not self.by_condition:
            return path[-1]
        total, number = np.zeros(len(symbol)), np.zeros(len(symbol))
        for column in given.condition.T:
            at = np.flatnonzero(column > 0)
            lines = given.lineages[column[at]]
            here = [context[at] for context in contexts]
            above = [probability[at] for probability in path]
            for line in lines.T:
                above = self._under(line, here, symbol[at], base[at], above, given.share)
            total[at] += above[-1]
            number[at] += 1
        return np.where(number > 0, total / np.maximum(number, 1), path[-1])

    def _under(
        self,
        condition: Ints,
        contexts: Sequence[Ints],
        symbol: Ints,
        base: Floats,
        above: Sequence[Floats],
        share: float,
    ) -> list[Floats]:
        """Return the probability per order under a condition, given that under its parent."""
        here = condition >= 0
        shorter, found = base, []
        for level, context, parent in zip(self.by_condition, contexts, above, strict=False):
            known = context >= 0
            keys = np.where(known & here, context << FEATURE_BITS | np.maximum(condition, 0), -1)
            node = level.find(keys)
            mixed = np.where(known, share * shorter + (1 - share) * parent, shorter)
            shorter = level.discounted(node, symbol) + level.rest_of(node) * mixed
            found.append(np.where(here, shorter, parent))
        return found


@dataclass(frozen=True)
class Given:
    """Conditions of events.

    Parameters
    ----------
    condition
        ``int64[events, m]``: their numbers; 0 and below are none.
    lineages
        ``int64[conditions, depth]``: each condition's ancestors below any, itself last, then -1.
    share
        Weight of the shorter context when backing off, against the parent condition.
    """

    condition: Ints
    lineages: Ints
    share: float
