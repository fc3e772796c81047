"""A groove model from its ingredients.

What belongs here: putting counts, bars and settings together, and the card. What does not: the
choice of settings (:mod:`groove.ngram.language.training`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from groove.core.digest import digest
from groove.midi import taxonomy
from groove.ngram.corpus.conditions import names_by_bar
from groove.ngram.language import forms
from groove.ngram.language.build import Ladder, chain_of, label_rates, ladder_of
from groove.ngram.language.context import CHAINS, Ints
from groove.ngram.language.counts import Counts
from groove.ngram.language.labels import LABEL_FEATURES, LABELS_CHAIN, label_counts
from groove.ngram.language.levels import Floats
from groove.ngram.language.loops import Loops
from groove.ngram.language.mixture import default_given, default_weights
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.expression import Expression, fit_expression
from groove.ngram.spec import LengthWeight, ModelSpec, Smoothing


@dataclass(frozen=True)
class Ingredients:
    """What a model is made from.

    Parameters
    ----------
    bars
        Training rows of ``groove_events``, in order of key and bar.
    labels
        Names of the labels by bit.
    names
        Counted conditions by number, ``""`` first.
    number
        ``int64[names]``: the number of each in the model, -1 for those too rare.
    counts
        Chain to its counts per order; that over labels, too.
    """

    bars: pd.DataFrame
    labels: tuple[str, ...]
    names: tuple[str, ...]
    number: Ints
    counts: Mapping[str, Sequence[Counts]]

    @property
    def orders(self) -> int:
        """The highest order counted."""
        return min(len(self.counts[name]) for name in CHAINS) - 1

    @cached_property
    def general(self) -> Mapping[str, Ladder]:
        """Counts without conditions."""
        return self._ladders(np.where(np.arange(len(self.names)) == 0, 0, -1))

    def conditioned(self, condition_order: int) -> Mapping[str, Ladder]:
        """Counts of all conditions that are not too rare, up to an order."""
        if condition_order not in self._kept:
            self._kept[condition_order] = self._ladders(self.number, condition_order)
        return self._kept[condition_order]

    @cached_property
    def _kept(self) -> dict[int, Mapping[str, Ladder]]:
        return {}

    @cached_property
    def unplayed(self) -> Expression:
        """Expression that nothing was heard for: scoring needs none."""
        return fit_expression(self.bars.iloc[:0], len(self.labels), self.conditions)

    def _ladders(self, number: Ints, condition_order: int = 0) -> Mapping[str, Ladder]:
        return {
            name: ladder_of(counts, number, condition_orders(name, condition_order))
            for name, counts in self.counts.items()
        }

    @property
    def conditions(self) -> tuple[str, ...]:
        """Names of the conditions in the model by number."""
        return tuple(n for n, at in zip(self.names, self.number, strict=True) if at >= 0)


def ingredients_of(
    bars: pd.DataFrame,
    counted: tuple[Sequence[str], Mapping[str, Sequence[Counts]]],
    labels: Sequence[str],
    spec: ModelSpec,
    weight: LengthWeight = "sqrt",
    single: Sequence[Counts] | None = None,
) -> Ingredients:
    """Return the ingredients from training bars and their counts.

    Parameters
    ----------
    bars
        Training rows of ``groove_events``, in order of key and bar.
    counted
        Of :func:`groove.ngram.language.counts.counts_of_table` or
        :func:`groove.ngram.language.inmemory.counts_in_memory`.
    labels
        Names of the labels by bit.
    spec
        Which conditions are too rare.
    weight
        Weight of a loop by its length, for the counts of labels.
    single
        The counts of labels, where they are there already.
    """
    names, counts = counted
    return Ingredients(
        bars=bars,
        labels=tuple(labels),
        names=tuple(names),
        number=_numbered(bars, names, spec.min_condition_bars),
        counts={
            **{name: counts[name] for name in CHAINS},
            LABELS_CHAIN: label_counts(bars, names, len(labels), weight)
            if single is None
            else single,
        },
    )


def _numbered(bars: pd.DataFrame, names: Sequence[str], least: int) -> Ints:
    """Return the number of each counted condition in the model, -1 for those too rare."""
    bars_of = dict.fromkeys(names, 0)
    for true in names_by_bar(bars):
        for name in true:
            if name in bars_of:
                bars_of[name] += 1
    kept = np.array([not name or bars_of[name] >= least for name in names])
    return np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int64)


def assemble(
    parts: Ingredients,
    spec: ModelSpec,
    order: int,
    share: float = 0.7,
    weights: Floats | None = None,
    given_weights: Floats | None = None,
    *,
    conditioned: bool = True,
) -> GrooveModel:
    """Return a model of one order, to be scored: see :func:`described` for the rest of it.

    Parameters
    ----------
    parts
        What it is made from.
    spec
        Smoothing; ``auto`` is taken for ``absolute``.
    order, share, weights, given_weights
        See :class:`groove.ngram.language.model.GrooveModel`; default weights if there are none.
    conditioned
        Without conditions a model is only good for scoring without them.
    """
    ladders = parts.conditioned(spec.condition_order) if conditioned else parts.general
    method: Smoothing = "absolute" if spec.smoothing == "auto" else spec.smoothing
    chains = [
        chain_of(
            name,
            ladders[name],
            len(LABEL_FEATURES) if name == LABELS_CHAIN else order,
            "witten_bell" if name == LABELS_CHAIN else method,
            discount=spec.discount,
            condition_order=condition_orders(name, spec.condition_order),
        )
        for name in (*CHAINS, LABELS_CHAIN)
    ]
    lowest = next(iter(parts.general.values())).counts[0]
    symbols, n = lowest.symbol, lowest.n
    if weights is None:
        weights = default_weights([*CHAINS, LABELS_CHAIN])
    return GrooveModel(
        labels=parts.labels,
        order=order,
        label_rates=label_rates(symbols, n.astype(np.float64), len(parts.labels)),
        conditions=parts.conditions if conditioned else ("",),
        share=share,
        chains=tuple(chains[:-1]),
        label_chain=chains[-1],
        weights=weights,
        given_weights=default_given(weights) if given_weights is None else given_weights,
        expression=parts.unplayed,
        loops=Loops.of_bars(parts.bars.iloc[:0]),
        card={"smoothing": method},
    )


def condition_orders(chain: str, condition_order: int) -> int:
    """Return the highest order of a chain that has contexts by condition."""
    # A label's context is made of smaller features.
    return 2 * condition_order if chain == LABELS_CHAIN else condition_order


def described(
    model: GrooveModel,
    parts: Ingredients,
    spec: ModelSpec,
    about: Mapping[str, Any] | None = None,
    attribution: Sequence[str] = (),
) -> GrooveModel:
    """Return the model with what it plays with: expression, loops, and where it comes from."""
    bars = parts.bars
    sources = bars.drop_duplicates("key").groupby(["source", "license"], sort=True).size()
    by_source = sources.reset_index().itertuples(index=False, name=None)
    card = {
        "spec": spec.model_dump(),
        "smoothing": model.card["smoothing"],
        "chains": {chain.name: list(CHAINS[chain.name][: model.order]) for chain in model.chains},
        "taxonomy": taxonomy.DIGEST,
        "corpus": digest(sorted(set(bars["sha256"]))),
        "licenses": sorted(set(bars["license"])),
        "sources": sorted(set(bars["source"])),
        "attribution": [
            *(f"{source}: {count} loops, {terms}" for source, terms, count in by_source),
            *attribution,
        ],
        "loops": int(bars["key"].nunique()),
        "bars": len(bars),
        "forms": forms.collect(bars, model.conditions[1:]),
        **(about or {}),
    }
    return dataclasses.replace(
        model,
        expression=fit_expression(bars, len(parts.labels), parts.conditions),
        loops=Loops.of_bars(bars),
        card=card,
    )
