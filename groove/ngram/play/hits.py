"""Hits in the context that decides how they are played, for a whole table at once.

Time is counted in 48ths of a quarter note: every usual grid lies on it.

What belongs here: arrays of hits, and what a hit could know of the hits before it. What does
not: histograms (:mod:`groove.ngram.play.expression`), playing hit by hit
(:mod:`groove.ngram.play.player`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

UNITS = 48
#: Places within the quarter note: downbeat, beat, off-beat eighth, second and fourth sixteenth,
#: second and third eighth of a triplet, anything else.
PLACES = 8
_OTHER_PLACE = 7
_PLACE_OF_UNIT = np.full(UNITS, _OTHER_PLACE, dtype=np.int64)
_PLACE_OF_UNIT[[0, 24, 12, 36, 16, 32]] = [1, 2, 3, 4, 5, 6]


@dataclass(frozen=True)
class Hits:
    """Hits in order of loop, time, label and offset: arrays of equal length.

    Parameters
    ----------
    loop, row
        Number of the loop, and row of the table of bars.
    time, in_bar, in_quarter
        48ths of a quarter note from the loop's, the bar's and the quarter's start.
    place
        One of :data:`PLACES`.
    label, velocity, offset
        What is struck, how loud (1 to 127), and how late (ticks at 480 to the quarter).
    """

    loop: Ints
    row: Ints
    time: Ints
    in_bar: Ints
    in_quarter: Ints
    place: Ints
    label: Ints
    velocity: Ints
    offset: Floats

    def __len__(self) -> int:
        return len(self.label)


def places_of(step: Ints, resolution: Ints) -> tuple[Ints, Ints, Ints]:
    """Return (in_bar, in_quarter, place) of steps; see :class:`Hits`."""
    in_bar = step * UNITS // resolution
    in_quarter = in_bar % UNITS
    place = np.where(in_bar == 0, 0, _PLACE_OF_UNIT[in_quarter])
    return in_bar, in_quarter, place


def hits_of(bars: pd.DataFrame) -> Hits:
    """Return the hits of rows of ``groove_events``, which are in order of key and bar."""
    per_bar = np.array([len(steps) for steps in bars["hit_step"]], dtype=np.int64)

    def joined(name: str) -> Floats:
        return np.concatenate([np.zeros(0), *(np.asarray(v, np.float64) for v in bars[name])])

    rows = np.repeat(np.arange(len(bars)), per_bar)
    loop = pd.factorize(bars["key"])[0].astype(np.int64)
    meter = bars[["numerator", "denominator"]].to_numpy(np.float64)
    lengths = np.rint(4.0 * UNITS * meter[:, 0] / meter[:, 1]).astype(np.int64)
    ends = np.cumsum(lengths)
    starts = ends - lengths
    first = np.flatnonzero(np.diff(loop, prepend=-1))
    starts = starts - starts[first][loop] if len(bars) else starts
    step, label = joined("hit_step").astype(np.int64), joined("hit_label").astype(np.int64)
    resolution = bars["resolution"].to_numpy(np.int64)[rows]
    in_bar, in_quarter, place = places_of(step, resolution)
    time = starts[rows] + in_bar
    offset = joined("hit_offset_ticks")
    order = np.lexsort((offset, label, time, loop[rows]))
    rows = rows[order]
    return Hits(
        loop=loop[rows],
        row=rows,
        time=time[order],
        in_bar=in_bar[order],
        in_quarter=in_quarter[order],
        place=place[order],
        label=label[order],
        velocity=joined("hit_velocity").astype(np.int64)[order],
        offset=offset[order],
    )


def running(key: Ints, value: Floats, decay: float) -> tuple[Floats, Floats]:
    """Return (sum, number) of earlier values with the same key, the older the less.

    A value weighs ``decay`` times less with each later one of its key.

    >>> running(np.array([5, 5, 6, 5]), np.array([8.0, 4.0, 1.0, 0.0]), 0.5)[0].tolist()
    [0.0, 8.0, 0.0, 8.0]
    """
    if not len(key):
        return np.zeros(0), np.zeros(0)
    order = np.argsort(key, kind="stable")
    index = np.arange(len(key))
    new = np.diff(key[order], prepend=key[order[0]] - 1) != 0
    start = np.maximum.accumulate(np.where(new, index, 0))
    faded = decay ** (index - start)
    before = np.concatenate([[0.0], lfilter([1.0], [1.0, -decay], value[order])[:-1]])
    sums, number = np.empty(len(key)), np.empty(len(key))
    # What the filter carried over from the key before is taken off again.
    sums[order] = before - faded * before[start]
    number[order] = (1.0 - faded) / (1.0 - decay)
    return sums, number


def previous(key: Ints) -> Ints:
    """Return the index of the entry before with the same key, -1 where there is none.

    >>> previous(np.array([5, 6, 5, 5])).tolist()
    [-1, -1, 0, 2]
    """
    order = np.argsort(key, kind="stable")
    found = np.full(len(key), -1, dtype=np.int64)
    same = key[order][1:] == key[order][:-1]
    found[order[1:]] = np.where(same, order[:-1], -1)
    return found
