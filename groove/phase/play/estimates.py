"""What a tracker says: one row per 20 ms.

What belongs here: the rows. What does not: how they come about
(:mod:`groove.phase.play.tracker`, :mod:`groove.phase.play.smoothing`), or are read
(:mod:`groove.phase.play.beats`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """Rows in order of time; a model without the bar-pointer filter leaves some unknown.

    Parameters
    ----------
    time_s
        ``(n,)`` the moment up to which sound was heard: nothing in the row depends on later sound.
    bar_phase
        ``(n,)`` share of the bar played, in ``[0, 1)``, at ``time_s`` plus the anticipation.
    beat_phase
        ``(n,)`` likewise of the beat; ``nan`` if unknown.
    tempo_bpm
        ``(n,)`` beats per minute; ``nan`` if unknown.
    beats_per_bar
        ``(n,)`` the likeliest number; 0 if unknown.
    confidence
        ``(n,)`` 0 to 1.
    activations
        ``(n, 4)`` probability that a beat, and that a downbeat was struck, the model's delay before
        ``time_s``; sine and cosine of 2π times the phase in the bar at ``time_s`` as the network alone
        has it; ``nan`` if unknown.
    silence
        ``(n,)`` how silent it was, 0 to 1.
    """

    time_s: Column
    bar_phase: Column
    beat_phase: Column
    tempo_bpm: Column
    beats_per_bar: NDArray[np.int64]
    confidence: Column
    activations: NDArray[np.float32]
    silence: Column

    def __len__(self) -> int:
        return len(self.time_s)

    def __getitem__(self, rows: slice) -> Estimates:
        return Estimates(*(getattr(self, field.name)[rows] for field in fields(self)))


def empty(rows: int = 0) -> Estimates:
    """Return rows in which nothing is known, at time 0."""
    unknown = np.full(rows, np.nan)
    return Estimates(
        time_s=np.zeros(rows),
        bar_phase=np.zeros(rows),
        beat_phase=unknown,
        tempo_bpm=unknown.copy(),
        beats_per_bar=np.zeros(rows, dtype=np.int64),
        confidence=np.zeros(rows),
        activations=np.full((rows, 4), np.nan, dtype=np.float32),
        silence=np.zeros(rows),
    )


def joined(parts: Sequence[Estimates]) -> Estimates:
    """Return the rows of all parts."""
    if not parts:
        return empty()
    return Estimates(
        *(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(Estimates))
    )
