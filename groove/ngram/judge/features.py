"""What a groove is described by when grooves are compared: values of hits, bars and intervals.

Two views of the same bars:

* *marginals*: one histogram per feature and loop, on units fine enough to be exact (a hit, a
  velocity, a tick, a 24th of a quarter note);
* *vectors*: one row of numbers per bar, for what single features don't show, such as a loud
  snare that comes late, or a bar that doesn't go with the one before.

What belongs here: describing. What does not: comparing (:mod:`groove.ngram.judge.distance`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from groove.midi.taxonomy import LABELS
from groove.ngram.judge.hits import GROUP_NAMES, Floats, Hits, groups_of, hits_of, loops_of
from groove.ngram.judge.metrics import syncopation
from groove.ngram.language.context import Ints, events_of_bars

#: Feature families; a distance weighs each of them alike.
KINDS = ("density", "syncopation", "velocity", "timing", "interval")
_MOST_HITS = 64
_MOST_SYNCOPATION = 48
_MOST_TICKS = 160
_PER_QUARTER = 24
_LONGEST = 4 * _PER_QUARTER


@dataclass(frozen=True)
class Marginal:
    """One feature's histogram in every loop.

    Parameters
    ----------
    kind, part
        Family, and the group of drums it is of (``all`` for every one).
    counts
        ``float64[loops, bins]``; a bin is one unit wide.
    """

    kind: str
    part: str
    counts: Floats

    @property
    def name(self) -> str:
        """Family and part."""
        return f"{self.kind}_{self.part}"


def marginals_of(bars: pd.DataFrame, labels: Sequence[str] = LABELS) -> list[Marginal]:
    """Return the histograms of rows of ``groove_events`` in order of key and bar.

    ``density``: hits of a bar, scaled to four quarter notes. ``syncopation``: per bar, see
    :func:`groove.ngram.judge.metrics.syncopation`. ``velocity`` and ``timing`` (ticks after the
    step, 480 to the quarter note): per hit. ``interval``: from one struck step to the next of
    the same part, on the grid, up to four quarter notes.
    """
    hits, groups, loop = hits_of(bars), groups_of(labels), loops_of(bars)
    part = groups[hits.label]
    loops = int(loop[-1]) + 1 if len(loop) else 0
    found = []

    def add(kind: str, name: str, owner: Ints, value: Floats, bins: int) -> None:
        clipped = np.clip(np.floor(value + 0.5), 0, bins - 1).astype(np.int64)
        flat = np.bincount(owner * bins + clipped, minlength=loops * bins)
        counts = flat.reshape(loops, bins).astype(np.float64)
        found.append(Marginal(kind, name, counts))

    to_whole = 4.0 / bars["quarters"].to_numpy(np.float64)
    per_bar = _by_part(hits, part, np.ones(len(hits)), len(bars))
    add("density", "all", loop, per_bar.sum(axis=1) * to_whole, _MOST_HITS)
    for number, name in enumerate(GROUP_NAMES):
        own = np.flatnonzero(part == number)
        add("density", name, loop, per_bar[:, number] * to_whole, _MOST_HITS)
        add("velocity", name, hits.loop[own], hits.velocity[own].astype(np.float64), 128)
        late = hits.offset_ticks[own] + _MOST_TICKS
        add("timing", name, hits.loop[own], late, 2 * _MOST_TICKS + 1)
        owner, gap = _intervals(hits, own)
        add("interval", name, owner, gap * _PER_QUARTER, _LONGEST + 1)
        if name in {"kick", "snare"}:
            value = syncopation(bars, _mask(groups, number))
            add("syncopation", name, loop, value, _MOST_SYNCOPATION)
    return found


def vectors_of(bars: pd.DataFrame, labels: Sequence[str] = LABELS) -> pd.DataFrame:
    """Return one row of figures per bar of rows of ``groove_events`` in order of key and bar.

    Missing (``nan``) is what a bar doesn't have: the velocity of a drum that it doesn't use, or
    likeness to the bar before in a first bar.
    """
    hits, groups = hits_of(bars), groups_of(labels)
    part = groups[hits.label]
    per_bar = _by_part(hits, part, np.ones(len(hits)), len(bars))
    loud = _by_part(hits, part, hits.velocity.astype(np.float64), len(bars))
    late = _by_part(hits, part, hits.offset_ticks, len(bars))
    to_whole = 4.0 / bars["quarters"].to_numpy(np.float64)
    columns: dict[str, Floats] = {}
    with np.errstate(invalid="ignore"):
        for number, name in enumerate(GROUP_NAMES):
            columns[f"density_{name}"] = per_bar[:, number] * to_whole
            columns[f"velocity_{name}"] = loud[:, number] / per_bar[:, number]
            columns[f"timing_{name}"] = late[:, number] / per_bar[:, number]
        count = per_bar.sum(axis=1)
        squares = np.bincount(
            hits.row, weights=hits.velocity.astype(np.float64) ** 2, minlength=len(bars)
        )
        spread = squares / count - (loud.sum(axis=1) / count) ** 2
        columns["velocity_spread"] = np.sqrt(np.maximum(spread, 0.0))
    for number in (0, 1):
        name = f"syncopation_{GROUP_NAMES[number]}"
        columns[name] = syncopation(bars, _mask(groups, number))
    columns["likeness"] = _likeness(bars)
    return pd.DataFrame(columns)


def _by_part(hits: Hits, part: Ints, weight: Floats, bars: int) -> Floats:
    width = len(GROUP_NAMES)
    flat = np.bincount(hits.row * width + part, weights=weight, minlength=bars * width)
    return flat.reshape(bars, width).astype(np.float64)


def _intervals(hits: Hits, own: Ints) -> tuple[Ints, Floats]:
    """Return (loop, quarter notes to the next struck step) of each struck step but the last."""
    place = np.unique(np.stack([hits.loop[own], np.rint(hits.grid_quarter[own] * 1e6)]), axis=1)
    inside = place[0, 1:] == place[0, :-1]
    gap = np.diff(place[1])[inside] / 1e6
    return place[0, :-1][inside].astype(np.int64), gap


def _likeness(bars: pd.DataFrame) -> Floats:
    """Return the share of strokes that a bar has in common with the bar before (Jaccard)."""
    events = events_of_bars(bars)
    before = events.previous_bar + events.step
    known = events.previous_bar >= 0
    old = np.where(known, events.symbol[np.where(known, before, 0)], 0)
    both = np.bitwise_count(old & events.symbol).astype(np.float64)
    either = np.bitwise_count(old | events.symbol).astype(np.float64)
    shared, every = (np.bincount(events.bar, value, len(bars)) for value in (both, either))
    first = np.bincount(events.bar, ~known, len(bars)) > 0
    return np.where(first, np.nan, np.where(every > 0, shared / np.maximum(every, 1), 1.0))


def _mask(groups: Ints, number: int) -> int:
    return sum(1 << label for label in np.flatnonzero(groups == number).tolist())
