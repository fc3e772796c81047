"""The groove model: how likely each set of drums is on the next step.

The model mixes chains of context features (:mod:`groove.ngram.language.context`). Along a chain it
is a mixture over contexts, from none to the longest, and over conditions, from any loop to the
most specific. With ``u`` the parent of condition ``v`` (:mod:`groove.ngram.corpus.conditions`)::

    p(s | c_k)    = a(s | c_k)    + r(c_k)    * p(s | c_{k-1})
    p_v(s | c_k)  = a_v(s | c_k)  + r_v(c_k)  * (share * p_v(s | c_{k-1})
                                                 + (1 - share) * p_u(s | c_k))

``a`` are discounted probabilities and ``r = 1 - sum(a)`` what they leave
(:mod:`groove.ngram.language.estimate`). So a style that was seldom heard in a context falls back
both to what the style does in general and to what all styles do there. A context that never
occurred passes everything on. Under several conditions at once the mean of their probabilities
counts, chain by chain and label by label.

One more chain predicts each label by itself (:mod:`groove.ngram.language.labels`), by the same
formulas over the two outcomes struck and not struck. How much each chain counts hangs on how long
the last steps have repeated an earlier bar (feature ``run``). Under conditions each chain counts
twice, without them and with them, so that a condition that says little costs little::

    p(s)    = sum_i weight[run, i] * p_i(s)
    p_v(s)  = sum_i given_weight[run, i] * p_i(s) + given_weight[run, chains + i] * p_{v,i}(s)

Below order 0 stands a distribution over *every* set of labels, seen or not: each label is struck
independently, as often as in training (with one half added, Krichevsky and Trofimov 1981). It is
reached through the rest that order 0 leaves. So an unseen set has an exact probability, and the
probabilities of all ``2 ** labels`` sets sum to 1 after any context.

What belongs here: look-up and likelihood. What does not: fitting
(:mod:`groove.ngram.language.training`), all outcomes at once
(:mod:`groove.ngram.play.distribution`), bytes (:mod:`groove.ngram.language.codec`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from groove.ngram.corpus import conditions as lattice
from groove.ngram.language.context import FEATURES, Ints, columns_of
from groove.ngram.language.labels import CELL_BITS, cells_of, columns_of_cells
from groove.ngram.language.levels import Chain, Floats, Given
from groove.ngram.language.loops import Loops
from groove.ngram.language.smooth import Smooth, product
from groove.ngram.play.expression import Expression

_RUN = FEATURES.index("run")


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
    conditions
        Names of the conditions by number; number 0 is ``""``, any loop.
    share
        Weight of the shorter context under the same condition against the same context under
        the parent condition when backing off.
    chains
        Over sets of labels; at least one.
    label_chain
        Over single labels.
    weights
        ``float64[run classes, chains + 1]``: share of each chain by feature ``run``, that over
        labels last; each row sums to 1.
    given_weights
        ``float64[run classes, 2 * (chains + 1)]``: the same under conditions, of the chains
        without them and then with them.
    expression
        Velocities, micro-timing and flams.
    loops
        The training loops.
    card
        Everything else that travels with the model: specs, forms by condition, licences.
    """

    labels: tuple[str, ...]
    order: int
    label_rates: Floats
    conditions: tuple[str, ...]
    share: float
    chains: tuple[Chain, ...]
    label_chain: Chain
    weights: Floats
    given_weights: Floats
    expression: Expression
    loops: Loops
    card: Mapping[str, Any]

    @cached_property
    def symbols(self) -> Ints:
        """Every set of labels heard in training, sorted: what sampling draws from."""
        return self.chains[0].any_condition[0].symbol

    @property
    def chain_names(self) -> list[str]:
        """Names of the columns of ``weights``."""
        return [*(chain.name for chain in self.chains), self.label_chain.name]

    def knows_style(self, style: object) -> bool:
        """Return whether a style is one of the conditions."""
        return bool(self.resolve({"style": lattice.value_of(style)})[0])

    def unigram(self, symbol: Ints) -> Floats:
        """Return the probability of each set without any context."""
        nowhere = [np.zeros(len(symbol), dtype=np.int64)]
        return self.chains[0].probability(nowhere, symbol, self.unseen(symbol))

    @cached_property
    def parents(self) -> Ints:
        """Number of each condition's nearest known ancestor; that of 0 is 0."""
        number = {name: index for index, name in enumerate(self.conditions)}

        def known_parent(name: str) -> int:
            above = lattice.parent(name)
            while above not in number:
                above = lattice.parent(above)
            return number[above]

        return np.array([known_parent(name) for name in self.conditions], dtype=np.int64)

    @cached_property
    def lineages(self) -> Ints:
        """Per condition its ancestors from the eldest below any to itself, -1 at the end."""
        lines: list[list[int]] = []
        for number in range(len(self.conditions)):
            line = [number] if number else []
            while line and self.parents[line[0]]:
                line.insert(0, int(self.parents[line[0]]))
            lines.append(line)
        table = np.full((len(lines), max(map(len, lines), default=0)), -1, dtype=np.int64)
        for row, line in zip(table, lines, strict=True):
            row[: len(line)] = line
        return table

    def unseen(self, symbol: Ints) -> Floats:
        """Return the probability of each set of labels if labels were struck independently."""
        return product(symbol, self.label_rates[None])

    def probability(
        self,
        features: Ints,
        symbol: Ints,
        condition: Ints | None = None,
        order: int | None = None,
    ) -> Floats:
        """Return the probability of each symbol after its context.

        Parameters
        ----------
        features
            ``int64[events, features]`` of :func:`groove.ngram.language.context.features_of`.
        symbol
            ``int64[events]``.
        condition
            Number of the condition per event, ``int64[events]``, or several of them,
            ``int64[events, m]``; -1 is none. ``None`` is none for all.
        order
            Features to use; the model's own order by default.
        """
        parts = self.parts(features, symbol, condition, order)
        weights = self._weights(features, condition)[:, : len(parts)]
        return np.asarray((weights * parts.T).sum(axis=1))

    def _weights(self, features: Ints, condition: Ints | None) -> Floats:
        """Return the weights of chains without and with conditions, for each event."""
        run = features[:, _RUN]
        plain = np.concatenate([self.weights, np.zeros_like(self.weights)], axis=1)[run]
        if condition is None:
            return plain
        known = np.asarray((condition.reshape(len(features), -1) > 0).any(axis=1))
        return np.where(known[:, None], self.given_weights[run], plain)

    def parts(
        self,
        features: Ints,
        symbol: Ints,
        condition: Ints | None = None,
        order: int | None = None,
    ) -> Floats:
        """Return the probability by each chain, ``float64[chains + 1, events]``.

        Under conditions there are twice as many: without them, then with them.
        """
        base, given = self.unseen(symbol), self._given(condition, len(symbol))
        order = self.order if order is None else order
        plain, known = [], []
        for chain in self.chains:
            contexts = chain.contexts(features[:, columns_of(chain.name)], order)
            if given is None:
                plain.append(chain.probability(contexts, symbol, base))
            else:
                general, conditioned = chain.both(contexts, symbol, base, given)
                plain.append(general)
                known.append(conditioned)
        plain.append(product(symbol, self.struck(features, None, order)))
        if given is not None:
            known.append(product(symbol, self.struck(features, condition, order)))
        return np.stack([*plain, *known])

    def struck(
        self, features: Ints, condition: Ints | None = None, order: int | None = None
    ) -> Floats:
        """Return how likely the chain over labels has each struck, ``float64[events, labels]``."""
        cells = cells_of(features, len(self.labels))
        given = self._given(condition, len(features))
        if given is None:
            asked, at = np.unique(cells, return_inverse=True)
        else:
            # Few contexts differ: each is looked up once per set of conditions.
            sets, group = np.unique(given.condition, axis=0, return_inverse=True)
            keys = group.reshape(-1, 1) << CELL_BITS | cells
            asked, at = np.unique(keys, return_inverse=True)
            given = dataclasses.replace(given, condition=sets[asked >> CELL_BITS])
            asked = asked & (1 << CELL_BITS) - 1
        columns = columns_of_cells(asked)
        order = min(self.order if order is None else order, self.label_chain.order)
        found = self.label_chain.probability(
            self.label_chain.contexts(columns, order),
            np.ones(len(asked), dtype=np.int64),
            self.label_rates[columns[:, 0]],
            given,
        )
        return np.asarray(found[at].reshape(cells.shape))

    def smooth(self, features: Ints, condition: Ints | None = None) -> Smooth:
        """Return what each context gives to every set of labels.

        The probability of a set is this plus what the n-grams over sets have discounted for it;
        that is 0 for a set never heard.
        """
        given = self._given(condition, len(features))
        weights = self._weights(features, condition).T
        # No n-gram has this outcome, so all that is left of a base of 1 is the rest.
        nothing, ones = np.full(len(features), -1, dtype=np.int64), np.ones(len(features))
        rest, chains = np.zeros(len(features)), len(self.chains)
        for number, chain in enumerate(self.chains):
            contexts = chain.contexts(features[:, columns_of(chain.name)], self.order)
            rest += weights[number] * chain.probability(contexts, nothing, ones)
            if given is not None:
                left = chain.probability(contexts, nothing, ones, given)
                rest += weights[chains + 1 + number] * left
        conditions = [None] if given is None else [None, condition]
        return Smooth(
            rest=rest,
            weights=weights[chains :: chains + 1][: len(conditions)],
            struck=np.stack([self.struck(features, one) for one in conditions]),
            label_rates=self.label_rates,
        )

    def sum_to_one_error(self, features: Ints, condition: Ints | None = None) -> float:
        """Return how far the probabilities of all sets of labels are from 1, at worst.

        Sets that were heard are asked for one by one; those that were not are all sets less the
        heard ones, of the two parts that reach them (:meth:`smooth`).

        Parameters
        ----------
        features, condition
            Contexts, as :meth:`probability` takes them. Each costs a look-up of every symbol.

        Returns
        -------
        float
            The largest difference from 1; infinite if a probability is negative or not a number.
        """
        worst = 0.0
        for row in range(len(features)):
            context = np.repeat(features[row : row + 1], len(self.symbols), axis=0)
            given = None if condition is None else condition[row : row + 1]
            repeated = None if given is None else np.repeat(given, len(self.symbols), axis=0)
            heard = self.probability(context, self.symbols, repeated)
            if not np.isfinite(heard).all() or (heard < 0).any():
                return float("inf")
            smooth = self.smooth(features[row : row + 1], given)
            every = float(smooth.rest[0] + smooth.weights[:, 0].sum())
            unheard = every - float(smooth.among(self.symbols)[0])
            worst = max(worst, abs(float(heard.sum()) + unheard - 1.0))
        return worst

    def _given(self, condition: Ints | None, events: int) -> Given | None:
        if condition is None or not self.lineages.shape[1]:
            return None
        return Given(condition.reshape(events, -1), self.lineages, self.share)

    def resolve(self, wanted: Mapping[str, str | None]) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """Return (numbers of the conditions that serve a wish, tags that nothing serves).

        See :func:`groove.ngram.corpus.conditions.resolve`.
        """
        found = lattice.resolve(wanted, self.conditions[1:])
        return tuple(self.conditions.index(name) for name in found.names), found.ignored

    def conditions_of(self, bars: pd.DataFrame) -> Ints:
        """Return the numbers of the conditions that serve each row of ``groove_events``.

        Returns
        -------
        numpy.ndarray
            ``int64[rows, m]``, -1 where there are fewer than ``m``.
        """
        known = {name: number for number, name in enumerate(self.conditions)}
        served: dict[tuple[str, ...], list[int]] = {}
        rows = lattice.names_by_bar(bars)
        for names in set(rows):
            wanted = {k: v for name in names for k, v in lattice.tags_of_name(name).items()}
            served[names] = [known[n] for n in lattice.resolve(wanted, known).names]
        width = max(map(len, served.values()), default=0)
        table = np.full((len(rows), max(1, width)), -1, dtype=np.int64)
        for row, names in zip(table, rows, strict=True):
            row[: len(served[names])] = served[names]
        return table

    def forms(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Return the forms played under the first of the conditions that has any, else by all.

        A condition too rare to have forms has those of its parent.
        """
        listed = self.card["forms"]
        for number in numbers:
            at = number
            while at > 0:
                if self.conditions[at] in listed:
                    return list(listed[self.conditions[at]])
                at = int(self.parents[at])
        return list(listed[""])

    def leads(self, numbers: Sequence[int], form: tuple[int, int, int]) -> Ints:
        """Return the lead-ins under conditions in (numerator, denominator, resolution).

        Conditions that never were in that form have those of any loop; ``int64[leads, steps of
        the lead]``, without rows if there is none at all.
        """
        for candidates in (self.forms(numbers), self.forms(())):
            for found in candidates:
                if form == (found["numerator"], found["denominator"], found["resolution"]):
                    return self.loops.leads(found["starts"])
        return np.zeros((0, 0), dtype=np.int64)
