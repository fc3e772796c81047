"""Counts of steps after their contexts, in bounded memory.

Contexts of one order are numbered by rank: the context of order ``k`` is the pair of its context
of order ``k - 1`` (its parent) and feature ``k``, and its rank is its place among all such pairs
that are counted, in order. So every context is one integer, whatever its length.

Bars come in batches of whole loops. Each batch becomes a shard on disk
(:mod:`groove.ngram.language.shards`), and shards are merged by DuckDB, which spills
(:mod:`groove.ngram.language.merge`): memory depends on the size of a batch and on the limit set,
not on the corpus. A count that was killed takes up the shards it finds.

What belongs here: which bars are counted, and counts as arrays. What does not: probabilities
(:mod:`groove.ngram.language.estimate`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.splits import TRAIN
from groove.core.store import Store
from groove.ngram.corpus import duplicates
from groove.ngram.language import merge, shards
from groove.ngram.language.context import CHAINS, FEATURE_BITS, Events, Ints
from groove.ngram.language.shards import CountError
from groove.ngram.spec import LengthWeight, NgramSpec

__all__ = ["CountError", "Counts", "batches_of", "count", "count_batches", "counts_of_table"]

VERSION = f"2+{shards.VERSION}"

SYMBOL_BITS = 24


def counted_bars(
    groove_events: pd.DataFrame, spec: NgramSpec, splits: Iterable[str] = (TRAIN,)
) -> pd.DataFrame:
    """Return the bars that are counted, as the spec has it: no fills, no near-duplicates.

    Parameters
    ----------
    groove_events
        Bars, in order of loop and bar.
    splits
        Sides that are counted; duplicates are looked for among them alone.
    """
    chosen = groove_events["split"].isin(list(splits))
    if spec.exclude_fills:
        chosen &= ~groove_events["is_fill"].astype("bool")
    bars = groove_events[chosen].reset_index(drop=True)
    if not len(bars):
        return bars
    same = duplicates.near_duplicates(bars, spec.near_duplicates)
    again = same.index[same["duplicate_of"].notna()]
    return bars[~bars["key"].isin(again)].reset_index(drop=True)


def batches_of(bars: pd.DataFrame, loops: int) -> Iterator[pd.DataFrame]:
    """Yield rows of ``groove_events`` in batches of so many whole loops."""
    if not len(bars):
        return
    keys = bars["key"].to_numpy()
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))[::loops]
    for first, last in zip(starts, [*starts[1:], len(bars)], strict=True):
        yield bars.iloc[first:last]


def loop_weights(bars: pd.DataFrame, events: Events, weight: LengthWeight) -> NDArray[np.float64]:
    """Return the weight of each event, 1 on average; see :func:`shards.event_weights`."""
    weights = shards.event_weights(events, weight)
    return weights / weights.mean() if len(bars) else weights


def count(
    groove_events: pd.DataFrame,
    *,
    spec: NgramSpec,
    store: Store,
    spill: Path | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``groove_ngrams``: one per chain, order, condition and meter.

    Parameters
    ----------
    groove_events
        Bars of all splits; those of the training split are counted.
    spec
        What is counted.
    spill
        Folder for shards, as :func:`count_batches` takes it.

    Raises
    ------
    CountError
        If no bar is left to count.
    """
    del store
    bars = counted_bars(groove_events, spec)
    if bars.empty:
        raise CountError("no bar in the training split: add loops, or keep fills")
    yield from count_batches(batches_of(bars, spec.snapshot_loops), spec, spill=spill)


def count_batches(
    batches: Iterable[pd.DataFrame], spec: NgramSpec, *, spill: Path | None = None, key: str = ""
) -> Generator[dict[str, Any], None, None]:
    """Yield the rows of ``groove_ngrams`` from bars that don't fit into memory.

    Every bar is counted: splits, fills and duplicates are the caller's choice, as
    :func:`counted_bars` makes it.

    Parameters
    ----------
    batches
        Rows of ``groove_events`` in order of loop and bar, whole loops in each.
    spec
        What is counted, and the memory that DuckDB may take.
    spill
        Folder for shards and for what DuckDB spills. Shards of a count that was killed are taken
        up; they are removed when the last row was taken. None: a temporary folder.
    key
        Name of the corpus, where one folder serves several.

    Raises
    ------
    CountError
        If there is no bar, if a loop goes on from one batch to the next, or if another process
        counts the same in this folder.
    """
    with ExitStack() as stack:
        if spill is None:
            spill = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="groove-")))
        spill.mkdir(parents=True, exist_ok=True)
        folder = shards.folder_of(spill, spec, key)
        lock = filelock.FileLock(folder.with_suffix(".lock"))
        try:
            stack.enter_context(lock.acquire(blocking=False))
        except filelock.Timeout:
            raise CountError(f"another process counts in {folder}: wait for it to end") from None
        shards.tidy(folder)
        connection = stack.enter_context(shards.database(spec, folder))
        stems: list[str] = []
        last: Any = None
        for number, bars in enumerate(batch for batch in batches if len(batch)):
            if bars["key"].iloc[0] == last:
                raise CountError(f"loop {last} is in two batches: give whole loops")
            last = bars["key"].iloc[-1]
            stems.append(shards.write_shard(connection, folder, number, bars, spec))
        if not stems:
            raise CountError("no bar to count")
        tags = shards.read_tags(folder, stems)
        for chain in CHAINS:
            paths = [folder / f"{stem}-{chain}.parquet" for stem in stems]
            for row in merge.merged(connection, folder, paths, tags, spec):
                yield {"chain": chain, **row}
        connection.close()
        shards.clear(folder)


