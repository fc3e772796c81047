"""The tempo of an audio loop that states none: a loop is a whole number of beats.

What belongs here: choosing the beat count of a loop. What does not: tracking beats through a
whole track (:func:`groove.audio.percussive.beats`).

Within one octave of tempo (80..160 bpm) a loop's length allows a few beat counts only. Each is
scored by how well the onsets fall on its grid of quarter beats, and by how common such a count
is: loops are made of 4, 8, 16 … beats. The usual doubt of a factor two remains: which octave is
meant cannot be told from a length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: How much a beat count gains for being 2, 4, 8, 16 …; the onsets' fit lies in -1..1.
POWER_OF_TWO_BONUS = 1.0
#: The same for other multiples of four.
WHOLE_BAR_BONUS = 0.5

_STEPS_PER_BEAT = 4


@dataclass(frozen=True)
class LoopTempo:
    """Tempo in beats per minute, and the whole number of beats that the loop then has."""

    tempo_bpm: float
    beats: int


def by_duration(
    duration_s: float, onsets_s: NDArray[np.float64], low_bpm: float, high_bpm: float
) -> LoopTempo:
    """Return the likeliest tempo at which a loop is a whole number of beats.

    Parameters
    ----------
    duration_s
        Length of the loop, which starts on a beat.
    onsets_s
        Onset times; none at all leaves the choice to the beat count.
    low_bpm, high_bpm
        Range of tempos; at equal scores the one nearer to its (geometric) middle is taken. A loop
        too short for one beat in the range is one beat long.

    Raises
    ------
    ValueError
        If the duration is not positive.

    >>> by_duration(6.857142, np.zeros(0), 80.0, 160.0)
    LoopTempo(tempo_bpm=140.0, beats=16)
    """
    if duration_s <= 0:
        raise ValueError("a loop of no length has no tempo")
    first = max(1, math.ceil(duration_s * low_bpm / 60 - 1e-9))
    last = max(first, math.floor(duration_s * high_bpm / 60 + 1e-9))
    middle = math.sqrt(low_bpm * high_bpm)

    def score(beats: int) -> tuple[float, float]:
        bpm = 60 * beats / duration_s
        return _fit(onsets_s * bpm / 60) + _bonus(beats), -abs(math.log(bpm / middle))

    beats = max(range(first, last + 1), key=score)
    return LoopTempo(round(60 * beats / duration_s, 2), beats)


def _fit(onsets_beats: NDArray[np.float64]) -> float:
    """Return how well onsets fall on quarter beats: 1 exactly, 0 at random, -1 between."""
    if not len(onsets_beats):
        return 0.0
    return float(np.mean(np.cos(2 * np.pi * _STEPS_PER_BEAT * onsets_beats)))


def _bonus(beats: int) -> float:
    if beats > 1 and beats & (beats - 1) == 0:
        return POWER_OF_TWO_BONUS
    return WHOLE_BAR_BONUS if beats % 4 == 0 else 0.0
