"""Probabilities of every known set of labels on the step to come: what drawing needs.

The mathematics are those of :meth:`groove.ngram.language.model.GrooveModel.probability`, for one
context and all sets of labels that were heard in training. Backing off is linear: a probability is
a sum of discounted ones, each times what the longer contexts leave to it. So the shares come first,
as plain numbers, and the few sets of each long context are added up in one go; only the contexts of
orders 0 and 1, which have hundreds of sets, are kept as whole vectors.

What belongs here: vectors of probabilities. What does not: the chain over labels
(:mod:`groove.ngram.play.chances`), what is drawn (:mod:`groove.ngram.play.sampling`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from groove.ngram.language.context import FEATURE_BITS, FEATURES, Ints, columns_of
from groove.ngram.language.levels import Chain, Floats, Level
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.chances import Chances, find

_RUN = FEATURES.index("run")
#: Contexts up to this order are kept as vectors of all sets.
_WHOLE = 1
#: Contexts kept of one chain before they are forgotten.
_MOST_KEPT = 50_000
_UNKNOWN = -2

#: Sets of a context by their place among all, their discounted probabilities, what is left over.
_Node = tuple[Ints, Floats, float]


@dataclass
class _Sum:
    """Discounted probabilities of sets, and by how much each group of them counts."""

    places: list[Ints] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)


class Outlook:
    """Probabilities of all of a model's symbols after one context.

    Parameters
    ----------
    model
        Whose probabilities.
    """

    def __init__(self, model: GrooveModel) -> None:
        self._symbols = model.symbols
        self._weights, self._given_weights = model.weights.tolist(), model.given_weights.tolist()
        self._chances = Chances(model)
        base = model.unseen(model.symbols)
        lineages = [[number for number in line if number >= 0] for line in model.lineages.tolist()]
        self._chains = [
            _ChainOutlook(
                chain,
                columns_of(chain.name)[: min(model.order, chain.order)],
                base,
                self._symbols,
                lineages,
                model.share,
            )
            for chain in model.chains
        ]

    def of(self, context: Sequence[int], conditions: Sequence[int] = ()) -> Floats:
        """Return ``float64[symbols]``: the probability of each of ``model.symbols``.

        They sum to less than 1: the rest is for sets of labels never heard.

        Parameters
        ----------
        context
            Features in the order of ``context.FEATURES``.
        conditions
            Numbers of the conditions; none is any loop.
        """
        given = tuple(number for number in conditions if number > 0)
        run = context[_RUN]
        # Weights of the chains without conditions, and of the same with them.
        plain = self._given_weights[run] if given else self._weights[run]
        count = len(self._chains) + 1
        known = plain[count:] if given else [0.0] * count
        some = _Sum()
        by_label, under = self._chances.of(context, given)
        found = plain[count - 1] * by_label
        if given:
            found += known[-1] * under
        for chain, *weights in zip(self._chains, plain, known, strict=False):
            found += chain.add(context, given, weights, some)
        if some.places:
            sizes = [len(places) for places in some.places]
            values = np.concatenate(some.values) * np.repeat(some.shares, sizes)
            found += np.bincount(np.concatenate(some.places), weights=values, minlength=len(found))
        return np.asarray(found)


class _ChainOutlook:
    """The same of one chain over sets of labels."""

    def __init__(
        self,
        chain: Chain,
        columns: list[int],
        base: Floats,
        symbols: Ints,
        lineages: list[list[int]],
        share: float,
    ) -> None:
        self._chain, self._columns, self._base = chain, columns, base
        self._symbols, self._lineages, self._share = symbols, lineages, share
        self._children: list[dict[int, int]] = [{} for _ in range(len(columns) + 1)]
        self._nodes: dict[tuple[int, int, int], _Node | None] = {}
        self._vectors: dict[tuple[int, int, int], Floats] = {}

    def add(
        self, context: Sequence[int], given: tuple[int, ...], weights: Sequence[float], some: _Sum
    ) -> Floats:
        """Return the part of short contexts; add that of long ones to ``some``.

        ``weights`` are those without the conditions and with them.
        """
        if len(self._nodes) > _MOST_KEPT:
            self._nodes.clear()
            self._vectors.clear()
            for children in self._children:
                children.clear()
        nodes, node = [0], 0
        for k, column in enumerate(self._columns, start=1):
            children, key = self._children[k], node << FEATURE_BITS | context[column]
            node = children.get(key, _UNKNOWN)
            if node == _UNKNOWN:
                node = children[key] = find(self._chain.any_condition[k], key)
            if node < 0:
                break
            nodes.append(node)
        plain, known = weights
        if not known or not self._chain.by_condition:
            return self._line(nodes, [0], 0.0, plain + known, some)
        found = self._base * 0.0
        for condition in given:
            line = [0, *self._lineages[condition]]
            found += self._line(nodes, line, known / len(given), plain / len(given), some)
        return found

    def _line(
        self, nodes: Sequence[int], line: Sequence[int], weight: float, plain: float, some: _Sum
    ) -> Floats:
        """Return the part of short contexts along a line of conditions from any on.

        Parameters
        ----------
        nodes
            Contexts by order.
        line
            Conditions, each the parent of the next.
        weight, plain
            Weights of the probability under the last condition, and under the first: any.
        some
            Where the part of long contexts is added.
        """
        longest = len(nodes) - 1
        low = min(_WHOLE, longest)
        above = [0.0] * len(nodes)
        above[longest] = weight
        found: Floats | None = None
        for depth in range(len(line) - 1, -1, -1):
            condition, shares = line[depth], above
            above = [0.0] * len(nodes)
            if not depth:
                shares[longest] += plain
            for k in range(longest, low, -1):
                share = shares[k]
                known = self._node(k, nodes[k], condition)
                if known is not None:
                    some.places.append(known[0])
                    some.values.append(known[1])
                    some.shares.append(share)
                    share *= known[2]
                if depth:
                    shares[k - 1] += share * self._share
                    above[k] = share * (1.0 - self._share)
                else:
                    shares[k - 1] += share
            if shares[low]:
                part = shares[low] * self._vector(low, nodes, line[: depth + 1])
                found = part if found is None else found + part
        return self._base * 0.0 if found is None else found

    def _vector(self, k: int, nodes: Sequence[int], line: Sequence[int]) -> Floats:
        """Return the distribution at a context of order ``k`` under the last of a line."""
        key = (k, nodes[k], line[-1])
        kept = self._vectors.get(key)
        if kept is None:
            kept = self._base if k == 0 else self._vector(k - 1, nodes, line)
            if len(line) > 1:
                kept = self._share * kept + (1.0 - self._share) * self._vector(k, nodes, line[:-1])
            known = self._node(k, nodes[k], line[-1])
            if known is not None:
                kept = known[2] * kept
                kept[known[0]] += known[1]
            self._vectors[key] = kept
        return kept

    def _node(self, k: int, node: int, condition: int) -> _Node | None:
        """Return what is known of a context under a condition (0: any)."""
        key = (k, node, condition)
        if key in self._nodes:
            return self._nodes[key]
        level, at = self._chain.any_condition[k], node
        if condition:
            level = self._chain.by_condition[k]
            at = find(level, node << FEATURE_BITS | condition)
        found = None if at < 0 else self._read(level, at)
        self._nodes[key] = found
        return found

    def _read(self, level: Level, at: int) -> _Node:
        start, end = level.first.item(at), level.first.item(at + 1)
        own = level.probability[start:end]
        places = self._symbols.searchsorted(level.symbol[start:end])
        return places, own, 1.0 - float(np.add.reduce(own))
