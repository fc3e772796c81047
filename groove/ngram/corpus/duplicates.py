"""Near-duplicate loops: the same hits at another tempo, louder, pushed, longer or with a few more.

A loop is the set of its hits as they stand on the grid, (bar, place in the bar, label); tempo,
velocity, micro-timing and repetition don't enter. Two loops are near-duplicates if they share at
least so much of the union of their hits (Jaccard's index). Candidates come from MinHash
signatures cut into bands (Broder 1997, "On the resemblance and containment of documents"; Indyk
and Motwani 1998); every candidate is then compared hit by hit, so that what is reported is exact
and only what is missed is left to chance: at 0.9, one pair in ten million.

What belongs here: which loops are alike. What does not: which of them are counted
(:mod:`groove.ngram.language.counts`).

Conventions
-----------
* Loops are in order of path; of loops that are alike, the first is kept.
* A loop that repeats itself is as long as what it repeats.
* Takes cut from one session share nothing by that alone: what counts is their hits.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]

#: Loops with fewer hits are duplicates of nothing: a few hits agree by chance.
MIN_HITS = 8

#: Steps are compared in this fraction of a quarter, which every grid has whole.
_PER_QUARTER = 5040
_LABEL_BITS, _PLACE_BITS = 5, 20
_HIT_BITS = 43
_PERIODS = (1, 2, 3, 4, 6, 8, 12, 16)
_HASHES, _ROWS = 64, 4
#: Members of a bucket that are all compared with each other; in larger ones, each is compared
#: with the first and with those just before it, so that work grows with their number.
_ALL_PAIRS, _NEIGHBOURS = 16, 4
_CHUNK = 1 << 22


@dataclass(frozen=True)
class HitSets:
    """The hits of many loops. ``hits[first[i]:first[i + 1]]`` are loop ``i``'s, ascending."""

    hits: Ints
    first: Ints

    @property
    def sizes(self) -> Ints:
        """Hits of each loop."""
        return np.diff(self.first)


