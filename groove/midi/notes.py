"""MIDI files ↔ :class:`~groove.midi.song.Song`.

What belongs here: the border to Standard MIDI File bytes. What does not: the song itself and its
tempo map (:mod:`groove.midi.song`, whose names are offered here too), bars
(:mod:`groove.midi.meter`), statistics of a file (:mod:`groove.midi.inventory`).

symusic parses, in ticks. Its seconds are float32 and drift by milliseconds; ours are not taken
from it. The writer is our own: the same song must give the same bytes on every version of a peer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import symusic
from numpy.typing import NDArray

from groove.midi.song import (
    DEFAULT_METER,
    DEFAULT_TEMPO_US,
    MICROSECONDS_PER_MINUTE,
    MidiError,
    Song,
    assemble,
    seconds_at,
    song_from_notes,
    ticks_at,
)

__all__ = [
    "MidiError",
    "MidiLimits",
    "Song",
    "read_midi",
    "seconds_at",
    "song_from_notes",
    "ticks_at",
    "write_midi",
]

DRUM_CHANNEL = 9
_MELODIC_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]
_HEADER_BYTES = 14
_RIFF_HEADER_BYTES = 20

Event = tuple[int, int, bytes]
"""Tick, rank among events of one tick, message."""


@dataclass(frozen=True)
class MidiLimits:
    """What a file may ask of memory before it is refused."""

    max_bytes: int = 20_000_000
    max_notes: int = 500_000
    max_duration_s: float = 7_200.0
    max_quarters: int = 200_000
    """Bounds the bar grid where an absurd tempo hides an absurd length."""


def read_midi(data: bytes, limits: MidiLimits | None = None) -> Song:
    """Return the music in a Standard MIDI File of type 0 or 1 (bare, or in a RIFF wrapper).

    Raises
    ------
    MidiError
        Not a MIDI file, damaged, over a limit, in SMPTE time, of type 2, or without notes.
    """
    limits = limits or MidiLimits()
    if len(data) > limits.max_bytes:
        raise MidiError(f"{len(data):,} bytes; a MIDI file here has at most {limits.max_bytes:,}")
    if data[:4] == b"RIFF" and data[8:16] == b"RMIDdata":
        data = data[_RIFF_HEADER_BYTES:]
    ticks_per_quarter = _checked_header(data)
    try:
        score: Any = symusic.Score.from_midi(data)  # its stubs know no attributes
    except (RuntimeError, ValueError, OverflowError, MemoryError) as error:
        reason = str(error).removeprefix("MiniMidi: ").removesuffix(": iostream error")
        raise MidiError(f"damaged MIDI file: {reason or type(error).__name__}") from error
    # All tracks of a format 0 or 1 file play together, so one song is all of them.
    parts = [(track, track.notes.numpy()) for track in score.tracks if len(track.notes)]
    notes = sum(len(columns["time"]) for _, columns in parts)
    if not notes:
        raise MidiError("has no notes")
    if notes > limits.max_notes:
        raise MidiError(f"{notes:,} notes; the limit is {limits.max_notes:,}")
    song = _song_of(parts, score.tempos.numpy(), score.time_signatures.numpy(), ticks_per_quarter)
    if song.duration_s > limits.max_duration_s:
        raise MidiError(
            f"{song.duration_s:,.1f} s long; the limit is {limits.max_duration_s:,.0f} s"
        )
    if song.last_tick > limits.max_quarters * ticks_per_quarter:
        raise MidiError(f"longer than {limits.max_quarters:,} quarter notes")
    return song


def write_midi(song: Song) -> bytes:
    """Return the song as a Standard MIDI File of type 1; the same song gives the same bytes.

    Track 0 has the tempo and meter events that the song states. Then one track per (drum, program),
    drums on channel 10, melodic programs on the other fifteen channels in turn. More than fifteen
    programs share channels, with the program change before each note that needs one. A key struck
    again while it sounds ends there: one channel cannot hold the same key twice, and readers
    disagree about what such a file means.
    """
    instruments = np.where(song.drum, 128, 0) + song.program
    values = np.unique(instruments).tolist()
    melodic = [value for value in values if value < 128]
    drums = [value for value in values if value >= 128]
    channels = {v: _MELODIC_CHANNELS[i % len(_MELODIC_CHANNELS)] for i, v in enumerate(melodic)}
    channels |= dict.fromkeys(drums, DRUM_CHANNEL)
    users = list(channels.values())
    tracks = [_chunk(_conductor(song))]
    for value, channel in channels.items():
        chosen = np.flatnonzero(instruments == value)
        shared = users.count(channel) > 1
        tracks.append(_chunk(_part(song, chosen, channel, value % 128, restate=shared)))
    header = (1, len(tracks), song.ticks_per_quarter)
    head = b"MThd" + (6).to_bytes(4, "big") + b"".join(n.to_bytes(2, "big") for n in header)
    return head + b"".join(tracks)


def _checked_header(data: bytes) -> int:
    """Return the ticks per quarter; refuse what is no type 0 or 1 file in musical time."""
    if len(data) < _HEADER_BYTES or data[:4] != b"MThd":
        raise MidiError("not a MIDI file (no MThd header)")
    kind, division = int.from_bytes(data[8:10], "big"), int.from_bytes(data[12:14], "big")
    if kind > 1:
        raise MidiError(f"MIDI file of type {kind}; only types 0 and 1 are one piece of music")
    if division & 0x8000:
        raise MidiError("timed in SMPTE frames, without beats; export it in musical time")
    if division == 0:
        raise MidiError("damaged MIDI file: zero ticks per quarter note")
    return division


def _song_of(
    parts: list[tuple[Any, dict[str, NDArray[Any]]]],
    tempos: dict[str, NDArray[Any]],
    meters: dict[str, NDArray[Any]],
    ticks_per_quarter: int,
) -> Song:
    columns = {
        name: np.concatenate([notes[name] for _, notes in parts]).astype(np.int64)
        for name in ("time", "duration", "pitch", "velocity")
    }
    if min(columns["time"].min(), columns["duration"].min()) < 0:
        raise MidiError("damaged MIDI file: note times beyond 2,147,483,647 ticks")
    lengths = [len(notes["time"]) for _, notes in parts]
    fractions = (meters["time"], meters["numerator"], meters["denominator"])
    return assemble(
        ticks_per_quarter,
        start_tick=columns["time"],
        end_tick=columns["time"] + columns["duration"],
        pitch=columns["pitch"].astype(np.int16),
        velocity=columns["velocity"].astype(np.int16),
        program=np.repeat([track.program for track, _ in parts], lengths).astype(np.int16),
        drum=np.repeat([track.is_drum for track, _ in parts], lengths).astype(np.bool_),
        track=np.repeat(np.arange(len(parts)), lengths).astype(np.int16),
        tempos=list(zip(tempos["time"].tolist(), tempos["mspq"].tolist(), strict=True)),
        meters=list(zip(*(column.tolist() for column in fractions), strict=True)),
    )


def _conductor(song: Song) -> list[Event]:
    """Return tempo and meter events, without the defaults that nobody stated."""
    events: list[Event] = []
    columns = (song.meter_tick, song.meter_numerator, song.meter_denominator)
    for tick, n, d in zip(*(column.tolist() for column in columns), strict=True):
        if song.explicit_meter or tick > 0 or (n, d) != DEFAULT_METER:
            # 24 MIDI clocks a metronome click, 8 notated 32nds a quarter: the usual values.
            events.append((tick, 0, bytes([0xFF, 0x58, 4, n, d.bit_length() - 1, 24, 8])))
    for tick, bpm in zip(song.tempo_tick.tolist(), song.tempo_bpm.tolist(), strict=True):
        tempo_us = round(MICROSECONDS_PER_MINUTE / bpm)
        if song.explicit_tempo or tick > 0 or tempo_us != DEFAULT_TEMPO_US:
            events.append((tick, 1, b"\xff\x51\x03" + tempo_us.to_bytes(3, "big")))
    return events


def _part(
    song: Song, chosen: NDArray[np.intp], channel: int, program: int, *, restate: bool
) -> list[Event]:
    """Return one track's events; ``restate`` the program before every note of a shared channel."""
    starts, pitches = song.start_tick[chosen], song.pitch[chosen]
    velocities = song.velocity[chosen]
    ends = np.minimum(song.end_tick[chosen], _next_strike(starts, pitches))
    # Of notes struck on one tick, readers close the first written first.
    order = np.lexsort((velocities, ends, pitches, starts))
    columns = (starts[order], ends[order], pitches[order], velocities[order])
    change = bytes([0xC0 | channel, program])
    events: list[Event] = [(0, 0, change)]
    for start, end, pitch, velocity in zip(*(c.tolist() for c in columns), strict=True):
        if restate and start > 0:
            events.append((start, 2, change))
        events.append((start, 3, bytes([0x90 | channel, pitch, velocity])))
        events.append((end, 1, bytes([0x80 | channel, pitch, 0])))
    return events


def _next_strike(starts: NDArray[np.int64], pitches: NDArray[np.int16]) -> NDArray[np.int64]:
    """Return, for each note, when its key is next struck later than it; far away if never."""
    distinct, at = np.unique(np.stack([pitches, starts], axis=1), axis=0, return_inverse=True)
    follows = np.full(len(distinct), np.iinfo(np.int64).max)
    same_key = distinct[1:, 0] == distinct[:-1, 0]
    follows[:-1][same_key] = distinct[1:, 1][same_key]
    return np.asarray(follows[at.ravel()])


def _chunk(events: list[Event]) -> bytes:
    """Return a track chunk: events in order of tick and rank, delta-coded."""
    body = bytearray()
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        body += _variable_length(tick - now) + message
        now = tick
    body += b"\x00\xff\x2f\x00"
    return b"MTrk" + len(body).to_bytes(4, "big") + bytes(body)


def _variable_length(value: int) -> bytes:
    """Return a number in base 128, most significant digit first (SMF 1.0)."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | (value & 0x7F))
    return bytes(reversed(digits))
