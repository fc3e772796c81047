"""Loop candidates: every stretch of 1, 2, 4, 8 or 16 whole bars, from each downbeat.

What belongs here: which stretches there are, and grouping them by track. What does not:
what they are worth (:mod:`groove.loops.features`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.store import Store
from groove.loops.spec import CandidateSpec

VERSION = "1"

CARRIED = ("path", "sha256", "source", "license", "split_group", "split")
"""Columns that every row of a track has alike."""

PLACE = ("start_bar", "bars", "start_s", "end_s")
"""Where a candidate is."""


def stretches(
    bar_count: int, lengths: Sequence[int], at_most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (start bars, lengths in bars) of all stretches inside ``bar_count`` bars.

    Ordered by start, then length. With more than ``at_most`` of them, they are thinned evenly.

    >>> stretches(3, [1, 2], 99)
    (array([0, 0, 1, 1, 2]), array([1, 2, 1, 2, 1]))
    """
    sizes = np.array(sorted(set(lengths)), dtype=np.int64)
    starts = np.arange(bar_count, dtype=np.int64)
    first, size = (grid.ravel() for grid in np.meshgrid(starts, sizes, indexing="ij"))
    inside = first + size <= bar_count
    first, size = first[inside], size[inside]
    if len(first) > at_most:
        kept = np.round(np.linspace(0, len(first) - 1, at_most)).astype(np.int64)
        first, size = first[kept], size[kept]
    return first, size


def candidates_of(
    item: Mapping[str, Any], spec: CandidateSpec, _store: Store
) -> Iterator[dict[str, Any]]:
    """Yield the ``loop_candidates`` rows of one row of ``track_bars``."""
    lines = np.asarray(item["bar_start_s"], dtype=np.float64)
    first, size = stretches(len(lines) - 1, spec.bars, spec.max_per_track)
    for start, bars in zip(first.tolist(), size.tolist(), strict=True):
        yield {
            **{name: item[name] for name in CARRIED},
            "start_bar": start,
            "bars": bars,
            "start_s": float(lines[start]),
            "end_s": float(lines[start + bars]),
        }


def by_track(
    rows: pd.DataFrame, track_bars: pd.DataFrame, listed: Sequence[str] = PLACE
) -> pd.DataFrame:
    """Return one item per track: its ``track_bars`` row, with columns of ``rows`` as arrays.

    Parameters
    ----------
    rows
        A table with a row per candidate.
    track_bars
        The bar grids; tracks without a candidate are left out.
    listed
        Columns of ``rows`` that become arrays, in row order.
    """
    places = rows.groupby("path", sort=False).indices
    tracks = track_bars[track_bars["path"].isin(set(places))].reset_index(drop=True)
    columns = {
        name: _cells([rows[name].to_numpy()[places[path]] for path in tracks["path"]])
        for name in listed
    }
    # A track's own columns give way to candidate columns of the same name.
    kept = tracks.drop(columns=[name for name in ("key", *listed) if name in tracks.columns])
    return kept.assign(**columns)


def _cells(arrays: list[NDArray[Any]]) -> NDArray[np.object_]:
    """Return arrays as the cells of one column; cells of lists become one matrix each."""
    column = np.empty(len(arrays), dtype=object)
    for place, array in enumerate(arrays):
        nested = array.dtype == object
        column[place] = np.stack([np.asarray(v) for v in array]) if nested else np.asarray(array)
    return column
