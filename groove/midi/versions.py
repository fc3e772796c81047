"""Which songs are versions of one song: transposed, at another tempo, for other instruments.

Each part's upper line is cut into shingles of seven notes: six intervals and six ratios of the
times between onsets. Neither key nor tempo nor instrument is in them, nor whether a quarter was
written as an eighth. A song is the set of its shingles; two sets are compared by MinHash (Broder
1997), which estimates the share that they have in common, and found without comparing all with
all by hashes of pairs of minima (Leskovec et al., Mining of Massive Datasets, chapter 3).

What belongs here: the signature of a song and families of similar ones. What does not: exact
copies (:mod:`groove.midi.content`), sides of a split (:mod:`groove.core.splits`).

Drums say nothing here: songs share them that have nothing else in common.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from groove.core.splits import merge_groups
from groove.midi.song import Song

Signature = NDArray[np.int64]

#: Minima of a signature.
SIZE = 128
#: Share of shingles in common from which two songs are versions of one.
SAME_SONG = 0.2

_STEPS = 6
_MOST_INTERVAL = 24
_MOST_RATIO = 3
#: Onsets closer than this share of a quarter are a chord.
_CHORD_QUARTERS = 1 / 16
#: A scale, a trill or a repeated note has fewer different steps; half of all songs have them.
_FEWEST_DIFFERENT = 4
_FEWEST_SHINGLES = 24
_BAND = 2
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def signature(song: Song) -> Signature:
    """Return ``SIZE`` minima of the song's shingles; none if it has too little melody to tell."""
    parts = [_shingles(song, track) for track in np.unique(song.track[~song.drum]).tolist()]
    found = np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.uint64)
    if len(found) < _FEWEST_SHINGLES:
        return np.empty(0, dtype=np.int64)
    seeds = _mixed(np.arange(1, SIZE + 1, dtype=np.uint64) * _GOLDEN)
    minima = [int(_mixed(found ^ seed).min() >> np.uint64(1)) for seed in seeds]
    return np.array(minima, dtype=np.int64)


def similarity(first: Signature, second: Signature) -> float:
    """Return the estimated share of shingles that two songs have in common; 0 if one has none."""
    return float(np.mean(first == second)) if len(first) and len(second) else 0.0


def families(signatures: Sequence[Signature], at_least: float = SAME_SONG) -> list[int]:
    """Return one number per song; versions of a song, directly or over others, share it.

    A song without a signature is its own family.
    """
    known = [place for place, one in enumerate(signatures) if len(one)]
    alone = list(range(len(signatures)))
    if not known:
        return alone
    table = np.stack([signatures[place] for place in known])
    labels: list[list[int]] = [alone]
    for band in range(0, SIZE, _BAND):
        _, bucket = np.unique(table[:, band : band + _BAND], axis=0, return_inverse=True)
        bucket = bucket.ravel()
        order = np.argsort(bucket, kind="stable")
        first = order[np.searchsorted(bucket[order], bucket)]
        same = np.mean(table == table[first], axis=1) >= at_least
        label = list(alone)
        for place in np.flatnonzero(same & (first != np.arange(len(known)))).tolist():
            label[known[place]] = known[int(first[place])]
        labels.append(label)
    return merge_groups(*labels)


def _shingles(song: Song, track: int) -> NDArray[np.uint64]:
    """Return the shingles of a part's upper line."""
    chosen = (song.track == track) & ~song.drum
    tick, pitch = song.start_tick[chosen], song.pitch[chosen].astype(np.int64)
    if len(tick) <= _STEPS + 1:
        return np.empty(0, dtype=np.uint64)
    apart = np.diff(tick) > _CHORD_QUARTERS * song.ticks_per_quarter
    starts = np.concatenate([[0], np.flatnonzero(apart) + 1])
    line, onset = np.maximum.reduceat(pitch, starts), tick[starts]
    if len(line) <= _STEPS + 1:
        return np.empty(0, dtype=np.uint64)
    gaps = np.diff(onset).astype(np.float64)
    ratio = np.rint(np.log2(gaps[1:] / gaps[:-1])).clip(-_MOST_RATIO, _MOST_RATIO)
    interval = np.diff(line)[1:].clip(-_MOST_INTERVAL, _MOST_INTERVAL)
    ratios, intervals = 2 * _MOST_RATIO + 1, 2 * _MOST_INTERVAL + 1
    symbol = (interval + _MOST_INTERVAL) * ratios + ratio.astype(np.int64) + _MOST_RATIO
    windows = np.lib.stride_tricks.sliding_window_view(symbol, _STEPS)
    different = 1 + np.count_nonzero(np.diff(np.sort(windows, axis=1), axis=1), axis=1)
    told = windows[different >= _FEWEST_DIFFERENT].astype(np.uint64)
    powers = np.uint64(ratios * intervals) ** np.arange(_STEPS, dtype=np.uint64)
    return np.asarray(told @ powers)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return well-spread hashes of integers (SplitMix64; Steele, Lea & Flood 2014)."""
    z = np.asarray(values, dtype=np.uint64) + _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
