"""Fitting the groove model: order, weights and shares on validation, figures on test.

What belongs here: what is chosen on which split, and what is reported. What does not: estimates
(:mod:`groove.ngram.language.estimate`), look-up (:mod:`groove.ngram.language.model`).

Figures are bits: the mean of ``-log2 p(step | context)`` over every step, empty ones included.
Contexts start afresh with each loop. All bars count, fills too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.digest import table_digest
from groove.core.models import Headline, ModelError, model_row
from groove.core.splits import SPLITS, TEST, TRAIN, VALIDATION, assign
from groove.core.store import Store
from groove.core.tables import frame_of
from groove.core.tracking import Tracker
from groove.midi.taxonomy import LABELS
from groove.ngram.corpus.conditions import names_by_bar
from groove.ngram.language.assembly import (
    Ingredients,
    assemble,
    described,
    ingredients_of,
)
from groove.ngram.language.codec import pack
from groove.ngram.language.counts import batches_of, count_batches, counted_bars, counts_of_table
from groove.ngram.language.heldout import bits, by_style, heldout, sides_of
from groove.ngram.language.inmemory import (
    MOST_STEPS,
    counts_in_memory,
    counts_of_a_part,
)
from groove.ngram.language.labels import label_counts_of_a_part
from groove.ngram.language.model import GrooveModel
from groove.ngram.language.selection import choose
from groove.ngram.language.shards import MANNER
from groove.ngram.spec import EventSpec, ModelSpec, NgramSpec
from groove.ngram.tables import GROOVE_EVENTS, GROOVE_NGRAMS

#: Share of the training groups that settings are chosen on where no validation split is given.
_SET_ASIDE = 0.15
_LEAST_GROUPS = 4

VERSION = "2"


@dataclass(frozen=True)
class Trained:
    """A trained model, its figures, and the validation figure of each order tried."""

    model: GrooveModel
    metrics: dict[str, float]
    history: list[dict[str, float]]


def train_model(
    bars: pd.DataFrame,
    ngram: NgramSpec,
    spec: ModelSpec,
    *,
    refit: bool = False,
    labels: Sequence[str] = LABELS,
    attribution: Sequence[str] = (),
    spill: Path | None = None,
    events: EventSpec | None = None,
) -> Trained:
    """Return a model of bars, from counting to card.

    Order, weights and share are chosen on the validation split. Where there is none they keep
    their defaults, or, with ``refit``, some groups are set aside until all is counted again. Figures are of the test split, if there is one.

    Parameters
    ----------
    bars
        Rows of ``groove_events``, in order of key and bar.
    ngram, spec
        What is counted, and how counts become probabilities.
    refit
        Count all splits once the settings are chosen. Figures are those from before.
    labels
        Names of the labels by bit.
    attribution
        Texts that the licences ask to be kept with what is made from the loops.
    spill
        Folder that counts go to; a run that was killed goes on from what is there. ``None``
        takes a temporary one.
    events
        How loops became the bars: kept in the card, so that others are read alike.

    Raises
    ------
    ModelError
        If there is no bar to learn from.
    """
    if bars.empty:
        raise ModelError("no bar to learn from: no drum loop was read")
    if TRAIN not in set(bars["split"]):
        bars = bars.assign(split=TRAIN)
    if refit and VALIDATION not in set(bars["split"]):
        bars = _with_validation(bars)
    counted = counted_bars(bars, ngram, SPLITS)
    own = counted["split"] == TRAIN
    sides = sides_of(bars)
    again = refit and not own.all()
    if again and _fits(counted, ngram, spill):
        parts, whole = _counted_twice(counted, own.to_numpy(np.bool_), ngram, labels, spec)
    else:
        parts = _counted(counted[own], ngram, labels, spec, spill)
        whole = _counted(counted, ngram, labels, spec, spill) if again else parts
    chosen, history = choose(parts, spec, sides.get(VALIDATION))
    metrics = figures(chosen, sides.get(TEST), parts, spec)
    if again:
        spec = spec.model_copy(update={"smoothing": chosen.card["smoothing"]})
        parts = whole
        chosen = assemble(
            parts, spec, chosen.order, chosen.share, chosen.weights, chosen.given_weights
        )
    about = {
        "ngrams": ngram.model_dump(exclude=set(MANNER)),
        "events": (events or EventSpec()).model_dump(),
        "refit": refit,
        "figures": metrics,
    }
    return Trained(described(chosen, parts, spec, about, attribution), metrics, history)


def _fits(bars: pd.DataFrame, ngram: NgramSpec, spill: Path | None) -> bool:
    """Return whether bars are counted in memory."""
    return ngram.min_count == 1 and spill is None and int(bars["steps"].sum()) <= MOST_STEPS


def _counted_twice(
    bars: pd.DataFrame,
    own: NDArray[np.bool_],
    ngram: NgramSpec,
    labels: Sequence[str],
    spec: ModelSpec,
) -> tuple[Ingredients, Ingredients]:
    """Return the ingredients of some bars, and of all bars, from one pass over them."""
    weight = ngram.length_weight
    # Sorting leaves the interpreter free for the other one.
    with ThreadPoolExecutor(1) as pool:
        names = sorted({"", *(name for true in names_by_bar(bars) for name in true)})
        later = pool.submit(label_counts_of_a_part, bars, names, len(labels), weight, own)
        sets = counts_of_a_part(bars, ngram, own)
        single = later.result()
    part, whole = (
        ingredients_of(some.reset_index(drop=True), counted, labels, spec, weight, one)
        for some, counted, one in zip((bars[own], bars), sets, single, strict=True)
    )
    return part, whole


def _with_validation(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the bars with some training groups, or loops if groups are few, set aside."""
    own = bars["split"] == TRAIN
    for name in ("split_group", "key"):
        groups = bars.loc[own, name].tolist()
        if len({*groups}) >= _LEAST_GROUPS:
            sides = assign(groups, validation=_SET_ASIDE, test=0.0)
            split = bars["split"].astype(object)
            split[own] = sides
            return bars.assign(split=split)
    return bars


