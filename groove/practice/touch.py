"""Touch: swing, and players who are never quite together.

What belongs here: moving notes in time and loudness. What does not: which notes there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.practice.score import Part

Floats = NDArray[np.float64]

_MEMORY = 0.9
_DRIFT_SHARE = 0.5
_VELOCITY_SPREAD = 5.0


@dataclass(frozen=True)
class Swing:
    """Where the second half of each pair falls (0.5 is even), and a pair's half in quarters."""

    ratio: float
    unit: float


def swung(positions: Floats, swing: Swing) -> Floats:
    """Return positions (quarters) bent so that the off-beats come late.

    Bars are whole quarters long wherever a song swings, so pairs start at multiples of two units.
    """
    pair = 2 * swing.unit
    whole, share = np.divmod(positions, pair)
    share /= pair
    first = share * 2 * swing.ratio
    second = swing.ratio + (share - 0.5) * 2 * (1 - swing.ratio)
    return np.asarray((whole + np.where(share < 0.5, first, second)) * pair)


def played(
    part: Part, swing: Swing | None, bpm_at: tuple[Floats, Floats], seed: int
) -> tuple[Floats, Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Return starts, ends (quarters), pitches and velocities of a part as a person plays it.

    Parameters
    ----------
    bpm_at
        Tempo map: places (quarters) and quarters per minute.
    """
    notes = np.array(part.notes, dtype=np.float64).reshape(-1, 4)
    notes = notes[np.lexsort((notes[:, 2], notes[:, 0]))]
    starts, ends = notes[:, 0], notes[:, 0] + notes[:, 1]
    if swing is not None and part.swings:
        starts, ends = swung(starts, swing), swung(ends, swing)
    rng = np.random.default_rng(seed)
    count = len(notes)
    # Dynamics rise and fall slowly over a song, whatever is written.
    wave = rng.uniform(0.0, 0.12) * np.sin(starts * rng.uniform(0.02, 0.12) + rng.uniform(0.0, 6.0))
    velocities = notes[:, 3] * part.level * (1.0 + wave)
    if part.jitter_ms or part.offset_ms:
        noise = rng.standard_normal(count) * part.jitter_ms
        late = part.offset_ms + noise + _walk(rng, count) * part.jitter_ms * _DRIFT_SHARE
        place = np.searchsorted(bpm_at[0], starts, side="right") - 1
        moved = late / 60_000.0 * bpm_at[1][np.maximum(place, 0)]
        starts, ends = starts + moved, ends + moved
    if part.jitter_ms:
        velocities = velocities + rng.standard_normal(count) * _VELOCITY_SPREAD
    loud = np.clip(np.rint(velocities), 1, 127).astype(np.int64)
    return starts, ends, notes[:, 2].astype(np.int64), loud


def _walk(rng: np.random.Generator, count: int) -> Floats:
    """Return an autoregressive walk of unit variance: what is late tends to stay late."""
    shocks = (rng.standard_normal(count) * np.sqrt(1 - _MEMORY**2)).tolist()
    level, walk = 0.0, []
    for shock in shocks:
        level = _MEMORY * level + shock
        walk.append(level)
    return np.array(walk)