@dataclass(frozen=True)
class Counts:
    """N-grams of one order over all meters: arrays of equal length.

    They are in order of context, condition and symbol.

    Parameters
    ----------
    keys
        Sorted ``parent << FEATURE_BITS | feature`` of this order's contexts.
    context
        Per n-gram: the context's rank in ``keys``.
    condition
        Per n-gram: the condition's number; 0 is any loop.
    symbol, n, weight
        Per n-gram: the step, its occurrences, and their weight.
    continuation
        Per n-gram: n-grams one feature longer that it is part of, where rare ones were pruned
        (:attr:`~groove.ngram.spec.NgramSpec.min_count`): those listed don't show them all. None
        where they do, and at the highest order.
    """

    keys: Ints
    context: Ints
    condition: Ints
    symbol: Ints
    n: Ints
    weight: NDArray[np.float64]
    continuation: Ints | None = None

    @property
    def parent(self) -> Ints:
        """The context of the order below, per n-gram."""
        return self.keys[self.context] >> FEATURE_BITS


def counts_of_table(groove_ngrams: pd.DataFrame) -> tuple[list[str], dict[str, list[Counts]]]:
    """Return (names of conditions, chain to counts per order) from the rows of ``groove_ngrams``.

    The name of number 0 is ``""``.
    """
    names = sorted(set(groove_ngrams["condition"]))
    number = {name: index for index, name in enumerate(names)}
    listed: dict[str, list[Counts]] = {}
    for (chain, _), rows in groove_ngrams.groupby(["chain", "order"], sort=True):
        lists = ("parents", "features", "symbols", "counts", "continuations")
        joined = {name: _concatenated(rows[name], np.int64) for name in lists}
        pair = joined["parents"] << FEATURE_BITS | joined["features"]
        every = np.repeat((rows["condition"] == "").to_numpy(), rows["ngrams"])
        keys = np.unique(pair[every] if every.any() else pair)
        condition = np.repeat([number[name] for name in rows["condition"]], rows["ngrams"])
        continued = joined["continuations"]
        listed.setdefault(str(chain), []).append(
            sum_counts(
                keys,
                np.searchsorted(keys, pair),
                condition.astype(np.int64),
                joined["symbols"],
                joined["counts"],
                _concatenated(rows["weights"], np.float64),
                continued if len(continued) == len(pair) and len(pair) else None,
            )
        )
    return names, listed


def sum_counts(
    keys: Ints,
    context: Ints,
    condition: Ints,
    symbol: Ints,
    n: Ints,
    weight: NDArray[np.float64],
    continuation: Ints | None = None,
) -> Counts:
    """Return counts in which each (context, condition, symbol) occurs once."""
    conditions = int(condition.max()) + 1 if len(condition) else 1
    node = context * conditions + condition
    if len(node) and int(node.max()) >> (62 - SYMBOL_BITS):
        order = np.lexsort((symbol, node))
        node, symbol = node[order], symbol[order]
        new = (np.diff(node) != 0) | (np.diff(symbol) != 0)
    else:
        # One number to sort by, mostly sorted runs. Equals stay as they came: a sum of floats
        # depends on it.
        code = node << SYMBOL_BITS | symbol
        order = np.argsort(code, kind="stable")
        code = code[order]
        node, symbol = code >> SYMBOL_BITS, code & ((1 << SYMBOL_BITS) - 1)
        new = np.diff(code) != 0
    starts = np.flatnonzero(np.append(True, new)) if len(node) else np.zeros(0, np.int64)

    def added(values: NDArray[Any]) -> NDArray[Any]:
        values = values[order]
        if len(starts) == len(values):
            return values
        return np.asarray(np.add.reduceat(values, starts))

    return Counts(
        keys,
        node[starts] // conditions,
        node[starts] % conditions,
        symbol[starts],
        added(n),
        added(weight),
        None if continuation is None else added(continuation),
    )


def _concatenated(lists: pd.Series, dtype: type) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *(np.asarray(each, dtype) for each in lists)])
