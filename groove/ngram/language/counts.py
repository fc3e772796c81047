"""Counts of steps after their contexts, by DuckDB over packed integer keys.

Contexts of one order are numbered by rank: the context of order ``k`` is the pair of its context
of order ``k - 1`` (its parent) and feature ``k``, and its rank is its place among all such pairs
of the training split, in order. So every context is one integer, whatever its length, and an
n-gram is the integer ``context << SYMBOL_BITS | symbol``.

What belongs here: counting. What does not: probabilities (:mod:`groove.ngram.language.estimate`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from groove.core.splits import TRAIN
from groove.core.store import Store
from groove.ngram.language.context import (
    CHAINS,
    FEATURE_BITS,
    Events,
    Ints,
    columns_of,
    events_of_bars,
    features_of,
)
from groove.ngram.spec import LengthWeight, NgramSpec

VERSION = "1"

SYMBOL_BITS = 24
# Weights are summed as integers of this fineness: a sum does not depend on its order.
_WEIGHT_UNIT = 2**20

_COUNT = """
SELECT style, meter, ngram, count(*) AS n, sum(weight)::BIGINT AS weight
FROM events GROUP BY style, meter, ngram ORDER BY style, meter, ngram
"""


class CountError(ValueError):
    """Bars that cannot be counted. The message says why."""


def counted_bars(groove_events: pd.DataFrame, spec: NgramSpec) -> pd.DataFrame:
    """Return the bars that are counted: the training split, without fills if the spec says so."""
    chosen = groove_events["split"] == TRAIN
    if spec.exclude_fills:
        chosen &= ~groove_events["is_fill"].astype("bool")
    return groove_events[chosen].reset_index(drop=True)


def loop_weights(bars: pd.DataFrame, events: Events, weight: LengthWeight) -> NDArray[np.float64]:
    """Return the weight of each event, 1 on average.

    A loop of ``b`` bars weighs ``1``, ``sqrt(b)`` or ``b`` as a whole; its events share that.
    """
    _, loop = np.unique(events.loop_start, return_inverse=True)
    bars_of_loop = np.bincount(loop[np.concatenate([[0], np.flatnonzero(np.diff(events.bar)) + 1])])
    events_of_loop = np.bincount(loop)
    power = {"uniform": 0.0, "sqrt": 0.5, "proportional": 1.0}[weight]
    each = bars_of_loop**power / events_of_loop if power < 1 else np.ones(len(events_of_loop))
    weights = each[loop]
    return np.asarray(weights / weights.mean()) if len(bars) else weights


def contexts(features: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield, for order 0, 1, ..., (keys, rank): the sorted pairs and each event's context.

    A key is ``parent << FEATURE_BITS | feature``.
    """
    rank = np.zeros(len(features), dtype=np.int64)
    yield np.zeros(1, np.int64), rank
    for order in range(features.shape[1]):
        packed = rank << FEATURE_BITS | features[:, order]
        keys, rank = np.unique(packed, return_inverse=True)
        yield keys, rank