def near_duplicates(bars: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return, for each loop, which earlier one it is a near-duplicate of.

    Parameters
    ----------
    bars
        Rows of ``groove_events``, in order of loop and bar.
    threshold
        Least share of hits in common, above 0; 1 finds exact copies alone.

    Returns
    -------
    pandas.DataFrame
        One row per loop, indexed by its key, in order of path: ``path``, ``split``,
        ``duplicate_of`` (path of the loop that is kept, or None), ``similarity`` (to that one).
    """
    loops = _loops(bars)
    sets = hit_sets(bars, loops)
    leader = _leaders(sets, np.zeros(len(loops), dtype=np.int64))
    of = np.full(len(loops), -1, dtype=np.int64)
    similarity = np.full(len(loops), np.nan)
    for first, second, share in _pairs(sets, np.unique(leader), threshold):
        # In order of the second: whether the first is kept is known by now.
        if of[first] < 0 and of[second] < 0:
            of[second], similarity[second] = first, share
    copies = np.flatnonzero(leader != np.arange(len(loops)))
    kept = of[leader[copies]]
    of[copies] = np.where(kept < 0, leader[copies], kept)
    similarity[copies] = np.where(kept < 0, 1.0, similarity[leader[copies]])
    paths = loops["path"].to_numpy(dtype=object)
    named = [paths[other] if other >= 0 else None for other in of]
    found = loops[["path", "split"]].copy()
    found["duplicate_of"] = pd.Series(named, index=found.index, dtype="object")
    return found.assign(similarity=similarity)


def across_splits(bars: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return pairs of near-duplicates on different sides: ``first``, ``second`` (paths), ``sides``.

    Such loops should share a split group. Parameters as :func:`near_duplicates`.
    """
    loops = _loops(bars)
    split, path = loops["split"].to_numpy(), loops["path"].to_numpy()
    sets = hit_sets(bars, loops)
    # Of equal loops on one side, the first stands for all.
    leader = _leaders(sets, pd.factorize(loops["split"])[0].astype(np.int64))
    pairs = [
        {"first": path[i], "second": path[j], "sides": f"{split[i]}, {split[j]}", "similarity": s}
        for i, j, s in _pairs(sets, np.unique(leader), threshold)
        if split[i] != split[j]
    ]
    return pd.DataFrame(pairs, columns=["first", "second", "sides", "similarity"])


def hit_sets(bars: pd.DataFrame, loops: pd.DataFrame) -> HitSets:
    """Return the hits of ``loops`` (of :func:`near_duplicates`), repetitions left out."""
    number = pd.Series(np.arange(len(loops)), index=loops.index)
    loop = number.loc[bars["key"]].to_numpy(np.int64)
    bars = bars.iloc[(order := np.argsort(loop, kind="stable"))]
    loop = loop[order]
    steps = bars["steps"].to_numpy(np.int64)
    symbols = _joined(bars["symbols"])
    row = np.repeat(np.arange(len(bars)), steps)
    step = np.arange(len(symbols)) - (np.cumsum(steps) - steps)[row]
    place = step * _PER_QUARTER // bars["resolution"].to_numpy(np.int64)[row]
    at, label = _bits(symbols)
    in_bar = place[at] << _LABEL_BITS | label
    first_bar = np.flatnonzero(np.append(True, np.diff(loop) != 0)) if len(loop) else loop
    index = np.arange(len(bars)) - np.repeat(first_bar, np.diff(np.append(first_bar, len(bars))))
    content = np.zeros(len(bars), dtype=np.uint64)
    np.add.at(content, row[at], _mixed(in_bar.astype(np.uint64)))
    # A silent bar and a longer silent bar are not the same.
    content += _mixed(steps.astype(np.uint64) << np.uint64(40))
    kept = index < _period(content, index, first_bar)
    hit_row = row[at]
    chosen = kept[hit_row]
    hits = (index[hit_row] << (_PLACE_BITS + _LABEL_BITS) | in_bar)[chosen]
    packed = np.unique(loop[hit_row][chosen] << _HIT_BITS | hits)
    first = np.searchsorted(packed, np.arange(len(loops) + 1) << _HIT_BITS)
    return HitSets(packed & ((1 << _HIT_BITS) - 1), first.astype(np.int64))


def signatures(sets: HitSets) -> NDArray[np.uint32]:
    """Return MinHash signatures, ``uint32[loops, 64]``; two agree in as many as they share."""
    generator = np.random.Generator(np.random.PCG64(2027))
    factor = generator.integers(1 << 31, size=_HASHES, dtype=np.uint32) * 2 + 1
    shift = generator.integers(1 << 32, size=_HASHES, dtype=np.uint32)
    base = (_mixed(sets.hits.astype(np.uint64)) >> np.uint64(32)).astype(np.uint32)
    found = np.zeros((len(sets.sizes), _HASHES), dtype=np.uint32)
    filled = np.flatnonzero(sets.sizes)
    if len(filled):
        for k in range(_HASHES):
            values = base * factor[k] + shift[k]
            values ^= values >> np.uint32(15)
            values *= np.uint32(0x2C1B3C6D)
            found[filled, k] = np.minimum.reduceat(values, sets.first[filled])
    return found


def similarities(sets: HitSets, first: Ints, second: Ints) -> NDArray[np.float64]:
    """Return the share of hits in common of each pair of loops, exactly."""
    sizes = sets.sizes
    owner = np.repeat(np.arange(len(sizes)), sizes) << _HIT_BITS | sets.hits
    swap = sizes[first] > sizes[second]
    small, large = np.where(swap, second, first), np.where(swap, first, second)
    shared = np.zeros(len(first), dtype=np.int64)
    reached = np.cumsum(sizes[small]) // _CHUNK
    edges = np.flatnonzero(np.append(True, np.diff(reached) != 0)) if len(first) else first
    for begin, end in itertools.pairwise([*edges.tolist(), len(first)]):
        length = sizes[small[begin:end]]
        pair = np.repeat(np.arange(begin, end), length)
        offset = np.arange(len(pair)) - np.repeat(np.cumsum(length) - length, length)
        wanted = large[pair] << _HIT_BITS | sets.hits[sets.first[small[pair]] + offset]
        at = np.minimum(np.searchsorted(owner, wanted), max(len(owner) - 1, 0))
        shared += np.bincount(pair[owner[at] == wanted], minlength=len(first))
    return np.asarray(shared / np.maximum(sizes[first] + sizes[second] - shared, 1))


def _loops(bars: pd.DataFrame) -> pd.DataFrame:
    loops = bars.drop_duplicates("key")[["key", "path", "split"]]
    return loops.sort_values(["path", "key"], kind="stable").set_index("key")


def _leaders(sets: HitSets, side: Ints) -> Ints:
    """Return, per loop, the first loop of the same side with the same hits, many enough."""
    content = np.zeros(len(sets.sizes), dtype=np.uint64)
    owner = np.repeat(np.arange(len(content)), sets.sizes)
    np.add.at(content, owner, _mixed(sets.hits.astype(np.uint64)))
    few = sets.sizes < MIN_HITS
    content[few] = np.flatnonzero(few)
    number = np.stack([_mixed(content), (side * 2 + few).astype(np.uint64)], axis=1)
    _, first, group = np.unique(number, axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[group])


def _pairs(sets: HitSets, chosen: Ints, threshold: float) -> list[tuple[int, int, float]]:
    """Return (first, second, similarity) of chosen loops that are alike, by second, then first."""
    first, second = _candidates(sets, chosen[sets.sizes[chosen] >= MIN_HITS])
    share = similarities(sets, first, second)
    good = share >= threshold
    first, second, share = first[good], second[good], share[good]
    order = np.lexsort((first, second))
    return list(
        zip(first[order].tolist(), second[order].tolist(), share[order].tolist(), strict=True)
    )


def _candidates(sets: HitSets, chosen: Ints) -> tuple[Ints, Ints]:
    signature = signatures(sets)[chosen]
    pairs = [
        _bucketed(_words(signature[:, band : band + _ROWS]), chosen)
        for band in range(0, _HASHES, _ROWS)
    ]
    joined = np.concatenate(pairs, axis=1)
    joined = joined[:, joined[0] < joined[1]]
    code = np.unique(joined[0] << 32 | joined[1])
    return code >> 32, code & ((1 << 32) - 1)


def _bucketed(words: NDArray[np.uint64], loops: Ints) -> Ints:
    """Return pairs of loops with the same word, ``int64[2, pairs]``."""
    order = np.argsort(words, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(words[order]) != 0)) if len(order) else order
    size = np.diff(np.append(starts, len(order)))
    start = np.repeat(starts, size)
    at = np.arange(len(order))
    found = [np.stack([start, at])]
    for back in range(1, _ALL_PAIRS):
        limit = len(order) if back <= _NEIGHBOURS else _ALL_PAIRS
        chosen = (at - back >= start) & (np.repeat(size, size) <= limit)
        found.append(np.stack([at[chosen] - back, at[chosen]]))
    return loops[order][np.concatenate(found, axis=1)]


