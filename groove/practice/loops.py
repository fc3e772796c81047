"""Drum performances from files, laid under a practice song bar by bar.

What belongs here: reading a folder of performances whose bar 1 is at tick 0 (the Groove MIDI data
set is one), and repeating one over a song's bars with its human timing. What does not: patterns by
rule (:mod:`groove.practice.drums`).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from groove.midi.meter import main_tempo, meter_of
from groove.midi.notes import MidiError, read_midi
from groove.midi.song import Song
from groove.midi.taxonomy import label_of_note, note_of_label
from groove.practice.score import Bar, Note

_FEWEST_BARS = 4


class LoopsError(ValueError):
    """A folder that holds no usable drum performances; the message says why."""


@dataclass(frozen=True)
class DrumLoop:
    """A drum performance in whole bars.

    Parameters
    ----------
    name, group
        Which file, and who plays: songs over one player's drums belong together in a split.
    meter
        As in ``4/4``.
    bars, bar_quarters
        How many, how long.
    tempo_bpm
        Quarters per minute it was played at.
    start, pitch, velocity
        Strokes: quarters from bar 1, General MIDI drum keys, 1..127.
    source, license
        Where it comes from.
    """

    name: str
    group: str
    meter: str
    bars: int
    bar_quarters: float
    tempo_bpm: float
    start: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]
    source: str = "drum loops"
    license: str = "unknown"

    @property
    def swing(self) -> float:
        """Where its off-beat eighths fall in the beat: 0.5 is even."""
        share = self.start % 1.0
        off = share[(share > 0.4) & (share < 0.75)]
        return float(np.median(off)) if len(off) > 8 else 0.5


def loop_of(
    song: Song, name: str, group: str, meter: str, mapping: str = "td11", **about: str
) -> DrumLoop | None:
    """Return a performance as a loop, or None where it has under four bars or no drums."""
    read = meter_of(meter)
    if read is None:
        raise LoopsError(f"{name}: {meter!r} is no meter")
    labels = {
        note: label_of_note(note, "td11" if mapping == "td11" else "gm")
        for note in np.unique(song.pitch[song.drum]).tolist()
    }
    keys = np.array([-1] * 128)
    for note, label in labels.items():
        if label is not None:
            keys[note] = note_of_label(label)
    kept = song.drum & (keys[song.pitch] >= 0)
    quarters = 4.0 * read[0] / read[1]
    start = song.start_tick[kept] / song.ticks_per_quarter
    # A bar counts if it sounds nearly to its end: the last beat may be a rest.
    bars = int((start.max() + 0.3 * quarters) // quarters) if kept.any() else 0
    if bars < _FEWEST_BARS:
        return None
    inside = start < bars * quarters - 0.1
    return DrumLoop(
        name=name, group=group, meter=f"{read[0]}/{read[1]}", bars=bars, bar_quarters=quarters,
        tempo_bpm=main_tempo(song), start=start[inside],
        pitch=keys[song.pitch[kept]][inside].astype(np.int64),
        velocity=song.velocity[kept][inside].astype(np.int64), **about,
    )  # fmt: skip


def read_loops(folder: Path, split: str = "train") -> list[DrumLoop]:
    """Return the performances of a Groove MIDI folder: ``info.csv`` and the files it lists.

    Parameters
    ----------
    folder
        With ``info.csv`` (columns ``drummer``, ``beat_type``, ``time_signature``,
        ``midi_filename``, ``split``) in it.
    split
        Only rows of this split; empty takes all. Trackers should not train on what they are
        tested with.

    Raises
    ------
    LoopsError
        No such table, a column missing, a damaged file, or nothing usable.
    """
    table = folder / "info.csv"
    if not table.is_file():
        raise LoopsError(f"{table} is missing: drum loops are a folder as Groove MIDI's")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    needed = {"drummer", "beat_type", "time_signature", "midi_filename", "split"}
    if missing := sorted(needed - set(rows[0] if rows else ())):
        raise LoopsError(f"{table} has no column {', '.join(missing)}")
    found: list[DrumLoop] = []
    for row in sorted(rows, key=lambda row: str(row["midi_filename"])):
        if row["beat_type"] != "beat" or (split and row["split"] != split):
            continue
        path = folder / str(row["midi_filename"])
        try:
            song = read_midi(path.read_bytes())
        except MidiError as error:
            raise LoopsError(f"{path}: {error}") from error
        loop = loop_of(
            song, str(row["midi_filename"]), str(row["drummer"]),
            str(row["time_signature"]), source="Groove MIDI Dataset", license="CC-BY-4.0",
        )  # fmt: skip
        if loop is not None:
            found.append(loop)
    if not found:
        raise LoopsError(f"{folder} has no performance of {_FEWEST_BARS} bars or more")
    return found


def laid_under(loop: DrumLoop, bars: Sequence[Bar], first: int) -> list[Note]:
    """Return a loop's strokes under a song's bars, from the loop's bar ``first`` on, round again.

    Bars must all be in the loop's meter. Strokes keep where they are in their bar, a little
    before it too.
    """
    number = np.floor((loop.start + 0.12) / loop.bar_quarters).astype(np.int64)
    inside = loop.start - number * loop.bar_quarters
    by_bar = [np.flatnonzero(number == k) for k in range(loop.bars)]
    found: list[Note] = []
    for place, bar in enumerate(bars):
        for k in by_bar[(first + place) % loop.bars]:
            start = max(bar.start + float(inside[k]), 0.0)
            found.append((start, 0.12, int(loop.pitch[k]), float(loop.velocity[k])))
    return found
