"""The grid of a drum loop: which steps its hits were meant for, and how they swing.

Human hits lie around the steps of a grid, not on them, and a swung grid has its off-beats late.
Every *reading* (steps per quarter, and where the swing puts them) is scored by the likelihood of
the hits' places within the quarter under a mixture: one normal component per step, and a uniform
share for hits that belong to no step. Three things keep a finer grid from winning by its mere
number of steps:

* the weight of a step is fixed by its metrical level, so that each step that a grid has and the
  music does not use costs likelihood (the Bayesian price of a model that spreads its bets);
* the spread is a time, not a share of a beat: players are some 5 to 30 ms off at any tempo, so
  that 60 ms at 60 bpm are another step and 60 ms at 240 bpm are not;
* readings have prior odds: 16ths before triplets before sextuplets and 32nds.

A player who is always a little ahead of the click is not off the grid: the mean place of the hits
on the beat is measured first and taken off. It stays in the hits' offsets, and is no swing.

A bar may have another grid than its loop (a roll, a triplet fill), at a price: it must gain
``bar_evidence`` in log likelihood. The loop's own grid is chosen with that in mind, so one bar of
32nds does not put sixty others on their grid.

What belongs here: the choice of steps, and the place of each hit among them. What does not: bars,
files, labels.

Conventions
-----------
* Places are quarter notes from the start of the bar. Swing is a fraction of the quarter: off-beat
  eighths lie at 0.5 when straight and at 0.667 in triplet swing.
* Readings of ``r`` steps per quarter are straight, or swung at the eighths (up to 0.6 on straight
  grids; beyond that the triplet grid is nearer) or at the 16ths (up to 0.6 of the eighth).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Places of a histogram of the quarter: 240 divides by every grid here.
_BINS = 240
#: Spreads tried, in quarter notes: 2 to 75 ms at 120 quarters a minute.
_SPREADS = np.geomspace(0.004, 0.15, 22)
#: Players are some 14 ms off: a log-normal prior of the spread, steeper above than below. A grid
#: that every hit is 40 ms off is no grid.
_USUAL_SPREAD_S, _TIGHTER, _LOOSER = 0.014, 0.7, 0.4
_OUTLIERS = 0.04
#: Some hits are far less exact than most: share, and factor of the spread.
_LOOSE_SHARE, _LOOSE_FACTOR = 0.15, 2.2
_FEWEST_BEATS = 4
#: No one is further ahead of the beat than this and still on it, seconds and quarters.
_MAX_AHEAD_S, _MAX_AHEAD_QUARTERS = 0.04, 0.07
#: Weight of a step by the denominator of its place in the quarter.
_LEVELS = {1: 1.0, 2: 0.6, 3: 0.6, 4: 0.3, 6: 0.25, 8: 0.2, 12: 0.15}
_RARE = 0.1
#: Log odds of a grid before a hit is heard. A loop is seldom in sextuplets or 32nds throughout.
_ODDS = {1: -2.0, 2: -1.0, 4: 0.0, 3: -1.0, 6: -3.0, 8: -3.0}
_RARE_ODDS = -5.0
_SWING_ODDS = -2.0
_STRAIGHT_SWINGS = (0.53, 0.56, 0.58, 0.6)
_TRIPLET_SWINGS = (0.6, 0.62, 0.64, 0.69)
_SIXTEENTH_SWINGS = (0.54, 0.58, 0.6)


@dataclass(frozen=True)
class Reading:
    """A grid and its swing: ``played[k]`` is where the place ``written[k]`` of a quarter sounds."""

    resolution: int
    written: tuple[float, ...] = (0.0, 1.0)
    played: tuple[float, ...] = (0.0, 1.0)

    @property
    def straight(self) -> bool:
        """Whether every step sounds where it is written."""
        return self.written == self.played

    def unswung(self, places: Floats) -> Floats:
        """Return places as if they had been played straight."""
        whole = np.floor(places)
        return np.asarray(whole + np.interp(places - whole, self.played, self.written))

    def steps(self, places: Floats) -> Ints:
        """Return the nearest step of each place, counted from the start of the bar."""
        straight = self.unswung(places)
        return np.floor(straight * self.resolution + 0.5).astype(np.int64)


@dataclass(frozen=True)
class Fit:
    """The grid of a loop: one reading per bar, the loop's own, and its swing.

    Parameters
    ----------
    bars
        The reading of each bar.
    main
        The reading of the loop as a whole.
    late
        Quarters that hits on the beat are late by; negative is ahead.
    swing
        Mean place of the hits on off-beat eighths after those on the beat, as a fraction of the
        quarter; None without any.
    """

    bars: tuple[Reading, ...]
    main: Reading
    late: float
    swing: float | None

    def steps(self, places: Floats, bar: Ints) -> Ints:
        """Return the step of each place (quarters from the start of its bar) in its bar."""
        step = np.zeros(len(places), dtype=np.int64)
        for reading in dict.fromkeys(self.bars):
            chosen = np.array([other is reading for other in self.bars])[bar]
            step[chosen] = reading.steps(places[chosen] - self.late)
        return np.maximum(step, 0)


def fit_grid(
    places: Floats,
    bar: Ints,
    bars: int,
    tempo_bpm: float,
    candidates: Sequence[int],
    *,
    bar_evidence: float = 8.0,
    swinging: bool = True,
) -> Fit:
    """Return the grid that explains the hits of a loop best, bar by bar.

    Parameters
    ----------
    places
        Onsets in quarter notes from the start of their bar, ``float64[n]``.
    bar
        The bar of each, 0 to ``bars - 1``.
    bars
        Number of bars; a bar without hits has the loop's grid.
    tempo_bpm
        Quarters a minute: what turns a spread in quarters into seconds.
    candidates
        Steps per quarter; of equally good ones the first is taken.
    bar_evidence
        Log likelihood that a bar must gain to have another grid than its loop.
    swinging
        Whether swung readings are tried and swing is measured: a quarter is a beat.

    Raises
    ------
    ValueError
        If there is no candidate, or one is no whole number above 0.
    """
    readings, prior, table = _readings(tuple(candidates), swinging)
    seconds = 60.0 / max(tempo_bpm, 1.0)
    looser = np.log(_SPREADS * seconds / _USUAL_SPREAD_S)
    spread_prior = -0.5 * (looser / np.where(looser > 0, _LOOSER, _TIGHTER)) ** 2
    shift = _late(places, min(_MAX_AHEAD_S / seconds, _MAX_AHEAD_QUARTERS))
    at = places - shift
    folded = np.floor((at - np.floor(at)) * _BINS + 0.5).astype(np.int64) % _BINS
    histogram = np.bincount(bar * _BINS + folded, minlength=bars * _BINS).reshape(bars, _BINS)
    # One number per bar, reading and spread.
    scores = (histogram.astype(np.float64) @ table).reshape(bars, len(readings), len(_SPREADS))
    # One player, one spread: a bar is read with the spread of its loop.
    best_of_bar = scores.max(axis=1, keepdims=True)
    total = np.maximum(scores, best_of_bar - bar_evidence).sum(axis=0)
    total += prior[:, None] + spread_prior[None, :]
    main, spread = np.unravel_index(int(np.argmax(np.round(total, 6))), total.shape)
    own = scores[:, :, spread] + prior[None, :]
    other = np.argmax(np.round(own, 6), axis=1)
    gain = own[np.arange(bars), other] - own[:, main]
    resolutions = np.array([reading.resolution for reading in readings])
    moved = (gain > bar_evidence) & (resolutions[other] != resolutions[main])
    chosen = np.where(moved, other, main)
    fitted = tuple(readings[number] for number in chosen.tolist())
    swing = _swing(places - shift, bar, fitted) if swinging else None
    return Fit(fitted, readings[int(main)], shift, swing)


def fit_resolution(
    places: Floats, candidates: Sequence[int], tempo_bpm: float = 120.0, *, swinging: bool = True
) -> int:
    """Return the candidate (steps per quarter note) that explains all hits best.

    >>> fit_resolution(np.array([0.01, 0.5, 0.74, 1.02, 1.49]), [4, 3])
    4
    >>> fit_resolution(np.array([0.01, 0.35, 0.66, 1.02, 1.65]), [4, 3])
    3
    """
    bar = np.zeros(len(places), dtype=np.int64)
    return fit_grid(places, bar, 1, tempo_bpm, candidates, swinging=swinging).main.resolution


def _late(places: Floats, limit: float) -> float:
    """Return how late the hits nearest to the beat are, in quarters, within a limit."""
    distance = places - np.rint(places)
    late = 0.0
    # The window follows the centre, so that hits on both sides of it weigh alike.
    for _ in range(3):
        near = distance[np.abs(distance - late) <= limit]
        if len(near) < _FEWEST_BEATS:
            return 0.0
        late = float(np.clip(np.median(near), -limit, limit))
    return late


def _swing(places: Floats, bar: Ints, fitted: Sequence[Reading]) -> float | None:
    """Return the mean place of the hits that their grid says are off-beat eighths."""
    found = []
    for reading in dict.fromkeys(fitted):
        chosen = np.array([other is reading for other in fitted])[bar]
        at = places[chosen]
        step = reading.steps(at)
        counts = {}
        for half in _eighths(reading.resolution):
            on = np.mod(step, reading.resolution) == half
            counts[half] = at[on] - np.floor_divide(step[on], reading.resolution)
        if counts:
            found.append(max(counts.values(), key=len))
    offbeats = np.concatenate(found) if found else np.zeros(0)
    return float(np.clip(offbeats.mean(), 0.0, 1.0)) if len(offbeats) else None


def _eighths(resolution: int) -> list[int]:
    """Return the steps of a quarter that an off-beat eighth may be, straight or swung."""
    straight = [resolution // 2] if resolution % 2 == 0 else []
    return straight + ([2 * resolution // 3] if resolution % 3 == 0 else [])


@lru_cache(maxsize=32)
def _readings(
    candidates: tuple[int, ...], swinging: bool
) -> tuple[tuple[Reading, ...], Floats, Floats]:
    """Return (readings, log prior, table float64[bins, readings * spreads] of log densities)."""
    if not candidates or min(candidates) < 1:
        raise ValueError(f"grids of {list(candidates)} steps per quarter: give numbers from 1 up")
    readings = [Reading(resolution) for resolution in dict.fromkeys(candidates)]
    if swinging:
        readings += [swung for reading in readings for swung in _swung(reading.resolution)]
    prior = np.array(
        [
            _ODDS.get(reading.resolution, _RARE_ODDS) + (0 if reading.straight else _SWING_ODDS)
            for reading in readings
        ]
    )
    columns = [_log_density(reading) for reading in readings]
    return tuple(readings), prior, np.concatenate(columns, axis=1)


def _swung(resolution: int) -> list[Reading]:
    swung: list[Reading] = []
    if resolution % 2 == 0 and resolution % 3:
        swung += [
            Reading(resolution, (0.0, 0.5, 1.0), (0.0, place, 1.0)) for place in _STRAIGHT_SWINGS
        ]
    if resolution == 4:
        quarters = (0.0, 0.25, 0.5, 0.75, 1.0)
        swung += [
            Reading(resolution, quarters, (0.0, place / 2, 0.5, 0.5 + place / 2, 1.0))
            for place in _SIXTEENTH_SWINGS
        ]
    if resolution == 3:
        thirds = (0.0, 1 / 3, 2 / 3, 1.0)
        swung += [
            Reading(resolution, thirds, (0.0, 1 / 3, place, 1.0)) for place in _TRIPLET_SWINGS
        ]
    return swung


def _log_density(reading: Reading) -> Floats:
    """Return the log density of each place of the quarter at each spread, ``[bins, spreads]``."""
    number = np.arange(reading.resolution)
    denominator = reading.resolution // np.gcd(number, reading.resolution)
    weight = np.array([_LEVELS.get(int(level), _RARE) for level in denominator])
    centre = np.interp(number / reading.resolution, reading.written, reading.played)
    distance = np.arange(_BINS)[:, None] / _BINS - centre[None, :]
    distance -= np.rint(distance)
    width = _SPREADS[None, None, :]
    normal = (1 - _LOOSE_SHARE) * _normal(distance[:, :, None], width)
    normal += _LOOSE_SHARE * _normal(distance[:, :, None], _LOOSE_FACTOR * width)
    mixed = np.einsum("bks,k->bs", normal, weight / weight.sum())
    return np.asarray(np.log(_OUTLIERS + (1 - _OUTLIERS) * mixed))


def _normal(distance: Floats, width: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * (distance / width) ** 2) / (width * np.sqrt(2 * np.pi)))
