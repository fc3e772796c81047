"""Labels one by one: how likely each drum is struck, whatever the others do.

Sets of drums are many and most of them rare; the habits of one drum are known from every bar. So
beside the chains over sets there is one over labels. Its outcome is one bit, whether the label is
struck on this step, and its context is that label's own history, the most useful first:

========== ======================================================================
``label``  which label
``times``  in how many of how many bars before it was struck on this step
``copied`` whether it is in feature ``copy``; 2 without a bar before
``before`` on which of the four steps before it was struck
``run``    feature ``run`` (:mod:`groove.ngram.language.context`)
========== ======================================================================

The probability of a set is the product over all labels, so that of all sets sums to 1.

What belongs here: these contexts, packed and apart, and their counts. What does not: estimates.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.corpus.conditions import names_by_bar
from groove.ngram.language.context import (
    FEATURE_BITS,
    FEATURES,
    Ints,
    earlier_bars,
    events_of_bars,
    features_of,
)
from groove.ngram.language.counts import Counts, batches_of, sum_counts
from groove.ngram.language.shards import event_weights
from groove.ngram.spec import LengthWeight

Floats = NDArray[np.float64]

#: Name of the chain.
LABELS_CHAIN = "labels"

#: Features and how many bits each takes in a cell.
LABEL_FEATURES = {"label": 5, "times": 8, "copied": 2, "before": 4, "run": 4}
CELL_BITS = sum(LABEL_FEATURES.values())

_LOOPS_OF_A_BATCH = 256
_THREADS = 2


def cells_of(features: Ints, labels: int) -> Ints:
    """Return each label's context, its features packed into one integer; ``[events, labels]``.

    Parameters
    ----------
    features
        ``int64[events, features]`` of :func:`groove.ngram.language.context.features_of`.
    labels
        How many labels there are; at most 32.
    """
    # Cells have 23 bits: half as wide integers take half the time.
    earlier = earlier_bars(features).astype(np.int32)
    played = {
        name: np.maximum(features[:, FEATURES.index(name)] - 1, 0).astype(np.int32)[:, None]
        for name in ("copy", "back1", "back2", "back3", "back4")
    }
    copied_from = features[:, FEATURES.index("copy")] > 0
    label = np.arange(labels, dtype=np.int32)
    times = np.zeros((len(features), labels), dtype=np.int32)
    for one in earlier:
        times += np.maximum(one - 1, 0)[:, None] >> label & 1
    before = np.zeros_like(times)
    for back in range(4):
        before |= (played[f"back{back + 1}"] >> label & 1) << back
    cell = label << 4 | times
    cell <<= 4
    cell |= (earlier > 0).sum(axis=0, dtype=np.int32)[:, None]
    cell <<= 2
    cell |= np.where(copied_from[:, None], played["copy"] >> label & 1, 2)
    cell <<= 4
    cell |= before
    cell <<= 4
    cell |= features[:, FEATURES.index("run"), None].astype(np.int32)
    return cell.astype(np.int64)


def columns_of_cells(cells: Ints) -> Ints:
    """Return the features of cells, ``int64[cells, len(LABEL_FEATURES)]``."""
    columns, left = [], CELL_BITS
    for bits in LABEL_FEATURES.values():
        left -= bits
        columns.append(cells >> left & (1 << bits) - 1)
    return np.stack(columns, axis=1)


def label_counts(
    bars: pd.DataFrame, names: Sequence[str], labels: int, weight: LengthWeight
) -> list[Counts]:
    """Return the counts of the chain over labels per order, from order 0.

    Parameters
    ----------
    bars
        Rows of ``groove_events``, in order of key and bar.
    names
        Conditions by number, ``""`` first.
    labels
        How many labels there are.
    weight
        Weight of a loop; see :func:`groove.ngram.language.shards.event_weights`.
    """
    sets, tags = _sets(bars)
    packed, n, weights = _occurrences(bars, tags, labels, weight)
    return _dealt(packed, n, weights, sets, names)


def label_counts_of_a_part(
    bars: pd.DataFrame,
    names: Sequence[str],
    labels: int,
    weight: LengthWeight,
    own: NDArray[np.bool_],
) -> tuple[list[Counts], list[Counts]]:
    """Return the counts of some bars, and those of all bars, from one pass.

    ``own`` is ``bool[bars]``; the rest is as :func:`label_counts` takes it.
    """
    sets, tags = _sets(bars)
    found = _occurrences(bars, tags + len(sets) * own, labels, weight)
    part = np.flatnonzero(found[0] >> CELL_BITS + 1 >= len(sets))
    packed, n, weights = found[0][part], found[1][part], found[2][part]
    return (
        _dealt(packed - (len(sets) << CELL_BITS + 1), n, weights, sets, names),
        _dealt(*found, [*sets, *sets], names),
    )


def _sets(bars: pd.DataFrame) -> tuple[list[tuple[str, ...]], Ints]:
    """Return (sets of names that are true of a bar, place of each bar's)."""
    listed = names_by_bar(bars)
    sets = sorted(set(listed))
    place = {names: index for index, names in enumerate(sets)}
    return sets, np.array([place[one] for one in listed], dtype=np.int64)


def _dealt(
    packed: Ints,
    n: Ints,
    weights: Floats,
    sets: Sequence[tuple[str, ...]],
    names: Sequence[str],
) -> list[Counts]:
    """Return the counts per order: each cell counts under any, and under each of its names."""
    number = {name: index for index, name in enumerate(names)}
    which = packed >> CELL_BITS + 1
    pairs = [(i, 0) for i in range(len(sets))]
    pairs += [(i, number[name]) for i, one in enumerate(sets) for name in one if name in number]
    rows = [np.flatnonzero(which == index) for index in range(len(sets))]
    at = np.concatenate([rows[index] for index, _ in pairs])
    condition = np.repeat([to for _, to in pairs], [len(rows[index]) for index, _ in pairs])
    cell, bit = packed[at] >> 1 & (1 << CELL_BITS) - 1, packed[at] & 1
    n, weights = n[at], weights[at]
    columns = columns_of_cells(cell)
    counts = []
    context = np.zeros(len(cell), dtype=np.int64)
    keys = np.zeros(1, dtype=np.int64)
    for k in range(columns.shape[1] + 1):
        if k:
            keys, context = np.unique(
                context << FEATURE_BITS | columns[:, k - 1], return_inverse=True
            )
        counts.append(sum_counts(keys, context, condition, bit, n, weights))
    return counts


def _occurrences(
    bars: pd.DataFrame, tags: Ints, labels: int, weight: LengthWeight
) -> tuple[Ints, Ints, Floats]:
    """Return (tags, cell and bit in one integer; occurrences; their weight), each once."""
    batches = list(batches_of(bars.assign(tags=tags), _LOOPS_OF_A_BATCH))

    def counted(batch: pd.DataFrame) -> tuple[Ints, Ints, Floats]:
        events = events_of_bars(batch.reset_index(drop=True))
        packed = cells_of(features_of(events), labels)
        packed <<= 1
        packed |= events.symbol[:, None] >> np.arange(labels) & 1
        packed |= batch["tags"].to_numpy(np.int64)[events.bar, None] << CELL_BITS + 1
        weights = np.broadcast_to(event_weights(events, weight)[:, None], packed.shape)
        return _summed(packed.ravel(), np.ones(packed.size, np.int64), weights.ravel())

    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(counted, batches))
    packed, n, weights = _summed(*(np.concatenate(column) for column in zip(*found, strict=True)))
    # One on average, as the weights of sets of labels.
    return packed, n, weights * (n.sum() / weights.sum())


def _summed(packed: Ints, n: Ints, weight: Floats) -> tuple[Ints, Ints, Floats]:
    unique, at = np.unique(packed, return_inverse=True)
    counted = np.bincount(at, weights=n).astype(np.int64)
    return unique, counted, np.bincount(at, weights=weight).astype(np.float64)
