"""Which songs can teach bar phase: rules with reasons.

A song is usable when its bars can be trusted and there is enough of it. Where a rule is
broken, :class:`UnusableSongError` says which and by how much; the pipeline keeps that sentence.

What belongs here: the rules. What does not: reading MIDI (:mod:`groove.midi.notes`) and bars
(:mod:`groove.midi.meter`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groove.midi.meter import BarGrid
from groove.midi.notes import Song
from groove.phase.spec import RenderSpec

_ONSET_RESOLUTION_S = 0.005
# Steps per whole note. Only these two grids are tried: a finer one would excuse anybody.
_SIXTEENTHS = 16
_TRIPLETS = 12


class UnusableSongError(ValueError):
    """A song that a rule excludes. The message names the rule and the value."""


def check_usable(song: Song, grid: BarGrid, spec: RenderSpec) -> None:
    """Return if the song is usable.

    Raises
    ------
    UnusableSongError
        If the meter is only assumed, a denominator is out of range, the song or its bars are too
        short or too long, it has too few distinct onsets, or is not played to its own bars.
    """
    if song.n == 0:
        raise UnusableSongError("has no notes")
    if not song.explicit_meter:
        raise UnusableSongError("has no time signature before its first note: its bars are a guess")
    worst = int(np.max(song.meter_denominator))
    if worst > spec.max_denominator:
        raise UnusableSongError(
            f"has a time signature over {worst}; at most {spec.max_denominator}"
        )
    duration = float(song.end_s.max())
    if not spec.min_duration_s <= duration <= spec.max_duration_s:
        raise UnusableSongError(
            f"lasts {duration:.1f} s; usable are "
            f"{spec.min_duration_s:g} to {spec.max_duration_s:g} s"
        )
    bar_s = float(np.median(np.diff(grid.bar_start_s)))
    if not spec.min_bar_s <= bar_s <= spec.max_bar_s:
        raise UnusableSongError(
            f"has bars of {bar_s:.2f} s; usable are {spec.min_bar_s:g} to {spec.max_bar_s:g} s"
        )
    onsets = distinct_onsets(song.start_s)
    if onsets < spec.min_onsets:
        raise UnusableSongError(f"has {onsets} distinct onset times; at least {spec.min_onsets}")
    share = grid_share(song, grid, spec.grid_tolerance)
    if share < spec.min_grid_share:
        raise UnusableSongError(
            f"has {share:.0%} of its onsets near the bar's grid; at least "
            f"{spec.min_grid_share:.0%}: it was not played to its own tempo map"
        )


def distinct_onsets(start_s: NDArray[np.float64]) -> int:
    """Return how many different times, 5 ms apart, notes start at."""
    return int(np.unique(np.round(start_s / _ONSET_RESOLUTION_S)).size)


def grid_share(song: Song, grid: BarGrid, tolerance: float) -> float:
    """Return the share of distinct onset ticks near a step of the bar.

    Steps are sixteenths of a whole note, or triplet eighths if more onsets are near those; in
    4/4 sixteenths are 1/16 of a bar. Onsets that ignore the bars score ``2 · tolerance``.

    Parameters
    ----------
    tolerance
        In sixteenths, whichever grid is tried.
    """
    ticks = np.unique(song.start_tick)
    bar = np.searchsorted(grid.bar_start_tick, ticks, side="right") - 1
    bar = np.clip(bar, 0, len(grid.numerator) - 1)
    into_bar = ticks - grid.bar_start_tick[bar]
    whole = 4.0 * song.ticks_per_quarter
    shares = []
    for steps in (_SIXTEENTHS, _TRIPLETS):
        position = into_bar * steps / whole
        off = np.abs(position - np.round(position)) * _SIXTEENTHS / steps
        shares.append(float(np.mean(off <= tolerance)))
    return max(shares)
