"""Counts of a corpus that fits into memory: the same as those of the tables, several times faster.

A corpus of loops is small next to what :mod:`groove.ngram.language.merge` is for: then sorting
integers beats writing them to disk and reading them again. Loops of one set of tags are counted
together, once per order; only what is left is dealt out to the conditions.

What belongs here: counting arrays. What does not: files, memory limits, pruning.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.language.context import (
    CHAINS,
    FEATURE_BITS,
    Ints,
    columns_of,
    events_of_bars,
    features_of,
)
from groove.ngram.language.counts import Counts, loop_weights, sum_counts
from groove.ngram.language.shards import tags_of_bars
from groove.ngram.spec import NgramSpec

#: Steps up to which a corpus is counted here: a gigabyte while it lasts.
MOST_STEPS = 3_000_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Steps:
    """What is counted: arrays with one entry per step."""

    features: Ints
    symbol: Ints
    tag: Ints
    weight: Floats


def counts_in_memory(
    bars: pd.DataFrame, spec: NgramSpec
) -> tuple[list[str], dict[str, list[Counts]]]:
    """Return (names of conditions, chain to counts per order), as ``counts_of_table``.

    Parameters
    ----------
    bars
        Rows of ``groove_events``, in order of loop and bar; all are counted.
    spec
        Highest order and weight of a loop; nothing is pruned.
    """
    events = events_of_bars(bars)
    tag, tags = tags_of_bars(bars)
    names = sorted({name for each in tags for name in each.names})
    number = {name: index for index, name in enumerate(names)}
    # The meter is no condition, and every feature that hangs on it says it.
    sets = sorted({each.names for each in tags})
    place = np.array([sets.index(each.names) for each in tags], dtype=np.int64)
    steps = _Steps(
        features_of(events),
        events.symbol,
        place[tag][events.bar],
        loop_weights(bars, events, spec.length_weight),
    )
    numbers = [np.array([number[name] for name in each], dtype=np.int64) for each in sets]

    def of_chain(chain: str) -> list[Counts]:
        return _orders(steps, columns_of(chain)[: spec.max_order], numbers)

    with ThreadPoolExecutor(len(CHAINS)) as pool:
        return names, dict(zip(CHAINS, pool.map(of_chain, CHAINS), strict=True))


def _orders(steps: _Steps, columns: Sequence[int], numbers: Sequence[Ints]) -> list[Counts]:
    """Return the counts of one chain per order, from 0."""
    known, symbol = np.unique(steps.symbol, return_inverse=True)
    outcome = steps.tag * len(known) + symbol
    width = len(numbers) * len(known)
    rank = np.zeros(len(symbol), dtype=np.int64)
    keys = np.zeros(1, dtype=np.int64)
    found = []
    for column in (None, *columns):
        if column is not None:
            keys, rank = _ranked(rank << FEATURE_BITS | steps.features[:, column])
        grams, at = _ranked(rank * width + outcome)
        n = np.bincount(at)
        weight = np.bincount(at, weights=steps.weight)
        tag, of_symbol = np.divmod(grams % width, len(known))
        rows = [np.flatnonzero(tag == index) for index in range(len(numbers))]
        dealt = np.concatenate(
            [row for row, to in zip(rows, numbers, strict=True) for _ in range(len(to))]
        )
        condition = np.concatenate(
            [np.repeat(to, len(row)) for row, to in zip(rows, numbers, strict=True)]
        )
        found.append(
            sum_counts(
                keys,
                (grams // width)[dealt],
                condition,
                known[of_symbol[dealt]],
                n[dealt],
                weight[dealt],
            )
        )
    return found


def _ranked(values: Ints) -> tuple[Ints, Ints]:
    """Return (distinct values in order, each value's place among them)."""
    code, distinct = pd.factorize(values)
    order = np.argsort(distinct)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return np.asarray(distinct)[order], rank[code]
