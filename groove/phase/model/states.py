"""The states that a bar-pointer filter holds possible, and how one follows another.

Each tempo has its own row of cells across one beat; each beat of each meter has all of them. Numbers
only, from a spec: shares of probability that go from cell to cell, from tempo to tempo at a beat and
from beat to beat, and how likely each state is before anything is heard.

What belongs here: the space. What does not: moving a belief over it
(:mod:`groove.phase.model.pointer`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.phase.labels import FRAME_RATE_HZ
from groove.phase.spec import PointerSpec

#: An upper bound of tempos × cells × beats: far more than a frame could be done with in time.
_MOST_STATES = 2_000_000


@dataclass(frozen=True)
class States:
    """The state space of a spec.

    Parameters
    ----------
    interval
        ``(tempos,)`` frames per beat.
    tempo
        ``(cells,)`` index of each cell's tempo.
    place
        ``(cells,)`` share of the beat already played, in the middle of the cell's frame.
    first, last
        ``(tempos,)`` index of each tempo's first and last cell.
    stay, one, two
        ``(cells,)`` share of a cell's probability that comes from itself, the cell before and
        the one before that. What leaves a beat's last cell is in ``leave``.
    leave
        ``(tempos,)`` share of the last cell that goes on to the next beat, and ``leave_early``
        of the cell before it.
    meter, beat
        ``(beats,)`` number of beats of the bar that a beat is in, and its place from 0.
    """

    interval: NDArray[np.float64]
    tempo: NDArray[np.int64]
    place: NDArray[np.float64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    stay: NDArray[np.float64]
    one: NDArray[np.float64]
    two: NDArray[np.float64]
    leave: NDArray[np.float64]
    leave_early: NDArray[np.float64]
    meter: NDArray[np.int64]
    beat: NDArray[np.int64]
    tempo_change: NDArray[np.float64]
    beat_change: NDArray[np.float64]
    prior: NDArray[np.float64]


def states(spec: PointerSpec) -> States:
    """Return the state space of a spec.

    Raises
    ------
    ValueError
        If meters and their shares do not belong together, or no tempo is possible.
    """
    meters = list(spec.meters)
    if len(spec.meter_shares) != len(meters) or len(set(meters)) != len(meters):
        raise ValueError("meters must differ, and meter_shares needs one share for each")
    if not (all(1 <= meter <= 16 for meter in meters) and min(spec.meter_shares) > 0):
        raise ValueError("meters have 1 to 16 beats, and their shares are above 0")
    if spec.fastest_bpm <= spec.slowest_bpm:
        raise ValueError("fastest_bpm must be above slowest_bpm")
    per_minute = FRAME_RATE_HZ * 60
    slowest = per_minute / spec.slowest_bpm
    span = math.log(spec.fastest_bpm / spec.slowest_bpm)
    count = max(2, math.ceil(span / spec.tempo_step) + 1)
    if count * slowest * sum(meters) > _MOST_STATES:
        raise ValueError("too many states: fewer meters, fewer tempos, or faster ones")
    interval = np.geomspace(per_minute / spec.fastest_bpm, per_minute / spec.slowest_bpm, count)
    cells = np.maximum(3, np.rint(interval).astype(np.int64))
    first = np.concatenate([[0], np.cumsum(cells)[:-1]])
    last = first + cells - 1
    tempo = np.repeat(np.arange(count), cells)
    at = np.arange(len(tempo)) - first[tempo]
    over = (cells / interval - 1.0)[tempo]
    slow, fast = np.maximum(-over, 0), np.maximum(over, 0)
    place = (at + 0.5) / cells[tempo]
    log_interval = np.log(interval)
    change = np.exp(-spec.tempo_rigidity * np.abs(log_interval[:, None] - log_interval[None]))
    meter = np.repeat(meters, meters)
    beat = np.concatenate([np.arange(m) for m in meters])
    shares = np.asarray(spec.meter_shares) / np.sum(spec.meter_shares)
    usual = np.exp(-0.5 * (np.log(per_minute / interval / spec.usual_bpm) / spec.usual_spread) ** 2)
    prior = (np.repeat(shares / meters, meters)[:, None]) * (usual / cells)[tempo][None]
    return States(
        interval=interval,
        tempo=tempo,
        place=place,
        first=first,
        last=last,
        stay=slow,
        one=np.where(at >= 1, 1 - slow - fast, 0.0),
        two=np.where(at >= 2, fast, 0.0),
        leave=1 - slow[last],
        leave_early=fast[last],
        meter=meter,
        beat=beat,
        tempo_change=change / change.sum(axis=1, keepdims=True),
        beat_change=_beat_change(meter, beat, shares, spec.meter_change),
        prior=prior / prior.sum(),
    )


def _beat_change(
    meter: NDArray[np.int64], beat: NDArray[np.int64], shares: NDArray[np.float64], chance: float
) -> NDArray[np.float64]:
    """Return ``(beats, beats)``: which beat follows which, rows sum to one."""
    change = np.zeros((len(meter), len(meter)))
    starts = np.flatnonzero(beat == 0)
    for place, (beats, number) in enumerate(zip(meter, beat, strict=True)):
        if number + 1 < beats:
            change[place, place + 1] = 1.0
        else:
            change[place, starts] += chance * shares
            change[place, place - number] += 1.0 - chance
    return change
