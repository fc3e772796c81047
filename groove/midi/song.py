"""A piece of music as arrays, and the arithmetic of its tempo map.

What belongs here: :class:`Song`, how raw columns become one, and ticks ↔ seconds. What does not:
files (:mod:`groove.midi.notes`), bars and tempo policy (:mod:`groove.midi.meter`).

Conventions
-----------
* Ticks are the truth; seconds are integrated from the tempo map in float64.
* A tempo is a whole number of microseconds per quarter, as the file format has it. Before the
  first event a song plays at 120 quarters a minute in 4/4 (SMF 1.0, "Meta-Events").
* A note lasts at least one tick: drum tracks often have note-offs on the note-on's tick.
* Events that mean nothing (a tempo of zero microseconds, a meter of 0/4) are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ticks = NDArray[np.int64]
Seconds = NDArray[np.float64]
Small = NDArray[np.int16]
Flags = NDArray[np.bool_]

MICROSECONDS_PER_MINUTE = 60_000_000
DEFAULT_TEMPO_US = 500_000
DEFAULT_METER = (4, 4)
_MAX_TEMPO_US = 0xFFFFFF
_MAX_METER = 64


class MidiError(ValueError):
    """The bytes or notes are no usable music; the message says why."""


@dataclass(frozen=True)
class Song:
    """Notes sorted by (start, drum, program, pitch), with tempo map and meter events.

    Parameters
    ----------
    ticks_per_quarter
        Resolution of every tick here.
    start_tick, end_tick
        Notes, ``int64[n]``; ``end_tick > start_tick``.
    start_s, end_s
        The same through the tempo map, ``float64[n]``.
    pitch, velocity, program
        ``int16[n]``, 0..127; velocity at least 1. A drum note's program is the drum kit.
    drum
        ``bool[n]``: channel 10.
    track
        ``int16[n]``: the part (file track × channel × program) that the note came from.
    tempo_tick, tempo_bpm
        Tempo map in quarters per minute; the first tick is 0, ticks strictly increase.
    meter_tick, meter_numerator, meter_denominator
        Meter events; the first tick is 0, ticks strictly increase.
    explicit_tempo, explicit_meter
        Whether the file itself says what is in force when the first note sounds.
    last_tick
        Where the last note ends.
    """

    ticks_per_quarter: int
    start_tick: Ticks
    end_tick: Ticks
    start_s: Seconds
    end_s: Seconds
    pitch: Small
    velocity: Small
    program: Small
    drum: Flags
    track: Small
    tempo_tick: Ticks
    tempo_bpm: Seconds
    meter_tick: Ticks
    meter_numerator: Small
    meter_denominator: Small
    explicit_tempo: bool
    explicit_meter: bool
    last_tick: int

    @property
    def n(self) -> int:
        """Number of notes."""
        return len(self.start_tick)

    @property
    def duration_s(self) -> float:
        """Seconds from tick 0 to the end of the last note."""
        return float(seconds_at(self, self.last_tick))


def song_from_notes(
    start_beat: ArrayLike,
    duration_beat: ArrayLike,
    pitch: ArrayLike,
    velocity: ArrayLike,
    program: ArrayLike,
    drum: ArrayLike,
    tempos: Sequence[tuple[float, float]],
    meters: Sequence[tuple[float, int, int]],
    ticks_per_quarter: int = 480,
) -> Song:
    """Return a song of notes given in quarter notes; scalars are spread over all notes.

    Parameters
    ----------
    start_beat, duration_beat
        Quarter notes from the start of the song; rounded to ticks.
    pitch, velocity, program, drum
        0..127; 1..127; 0..127; true for channel 10.
    tempos
        ``(quarter note, quarters per minute)``; rounded to whole microseconds per quarter, so that
        a written file reads back as the same song.
    meters
        ``(quarter note, numerator, denominator)``.

    Raises
    ------
    MidiError
        No notes, or a value out of its range.
    """
    given = (start_beat, duration_beat, pitch, velocity, program, drum)
    columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(column)) for column in given))
    starts, durations, pitches, velocities, programs, drums = columns
    if not len(starts):
        raise MidiError("has no notes")
    if not (np.isfinite(starts).all() and np.isfinite(durations).all() and starts.min() >= 0):
        raise MidiError("a note starts before the song, or at no finite time")
    if any(bpm <= 0 for _, bpm in tempos):
        raise MidiError("a tempo is not above 0 quarters per minute")
    program, drum = programs.astype(np.int16), drums.astype(np.bool_)
    _, track = np.unique(np.where(drum, 128, 0) + program, return_inverse=True)
    return assemble(
        ticks_per_quarter,
        start_tick=np.rint(starts * ticks_per_quarter).astype(np.int64),
        end_tick=np.rint((starts + durations) * ticks_per_quarter).astype(np.int64),
        pitch=pitches.astype(np.int16),
        velocity=velocities.astype(np.int16),
        program=program,
        drum=drum,
        track=track.astype(np.int16),
        tempos=[
            (round(beat * ticks_per_quarter), round(MICROSECONDS_PER_MINUTE / bpm))
            for beat, bpm in tempos
        ],
        meters=[(round(beat * ticks_per_quarter), n, d) for beat, n, d in meters],
    )


def seconds_at(song: Song, ticks: ArrayLike) -> Seconds:
    """Return the time of each tick (whole or fractional) through the tempo map, in seconds."""
    return _integrate(song.tempo_tick, song.tempo_bpm, song.ticks_per_quarter, ticks)


def ticks_at(song: Song, seconds: ArrayLike) -> Seconds:
    """Return the (fractional) tick at each time; the inverse of :func:`seconds_at`."""
    times = np.asarray(seconds, dtype=np.float64)
    anchors = seconds_at(song, song.tempo_tick)
    at = np.clip(np.searchsorted(anchors, times, side="right") - 1, 0, None)
    per_second = song.tempo_bpm[at] * song.ticks_per_quarter / 60.0
    return np.asarray(song.tempo_tick[at] + (times - anchors[at]) * per_second)


def assemble(
    ticks_per_quarter: int,
    *,
    start_tick: Ticks,
    end_tick: Ticks,
    pitch: Small,
    velocity: Small,
    program: Small,
    drum: Flags,
    track: Small,
    tempos: Sequence[tuple[int, int]],
    meters: Sequence[tuple[int, int, int]],
) -> Song:
    """Return a song from raw columns: ranges checked, notes sorted, events made a clean map.

    Parameters
    ----------
    ticks_per_quarter, start_tick, end_tick, pitch, velocity, program, drum, track
        As in :class:`Song`, at least one note, in any order.
    tempos
        ``(tick, microseconds per quarter)`` in file order.
    meters
        ``(tick, numerator, denominator)`` in file order.

    Raises
    ------
    MidiError
        A pitch, velocity or program is out of range.
    """
    _check_range("pitch", pitch, 0)
    _check_range("velocity", velocity, 1)
    _check_range("program", program, 0)
    end_tick = np.maximum(end_tick, start_tick + 1)
    order = np.lexsort((track, velocity, end_tick, pitch, program, drum, start_tick))
    start_tick, end_tick = start_tick[order], end_tick[order]
    first, last = int(start_tick[0]), int(end_tick.max())
    # Of several events on one tick the last one counts; those after the last note change nothing.
    tempo = {t: us for t, us in tempos if 0 < us <= _MAX_TEMPO_US and 0 <= t <= last}
    meter = {t: (n, d) for t, n, d in meters if _is_meter(n, d) and 0 <= t <= last}
    explicit_tempo, explicit_meter = (
        min(tempo, default=last) <= first,
        min(meter, default=last) <= first,
    )
    tempo_map = sorted(({0: DEFAULT_TEMPO_US} | tempo).items())
    meter_map = sorted(({0: DEFAULT_METER} | meter).items())
    tempo_tick = np.array([tick for tick, _ in tempo_map], dtype=np.int64)
    tempo_us = np.array([us for _, us in tempo_map], dtype=np.float64)
    tempo_bpm = MICROSECONDS_PER_MINUTE / tempo_us
    return Song(
        ticks_per_quarter=ticks_per_quarter,
        start_tick=start_tick,
        end_tick=end_tick,
        start_s=_integrate(tempo_tick, tempo_bpm, ticks_per_quarter, start_tick),
        end_s=_integrate(tempo_tick, tempo_bpm, ticks_per_quarter, end_tick),
        pitch=pitch[order],
        velocity=velocity[order],
        program=program[order],
        drum=drum[order],
        track=track[order],
        tempo_tick=tempo_tick,
        tempo_bpm=tempo_bpm,
        meter_tick=np.array([tick for tick, _ in meter_map], dtype=np.int64),
        meter_numerator=np.array([n for _, (n, _) in meter_map], dtype=np.int16),
        meter_denominator=np.array([d for _, (_, d) in meter_map], dtype=np.int16),
        explicit_tempo=explicit_tempo,
        explicit_meter=explicit_meter,
        last_tick=last,
    )


def _integrate(
    tempo_tick: Ticks, tempo_bpm: Seconds, ticks_per_quarter: int, ticks: ArrayLike
) -> Seconds:
    where = np.asarray(ticks, dtype=np.float64)
    per_tick = 60.0 / (tempo_bpm * ticks_per_quarter)
    anchors = np.concatenate([[0.0], np.cumsum(np.diff(tempo_tick) * per_tick[:-1])])
    at = np.clip(np.searchsorted(tempo_tick, where, side="right") - 1, 0, None)
    return np.asarray(anchors[at] + (where - tempo_tick[at]) * per_tick[at])


def _check_range(name: str, values: Small, low: int) -> None:
    if values.min() < low or values.max() > 127:
        raise MidiError(f"a {name} lies outside {low}..127")


def _is_meter(numerator: int, denominator: int) -> bool:
    power_of_two = denominator > 0 and denominator & (denominator - 1) == 0
    return 0 < numerator <= _MAX_METER and power_of_two and denominator <= _MAX_METER
