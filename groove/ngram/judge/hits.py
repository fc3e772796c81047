"""Hits of many bars as flat arrays, and groups of drums that play one part.

What belongs here: columns of lists to arrays, labels to groups. What does not: what is measured
on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.language.context import Ints
from groove.ngram.play.render import OFFSET_TICKS

Floats = NDArray[np.float64]

#: Drums that do the same in a groove. A label of no group is of the last one.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "kick": ("kick",),
    "snare": ("snare", "rimshot", "cross_stick"),
    "hihat": ("hihat_closed", "hihat_open", "hihat_pedal"),
    "cymbal": ("ride_bow", "ride_bell", "crash", "splash", "china"),
    "tom": ("tom_high", "tom_mid", "tom_low"),
    "other": (),
}
GROUP_NAMES = tuple(GROUPS)


@dataclass(frozen=True)
class Hits:
    """Every hit of many bars, in order of bar and step. Arrays have one entry per hit.

    Parameters
    ----------
    row
        Row of the table of bars.
    loop
        Number of the loop, from 0 in order of the table.
    step, label, velocity, offset_ticks
        As in ``groove_events``.
    grid_quarter
        Where the step is, in quarter notes from the beginning of the loop.
    resolution
        Steps per quarter note of its bar.
    """

    row: Ints
    loop: Ints
    step: Ints
    label: Ints
    velocity: Ints
    offset_ticks: Floats
    grid_quarter: Floats
    resolution: Ints

    def __len__(self) -> int:
        return len(self.row)

    @property
    def beat_place(self) -> Floats:
        """Place within the quarter note that a hit is played at, 0 up to 1."""
        return np.mod(self.step / self.resolution + self.offset_ticks / OFFSET_TICKS, 1.0)


def in_order(bars: pd.DataFrame) -> pd.DataFrame:
    """Return rows of ``groove_events`` in order of key and bar, numbered from 0."""
    return bars.sort_values(["key", "bar"], kind="stable", ignore_index=True)


def loops_of(bars: pd.DataFrame) -> Ints:
    """Return the number of each row's loop, from 0, for rows in order."""
    keys = bars["key"].to_numpy()
    fresh = np.ones(len(bars), dtype=np.bool_)
    fresh[1:] = keys[1:] != keys[:-1]
    return np.cumsum(fresh) - 1


def hits_of(bars: pd.DataFrame) -> Hits:
    """Return the hits of rows of ``groove_events`` in order of key and bar."""
    sizes = bars["hit_step"].map(len).to_numpy(np.int64)
    row = np.repeat(np.arange(len(bars)), sizes)
    loop = loops_of(bars)
    quarters = bars["quarters"].to_numpy(np.float64)
    begins = np.cumsum(quarters) - quarters
    first = np.searchsorted(loop, loop)
    begins -= begins[first] if len(begins) else 0.0
    resolution = bars["resolution"].to_numpy(np.int64)[row]
    step = flat(bars["hit_step"]).astype(np.int64)
    return Hits(
        row=row,
        loop=loop[row],
        step=step,
        label=flat(bars["hit_label"]).astype(np.int64),
        velocity=flat(bars["hit_velocity"]).astype(np.int64),
        offset_ticks=flat(bars["hit_offset_ticks"]),
        grid_quarter=begins[row] + step / resolution,
        resolution=resolution,
    )


def flat(column: pd.Series) -> Floats:
    """Return a column of lists as one array."""
    return np.concatenate([np.zeros(0), *(np.asarray(v, np.float64) for v in column)])


def groups_of(labels: Sequence[str]) -> Ints:
    """Return the number of each label's group.

    >>> groups_of(["rimshot", "kick", "conga_high_soft"]).tolist()
    [1, 0, 5]
    """
    number = {name: at for at, names in enumerate(GROUPS.values()) for name in names}
    return np.array([number.get(name, len(GROUPS) - 1) for name in labels], dtype=np.int64)
