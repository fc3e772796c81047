"""Counts of a corpus that fits into memory: the same as those of the tables, several times faster.

A corpus of loops is small next to what :mod:`groove.ngram.language.merge` is for: then sorting
integers beats writing them to disk and reading them again. Loops of one set of tags are counted
together, once per order; only what is left is dealt out to the conditions.

What belongs here: counting arrays. What does not: files, memory limits, pruning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


Counted = tuple[list[str], dict[str, list[Counts]]]


@dataclass(frozen=True)
class _Steps:
    """What is counted: arrays with one entry per step."""

    features: Ints
    symbol: Ints
    tag: Ints
    weight: Floats


def counts_in_memory(bars: pd.DataFrame, spec: NgramSpec) -> Counted:
    """Return (names of conditions, chain to counts per order), as ``counts_of_table``.

    Parameters
    ----------
    bars
        Rows of ``groove_events``, in order of loop and bar; all are counted.
    spec
        Highest order and weight of a loop; nothing is pruned.
    """
    return _counted(bars, spec, None)[0]


def counts_of_a_part(
    bars: pd.DataFrame, spec: NgramSpec, own: NDArray[np.bool_]
) -> tuple[Counted, Counted]:
    """Return the counts of some bars, and those of all bars, from one pass.

    Parameters
    ----------
    bars, spec
        As :func:`counts_in_memory` takes them.
    own
        ``bool[bars]``: whole loops. Names are those of all bars, in both.
    """
    part, whole = _counted(bars, spec, own)
    return part, whole


def _counted(
    bars: pd.DataFrame, spec: NgramSpec, own: NDArray[np.bool_] | None
) -> tuple[Counted, ...]:
    events = events_of_bars(bars)
    tag, tags = tags_of_bars(bars)
    names = sorted({name for each in tags for name in each.names})
    number = {name: index for index, name in enumerate(names)}
    # The meter is no condition, and every feature that hangs on it says it.
    sets = sorted({each.names for each in tags})
    place = np.array([sets.index(each.names) for each in tags], dtype=np.int64)[tag]
    if own is not None:
        place = place + len(sets) * own
    steps = _Steps(
        features_of(events),
        events.symbol,
        place[events.bar],
        loop_weights(bars, events, spec.length_weight),
    )
    numbers = [np.array([number[name] for name in each], dtype=np.int64) for each in sets]

    def of_chain(chain: str) -> list[list[Counts]]:
        columns = columns_of(chain)[: spec.max_order]
        if own is None:
            return [list(_orders(steps, columns, numbers, 0))]
        twice = [*numbers, *numbers]
        both = list(_both(steps, columns, twice, len(sets)))
        return [[part for part, _ in both], [whole for _, whole in both]]

    with ThreadPoolExecutor(len(CHAINS)) as pool:
        found = dict(zip(CHAINS, pool.map(of_chain, CHAINS), strict=True))
    sides = 1 if own is None else 2
    return tuple(
        (names, {chain: counts[side] for chain, counts in found.items()}) for side in range(sides)
    )


def _orders(
    steps: _Steps, columns: Sequence[int], numbers: Sequence[Ints], first: int
) -> Iterator[Counts]:
    """Yield the counts of one chain per order, from 0."""
    for keys, grams in _grams(steps, columns, len(numbers)):
        yield _dealt(keys, grams, numbers, first)


def _both(
    steps: _Steps, columns: Sequence[int], numbers: Sequence[Ints], first: int
) -> Iterator[tuple[Counts, Counts]]:
    """Yield (counts of the tags from ``first`` on, counts of all tags) per order."""
    # Contexts that the part never saw are not its own: ranks close up.
    before = np.zeros(1, dtype=np.int64)
    for order, (keys, grams) in enumerate(_grams(steps, columns, len(numbers))):
        seen = np.unique(grams.rank[grams.tag >= first])
        own = keys[seen]
        if order:
            mask = (1 << FEATURE_BITS) - 1
            own = before[own >> FEATURE_BITS] << FEATURE_BITS | own & mask
        before = np.full(len(keys), -1, dtype=np.int64)
        before[seen] = np.arange(len(seen))
        part = grams.taken(np.flatnonzero(grams.tag >= first), before)
        yield _dealt(own, part, numbers, first), _dealt(keys, grams, numbers, 0)


@dataclass(frozen=True)
class _Grams:
    """Different n-grams of one order by set of tags: arrays of equal length."""

    rank: Ints
    tag: Ints
    symbol: Ints
    n: Ints
    weight: Floats

    def taken(self, at: Ints, rank: Ints) -> _Grams:
        """Return some of them, with their contexts ranked anew."""
        return _Grams(
            rank[self.rank[at]], self.tag[at], self.symbol[at], self.n[at], self.weight[at]
        )


def _grams(steps: _Steps, columns: Sequence[int], tags: int) -> Iterator[tuple[Ints, _Grams]]:
    """Yield (keys of the contexts, n-grams) per order, from 0."""
    known, symbol = np.unique(steps.symbol, return_inverse=True)
    outcome = steps.tag * len(known) + symbol
    width = tags * len(known)
    rank = np.zeros(len(symbol), dtype=np.int64)
    keys = np.zeros(1, dtype=np.int64)
    for column in (None, *columns):
        if column is not None:
            keys, rank = _ranked(rank << FEATURE_BITS | steps.features[:, column])
        grams, at = _ranked(rank * width + outcome)
        tag, of_symbol = np.divmod(grams % width, len(known))
        n = np.bincount(at).astype(np.int64)
        weight = np.bincount(at, weights=steps.weight).astype(np.float64)
        yield keys, _Grams(grams // width, tag, known[of_symbol], n, weight)


def _dealt(keys: Ints, grams: _Grams, numbers: Sequence[Ints], first: int) -> Counts:
    """Return n-grams dealt out to the conditions of their tags, from tag ``first`` on."""
    rows = [(np.flatnonzero(grams.tag == tag), numbers[tag]) for tag in range(first, len(numbers))]
    dealt = np.concatenate([row for row, to in rows for _ in range(len(to))])
    condition = np.concatenate([np.repeat(to, len(row)) for row, to in rows])
    return sum_counts(
        keys,
        grams.rank[dealt],
        condition,
        grams.symbol[dealt],
        grams.n[dealt],
        grams.weight[dealt],
    )


def _ranked(values: Ints) -> tuple[Ints, Ints]:
    """Return (distinct values in order, each value's place among them)."""
    code, distinct = pd.factorize(values)
    order = np.argsort(distinct)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return np.asarray(distinct)[order], rank[code]