def _counted(
    bars: pd.DataFrame,
    ngram: NgramSpec,
    labels: Sequence[str],
    spec: ModelSpec,
    spill: Path | None,
) -> Ingredients:
    """Return the ingredients of bars, all of which are counted."""
    bars = bars.reset_index(drop=True)
    if _fits(bars, ngram, spill):
        counted = counts_in_memory(bars, ngram)
        return ingredients_of(bars, counted, labels, spec, ngram.length_weight)
    key = table_digest(bars, GROOVE_EVENTS) if spill is not None else ""
    batches = batches_of(bars, ngram.snapshot_loops)
    rows = list(count_batches(batches, ngram, spill=spill, key=key))
    table = frame_of([{"key": "", **row} for row in rows], GROOVE_NGRAMS)
    return ingredients_of(bars, counts_of_table(table), labels, spec, ngram.length_weight)


def figures(
    model: GrooveModel, bars: pd.DataFrame | None, parts: Ingredients, spec: ModelSpec
) -> dict[str, float]:
    """Return what is reported of a model on a split that it never saw."""
    found = {"order": float(model.order), "condition_share": model.share}
    found |= {
        f"weight_{name}": float(weight)
        for name, weight in zip(model.chain_names, model.weights.mean(axis=0), strict=True)
    }
    if bars is None:
        return found
    side = heldout(bars)
    condition = model.conditions_of(bars)[side.bar]
    plain = -np.log2(model.probability(side.features, side.symbol))
    given = -np.log2(model.probability(side.features, side.symbol, condition))
    lowest = assemble(parts, spec, 0, conditioned=False)
    return found | {
        "test_bits_per_event": float(plain.mean()),
        "test_bits_per_event_conditioned": float(given.mean()),
        "test_bits_per_event_order0": bits(lowest.unigram(side.symbol)),
        "test_bits_per_bar": float(plain.sum()) / max(1, side.bars),
        "test_bits_per_hit": float(plain.sum()) / max(1, side.hits),
        "test_events": float(len(plain)),
        "test_unseen_share": float((~np.isin(side.symbol, model.symbols)).mean()),
        "test_known_style_share": float(bars["style"].map(model.knows_style)[side.bar].mean()),
        **by_style(model, bars, side, plain),
    }


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
    sides = sides_of(groove_events)
    if missing := [name for name in SPLITS if name not in sides]:
        raise ModelError(f"no drum loop in {missing}: at least three groups are needed")
    training = _as_counted(sides[TRAIN], groove_ngrams)
    parts = ingredients_of(training, counts_of_table(groove_ngrams), LABELS, spec)
    inputs = {
        "groove_events": table_digest(groove_events, GROOVE_EVENTS),
        "groove_ngrams": table_digest(groove_ngrams, GROOVE_NGRAMS),
    }
    with tracker.run("groove_model", spec.model_dump(), inputs) as run:
        model, history = choose(parts, spec, sides[VALIDATION])
        for epoch in history:
            run.log(epoch, step=int(epoch["epoch"]))
        metrics = figures(model, sides[TEST], parts, spec)
        run.log(metrics, step=model.order)
        model = described(model, parts, spec, {"figures": metrics})
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
                    metrics["test_bits_per_event_order0"],
                    False,
                ),
                metrics=metrics,
                history=history,
                data=data,
                blob=blob,
                groups=(_groups(sides[TRAIN]), _groups(sides[TEST])),
                inputs=inputs,
                licenses=model.card["licenses"],
                run_id=run.id,
                train_seconds=time.monotonic() - started,
            )
        ]


def _groups(bars: pd.DataFrame) -> int:
    return int(bars["split_group"].nunique())


def _as_counted(training: pd.DataFrame, groove_ngrams: pd.DataFrame) -> pd.DataFrame:
    """Return the training bars without fills, if they were not counted."""
    tags = "&".join(sorted(set(groove_ngrams["condition"]))).split("&")
    if "fill=yes" in tags:
        return training
    return training[~training["is_fill"].astype("bool")].reset_index(drop=True)
