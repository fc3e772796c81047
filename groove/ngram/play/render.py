"""Steps and hits back to music: bars of hits as a song, ready to be written as MIDI.

What belongs here: the inverse of :mod:`groove.ngram.corpus.events`. What does not: drawing hits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.midi.notes import Song, song_from_notes
from groove.midi.taxonomy import LABELS
from groove.ngram.corpus.alphabets import alphabet_of

#: Ticks to the quarter note in which offsets are given.
OFFSET_TICKS = 480
_DURATION_QUARTERS = 1 / 16


@dataclass(frozen=True)
class Bar:
    """One bar on its grid: its form, and its hits as arrays of equal length.

    Parameters
    ----------
    numerator, denominator, quarters, resolution
        Meter, length in quarter notes and steps per quarter note.
    step, label, velocity
        Hits; labels by their place in ``labels``.
    offset_ticks
        Ticks after the step, 480 to the quarter.
    """

    numerator: int
    denominator: int
    quarters: float
    resolution: int
    step: NDArray[np.int64]
    label: NDArray[np.int64]
    velocity: NDArray[np.int64]
    offset_ticks: NDArray[np.float64]


def song_of_bars(
    bars: Sequence[Bar],
    tempo_bpm: float,
    labels: Sequence[str] = LABELS,
    ticks_per_quarter: int = OFFSET_TICKS,
) -> Song:
    """Return bars, one after the other, as a song on the drum channel with tempo and meter.

    Parameters
    ----------
    bars
        At least one hit among them.
    tempo_bpm
        Quarters a minute.
    labels
        Names of the labels that the bars number, of one alphabet
        (:mod:`groove.ngram.corpus.alphabets`): it gives their keys and keeps velocities within
        their labels' range.
    ticks_per_quarter
        Resolution of the song; a hit lies on the tick nearest to it, none before the song.

    Raises
    ------
    groove.midi.notes.MidiError
        If there is no hit.
    groove.ngram.corpus.alphabets.AlphabetError
        If no alphabet has the labels.
    """
    alphabet = alphabet_of(labels)
    number = np.array([alphabet.labels.index(name) for name in labels], dtype=np.int64)
    starts = np.cumsum([0.0, *(bar.quarters for bar in bars)])
    onset = np.concatenate(
        [
            start + bar.step / bar.resolution + bar.offset_ticks / OFFSET_TICKS
            for start, bar in zip(starts, bars, strict=False)
        ]
    )
    label = number[np.concatenate([bar.label for bar in bars])]
    velocity = alphabet.clipped(label, np.concatenate([bar.velocity for bar in bars]))
    meters: list[tuple[float, int, int]] = []
    whole = True
    for start, bar in zip(starts, bars, strict=False):
        # A bar that was cut short needs the meter stated again where the next one starts.
        if not meters or not whole or meters[-1][1:] != (bar.numerator, bar.denominator):
            meters.append((float(start), bar.numerator, bar.denominator))
        whole = abs(bar.quarters - 4.0 * bar.numerator / bar.denominator) < 1e-6
    return song_from_notes(
        start_beat=np.maximum(onset, 0.0),
        duration_beat=_DURATION_QUARTERS,
        pitch=np.array(alphabet.notes, dtype=np.int64)[label],
        velocity=velocity,
        program=0,
        drum=True,
        tempos=[(0.0, tempo_bpm)],
        meters=meters,
        ticks_per_quarter=ticks_per_quarter,
    )