def _period(content: NDArray[np.uint64], index: Ints, first_bar: Ints) -> Ints:
    """Return, per bar, after how many bars its loop repeats itself; its length if it does not."""
    length = np.diff(np.append(first_bar, len(content)))
    found = length.copy()
    for period in reversed(_PERIODS):
        differs = np.zeros(len(content), dtype=np.int64)
        late = np.flatnonzero(index >= period)
        differs[late] = content[late] != content[late - period]
        wrong = np.add.reduceat(differs, first_bar) if len(first_bar) else first_bar
        found = np.where((wrong == 0) & (length >= period), period, found)
    return np.repeat(found, length)


def _bits(symbols: Ints) -> tuple[Ints, Ints]:
    """Return (index, bit) of every bit that is set."""
    labels = int(symbols.max()).bit_length() if len(symbols) else 0
    found = [np.flatnonzero(symbols >> label & 1) for label in range(labels)]
    at = np.concatenate([np.zeros(0, np.int64), *found])
    return at, np.repeat(np.arange(labels), [len(each) for each in found])


def _joined(lists: pd.Series) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *(np.asarray(each) for each in lists)])


def _words(signature: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return one word per row of signatures."""
    word = np.zeros(len(signature), dtype=np.uint64)
    for column in signature.T:
        word = _mixed(word ^ column.astype(np.uint64))
    return word


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return integers spread over 64 bits, one to one (Steele et al. 2014, SplitMix)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
