"""Fitting the groove model: orders and style shares on validation, figures on test.

What belongs here: what is chosen on which split, and what is reported. What does not: estimates
(:mod:`groove.ngram.language.estimate`), look-up (:mod:`groove.ngram.language.model`).

Figures are bits: the mean of ``-log2 p(step | context)`` over every step, empty ones included.
Contexts start afresh with each loop. All bars count, fills too.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from groove.core.digest import table_digest
from groove.core.models import Headline, ModelError, model_row
from groove.core.splits import TEST, TRAIN, VALIDATION
from groove.core.store import Store
from groove.core.tracking import Tracker
from groove.midi.taxonomy import LABELS
from groove.ngram.language import forms
from groove.ngram.language.build import label_rates, levels_of
from groove.ngram.language.codec import pack
from groove.ngram.language.context import CHAINS, Ints, events_of_bars, features_of
from groove.ngram.language.counts import Counts, counts_of_table
from groove.ngram.language.model import Chain, Floats, GrooveModel
from groove.ngram.play.expression import fit_expression
from groove.ngram.spec import ModelSpec, Smoothing
from groove.ngram.tables import GROOVE_EVENTS, GROOVE_NGRAMS

VERSION = "1"


@dataclasses.dataclass(frozen=True)
class Heldout:
    """One split, ready to be scored: arrays with one entry per step.

    Parameters
    ----------
    features, symbol, style
        Context features, the step's symbol, the style's number (-1: not known to the model).
    bars, hits, groups
        What figures are divided by and reported with.
    """

    features: Ints
    symbol: Ints
    style: Ints
    bars: int
    hits: int
    groups: int


def heldout(bars: pd.DataFrame, styles: Sequence[str]) -> Heldout:
    """Return rows of ``groove_events`` ready to be scored."""
    events = events_of_bars(bars)
    number = {name: index for index, name in enumerate(styles)}
    style = np.array([number.get(name, -1) for name in bars["style"].fillna("")], dtype=np.int64)
    return Heldout(
        features=features_of(events),
        symbol=events.symbol,
        style=style[events.bar],
        bars=len(bars),
        hits=int(sum(len(steps) for steps in bars["hit_step"])),
        groups=int(bars["split_group"].nunique()),
    )


def bits(probability: Floats) -> float:
    """Return the mean code length in bits."""
    return float(-np.log2(probability).mean())


def fit_model(
    bars: pd.DataFrame,
    styles: Sequence[str],
    counts: Mapping[str, Sequence[Counts]],
    order: int,
    smoothing: Smoothing,
    *,
    share: float = 0.5,
    styled: bool = True,
) -> GrooveModel:
    """Return the model of one order, chains in equal shares.

    Parameters
    ----------
    bars
        Training bars: they give velocities and timing.
    styles, counts
        Of :func:`groove.ngram.language.counts.counts_of_table`.
    order, smoothing, share
        See :class:`groove.ngram.spec.ModelSpec`.
    styled
        Without styles, a model is only good for scoring without them.
    """
    lowest = next(iter(counts.values()))[0]
    chains = tuple(
        Chain(
            name,
            1.0 / len(counts),
            levels_of(orders, order, smoothing, styled=False),
            levels_of(orders, order, smoothing, styled=True) if styled else (),
        )
        for name, orders in counts.items()
    )
    return GrooveModel(
        labels=LABELS,
        order=order,
        label_rates=label_rates(lowest.symbol, lowest.n.astype(np.float64), len(LABELS)),
        styles=tuple(styles),
        share=share,
        chains=chains,
        expression=fit_expression(bars, len(LABELS)),
        starts=np.zeros(0, np.int64),
        card={},
    )


def train(
    groove_events: pd.DataFrame,
    groove_ngrams: pd.DataFrame,
    *,
    spec: ModelSpec,
    store: Store,
    tracker: Tracker,
) -> list[dict[str, Any]]:
    """Return the one row of ``groove_model``; the model is in the store and with the tracker.

    Raises
    ------
    ModelError
        If a split has no bars.
    """
    started = time.monotonic()
    sides = dict(list(groove_events.groupby("split")))
    if missing := [name for name in (TRAIN, VALIDATION, TEST) if name not in sides]:
        raise ModelError(f"no drum loop in {missing}: at least three groups are needed")
    training = sides[TRAIN].reset_index(drop=True)
    styles, counts = counts_of_table(groove_ngrams)
    most = min(len(orders) for orders in counts.values()) - 1
    validation = heldout(sides[VALIDATION].reset_index(drop=True), styles)
    test = heldout(sides[TEST].reset_index(drop=True), styles)
    inputs = {
        "groove_events": table_digest(groove_events, GROOVE_EVENTS),
        "groove_ngrams": table_digest(groove_ngrams, GROOVE_NGRAMS),
    }
    with tracker.run("groove_model", spec.model_dump(), inputs) as run:
        history: list[dict[str, float]] = []
        weights: list[float] = []
        tried = range(most + 1) if spec.order < 0 else sorted({0, min(spec.order, most)})
        for order in tried:
            figure, weight = _score(training, styles, counts, order, spec, validation)
            weights.append(weight)
            history.append({"epoch": float(order), "validation_bits_per_event": figure})
            run.log(history[-1], step=order)
        last = len(history) - 1
        best = min(range(len(history)), key=lambda i: history[i]["validation_bits_per_event"])
        chosen = best if spec.order < 0 else last
        order = tried[chosen]
        model = fit_model(training, styles, counts, order, spec.smoothing)
        model = _with_chains(model, weights[chosen])
        model = _with_share(model, spec.style_shares, validation)
        model = _described(model, training, spec)
        baseline, _ = _score(training, styles, counts, 0, spec, test)
        metrics = {**_figures(model, test), "test_bits_per_event_order0": baseline}
        metrics |= {"order": float(order), "style_share": model.share}
        metrics["bar_chain_share"] = weights[chosen]
        run.log(metrics, step=order)
        data = pack(model)
        blob = store.write(data, ".parquet")
        run.model("groove_model", {"model.parquet": data})
        return [
            model_row(
                spec=spec.model_dump(),
                headline=Headline(
                    "test_bits_per_event",
                    metrics["test_bits_per_event"],
                    "order 0",
                    baseline,
                    False,
                ),
                metrics=metrics,
                history=history,
                data=data,
                blob=blob,
                groups=(int(training["split_group"].nunique()), test.groups),
                inputs=inputs,
                licenses=model.card["licenses"],
                run_id=run.id,
                train_seconds=time.monotonic() - started,
            )
        ]


def _score(
    bars: pd.DataFrame,
    styles: Sequence[str],
    counts: Mapping[str, Sequence[Counts]],
    order: int,
    spec: ModelSpec,
    side: Heldout,
) -> tuple[float, float]:
    """Return (bits per event without styles, share of the bar chain it is reached with)."""
    model = fit_model(bars.iloc[:0], styles, counts, order, spec.smoothing, styled=False)
    tried = [_with_chains(model, share) for share in spec.chain_shares]
    figures = [bits(m.probability(side.features, side.symbol)) for m in tried]
    best = int(np.argmin(figures))
    return figures[best], spec.chain_shares[best]


def _with_chains(model: GrooveModel, share: float) -> GrooveModel:
    """Return the model with this weight on the bar chain, the rest on the other one."""
    chains = tuple(
        dataclasses.replace(chain, weight=share if chain.name == "bar" else 1.0 - share)
        for chain in model.chains
    )
    return dataclasses.replace(model, chains=chains)


def _with_share(model: GrooveModel, shares: Sequence[float], side: Heldout) -> GrooveModel:
    """Return the model with the style share that codes ``side`` best."""
    tried = [dataclasses.replace(model, share=share) for share in shares]
    figures = [bits(m.probability(side.features, side.symbol, side.style)) for m in tried]
    return tried[int(np.argmin(figures))]


def _figures(model: GrooveModel, test: Heldout) -> dict[str, float]:
    probability = model.probability(test.features, test.symbol)
    styled = model.probability(test.features, test.symbol, test.style)
    total = bits(probability) * len(probability)
    return {
        "test_bits_per_event": bits(probability),
        "test_bits_per_event_styled": bits(styled),
        "test_bits_per_bar": total / max(1, test.bars),
        "test_bits_per_hit": total / max(1, test.hits),
        "test_events": float(len(probability)),
        "test_unseen_share": float((~np.isin(test.symbol, model.symbols)).mean()),
        "test_known_style_share": float((test.style >= 0).mean()),
    }


def _described(model: GrooveModel, training: pd.DataFrame, spec: ModelSpec) -> GrooveModel:
    """Return the model with its card: its spec, where it comes from, what it can play."""
    playable, starts = forms.collect(training, spec.min_style_bars)
    card = {
        "spec": spec.model_dump(),
        "chains": {chain.name: list(CHAINS[chain.name][: model.order]) for chain in model.chains},
        "licenses": sorted(set(training["license"])),
        "sources": sorted(set(training["source"])),
        "loops": int(training["key"].nunique()),
        "bars": len(training),
        "forms": playable,
    }
    return dataclasses.replace(model, starts=starts, card=card)