def count(
    groove_events: pd.DataFrame, *, spec: NgramSpec, store: Store
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``groove_ngrams``: one per chain, order, style and meter.

    Raises
    ------
    CountError
        If no bar is left to count.
    """
    import duckdb

    del store
    bars = counted_bars(groove_events, spec)
    if bars.empty:
        raise CountError("no bar in the training split: add loops, or keep fills")
    events = events_of_bars(bars)
    features = features_of(events)
    weight = np.rint(loop_weights(bars, events, spec.length_weight) * _WEIGHT_UNIT)
    style, styles = pd.factorize(bars["style"].fillna(""), sort=True)
    meter, meters = pd.factorize(bars["meter"], sort=True)
    columns = {
        "style": style[events.bar].astype(np.int32),
        "meter": meter[events.bar].astype(np.int32),
        "weight": np.maximum(weight, 1).astype(np.int64),
    }
    with duckdb.connect(config={"memory_limit": f"{spec.memory_limit_mb}MB"}) as connection:
        for chain in CHAINS:
            chosen = columns_of(chain)[: spec.max_order]
            for order, (keys, rank) in enumerate(contexts(features[:, chosen])):
                packed = pa.table({**columns, "ngram": rank << SYMBOL_BITS | events.symbol})
                connection.register("events", packed)
                result = connection.sql(_COUNT).to_arrow_table()
                connection.unregister("events")
                found = {name: result.column(name).to_numpy() for name in result.column_names}
                for row in _rows(keys, found, list(styles), list(meters)):
                    yield {"chain": chain, "order": order, **row}


def _rows(
    keys: Ints, found: dict[str, Ints], styles: list[str], meters: list[str]
) -> Iterator[dict[str, Any]]:
    group = found["style"].astype(np.int64) * len(meters) + found["meter"]
    edges = np.flatnonzero(np.diff(group)) + 1
    for part in np.split(np.arange(len(group)), edges):
        pair = keys[found["ngram"][part] >> SYMBOL_BITS]
        yield {
            "style": styles[int(found["style"][part[0]])],
            "meter": meters[int(found["meter"][part[0]])],
            "ngrams": len(part),
            "events": int(found["n"][part].sum()),
            "parents": (pair >> FEATURE_BITS).tolist(),
            "features": (pair & ((1 << FEATURE_BITS) - 1)).tolist(),
            "symbols": (found["ngram"][part] & ((1 << SYMBOL_BITS) - 1)).tolist(),
            "counts": found["n"][part].tolist(),
            "weights": (found["weight"][part] / _WEIGHT_UNIT).tolist(),
        }


@dataclass(frozen=True)
class Counts:
    """N-grams of one order over all meters: arrays of equal length, in order of (context, symbol).

    Parameters
    ----------
    keys
        Sorted ``parent << FEATURE_BITS | feature`` of this order's contexts.
    context
        Per n-gram: the context's rank in ``keys``.
    style
        Per n-gram: the style's number.
    symbol, n, weight
        Per n-gram: the step, its occurrences, and their weight.
    """

    keys: Ints
    context: Ints
    style: Ints
    symbol: Ints
    n: Ints
    weight: NDArray[np.float64]

    @property
    def parent(self) -> Ints:
        """The context of the order below, per n-gram."""
        return self.keys[self.context] >> FEATURE_BITS


def counts_of_table(groove_ngrams: pd.DataFrame) -> tuple[list[str], dict[str, list[Counts]]]:
    """Return (style names, chain to counts per order) from the rows of ``groove_ngrams``."""
    styles = sorted(set(groove_ngrams["style"]))
    number = {name: index for index, name in enumerate(styles)}
    listed: dict[str, list[Counts]] = {}
    for (chain, _), rows in groove_ngrams.groupby(["chain", "order"], sort=True):
        joined = {
            name: np.concatenate([np.asarray(values) for values in rows[name]])
            for name in ("parents", "features", "symbols", "counts", "weights")
        }
        pair = joined["parents"].astype(np.int64) << FEATURE_BITS | joined["features"]
        keys, context = np.unique(pair, return_inverse=True)
        style = np.repeat([number[name] for name in rows["style"]], rows["ngrams"])
        listed.setdefault(str(chain), []).append(
            sum_counts(
                keys,
                context,
                style.astype(np.int64),
                joined["symbols"].astype(np.int64),
                joined["counts"].astype(np.int64),
                joined["weights"].astype(np.float64),
            )
        )
    return styles, listed


def sum_counts(
    keys: Ints, context: Ints, style: Ints, symbol: Ints, n: Ints, weight: NDArray[np.float64]
) -> Counts:
    """Return counts in which each (context, style, symbol) occurs once."""
    order = np.lexsort((symbol, style, context))
    context, style, symbol = context[order], style[order], symbol[order]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (np.diff(context) != 0) | (np.diff(style) != 0) | (np.diff(symbol) != 0)
    starts = np.flatnonzero(new)
    return Counts(
        keys,
        context[starts],
        style[starts],
        symbol[starts],
        np.add.reduceat(n[order], starts),
        np.add.reduceat(weight[order], starts),
    )
