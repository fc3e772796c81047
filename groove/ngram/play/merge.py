"""Percussion and drums as one piece, on one drum channel.

A percussion hit on the very tick of a kick or a snare moves one tick later: the drum speaks
first. If that tick has a kick or snare too, the hit moves on to the first one that has none.
Nothing is lost, and drums never move.

What belongs here: making several songs one. What does not: drawing them.

Conventions
-----------
* Songs are in one tempo and one meter throughout, as far as both last; others are refused.
  A song that states none has the other's.
* Songs of different resolutions are put on their least common multiple, so that no tick is
  rounded; where no file can have that, on the finer of both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from groove.midi.notes import write_midi
from groove.midi.song import MICROSECONDS_PER_MINUTE, Flags, Song, Ticks, assemble
from groove.midi.taxonomy import label_of_note

#: Drums that percussion steps aside for.
_FIRST = ("kick", "snare")
_FIRST_KEYS = np.array([label_of_note(key) in _FIRST for key in range(128)])
#: A file's resolution has 15 bits.
_FINEST = 0x7FFF
_HEADER_BYTES = 14
_CHUNK_HEAD_BYTES = 8
_LONGEST_NAME = 127

Events = list[tuple[int, int, int]]


class MergeError(ValueError):
    """Songs that cannot be one piece. The message says why."""


def merge(drums: Song, percussion: Song) -> Song:
    """Return both as one song; percussion that collides with a kick or snare is a tick later.

    Raises
    ------
    MergeError
        If they differ in tempo or meter.
    """
    drums, percussion = aligned([drums, percussion])
    return joined([drums, aside(percussion, drums)])


def aside(percussion: Song, drums: Song) -> Song:
    """Return percussion with every hit on the tick of a kick or snare moved to the next free tick.

    Parameters
    ----------
    percussion, drums
        In the same resolution. Only notes on the drum channel collide.
    """
    strikes = _strikes(drums)
    if not len(strikes):
        return percussion
    # Strikes on consecutive ticks are a run; what collides moves behind its end.
    last_of_run = np.append(np.diff(strikes) > 1, True)
    ends = strikes[last_of_run]
    run = np.searchsorted(ends, percussion.start_tick)
    behind = ends[np.minimum(run, len(ends) - 1)] + 1
    later = np.where(collisions(percussion, drums), behind - percussion.start_tick, 0)
    return _song(
        percussion,
        percussion.ticks_per_quarter,
        percussion.start_tick + later,
        percussion.end_tick + later,
    )


def collisions(percussion: Song, drums: Song) -> Flags:
    """Return which notes of percussion fall on the tick of a kick or snare: ``bool[n]``."""
    return percussion.drum & np.isin(percussion.start_tick, _strikes(drums))


def aligned(songs: Sequence[Song]) -> list[Song]:
    """Return songs in one resolution, after a check that tempo and meter are the same.

    Raises
    ------
    MergeError
        If two differ in tempo or meter while both last.
    """
    finest = math.lcm(*(song.ticks_per_quarter for song in songs))
    if finest > _FINEST:
        finest = max(song.ticks_per_quarter for song in songs)
    same = [_rescaled(song, finest) for song in songs]
    for number, one in enumerate(same):
        for other in same[:number]:
            _check_alike(one, other)
    return same


def joined(songs: Sequence[Song]) -> Song:
    """Return the notes of all songs as one; tempo and meter are those of whoever states them.

    Parameters
    ----------
    songs
        Of :func:`aligned`, at least one.
    """
    longest = sorted(songs, key=lambda song: song.last_tick, reverse=True)
    tempos = next((stated for song in longest if (stated := _tempos(song))), [])
    meters = next((stated for song in longest if (stated := _meters(song))), [])
    offsets = np.cumsum([0, *(int(song.track.max()) + 1 for song in songs)])
    return assemble(
        songs[0].ticks_per_quarter,
        start_tick=np.concatenate([song.start_tick for song in songs]),
        end_tick=np.concatenate([song.end_tick for song in songs]),
        pitch=np.concatenate([song.pitch for song in songs]),
        velocity=np.concatenate([song.velocity for song in songs]),
        program=np.concatenate([song.program for song in songs]),
        drum=np.concatenate([song.drum for song in songs]),
        track=np.concatenate(
            [song.track + offset for song, offset in zip(songs, offsets, strict=False)]
        ).astype(np.int16),
        tempos=[(tick, tempo_us) for tick, tempo_us, _ in tempos],
        meters=meters,
    )


def midi_of_parts(parts: Mapping[str, Song]) -> bytes:
    """Return a Standard MIDI File of type 1 with a track per part, named after it.

    Parameters
    ----------
    parts
        Name to song, in the order of the tracks; of :func:`aligned`. A part of several
        instruments has one track for each.
    """
    head, conductor, *_ = _chunks(write_midi(joined(list(parts.values()))))
    tracks = [conductor]
    for name, song in parts.items():
        text = name.encode()[:_LONGEST_NAME]
        # FF 03: "Sequence/Track Name" (SMF 1.0).
        title = b"\x00\xff\x03" + bytes([len(text)]) + text
        tracks.extend(title + body for body in _chunks(write_midi(song))[2:])
    whole = head[:2] + len(tracks).to_bytes(2, "big") + head[4:]
    return b"MThd" + len(head).to_bytes(4, "big") + whole + b"".join(map(_chunk, tracks))


def _strikes(drums: Song) -> Ticks:
    """Return the ticks on which a kick or snare is struck, sorted, each once."""
    return np.unique(drums.start_tick[drums.drum & _FIRST_KEYS[drums.pitch]])


def _chunk(body: bytes) -> bytes:
    return b"MTrk" + len(body).to_bytes(4, "big") + body


def _chunks(data: bytes) -> list[bytes]:
    """Return the bodies of a file's chunks, its header's first."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + _CHUNK_HEAD_BYTES], "big")
        at += _CHUNK_HEAD_BYTES
        found.append(data[at : at + size])
        at += size
    return found


def _rescaled(song: Song, ticks_per_quarter: int) -> Song:
    factor = ticks_per_quarter / song.ticks_per_quarter
    if factor == 1:
        return song
    start, end = (np.rint(t * factor).astype(np.int64) for t in (song.start_tick, song.end_tick))
    return _song(song, ticks_per_quarter, start, end)


def _song(song: Song, ticks_per_quarter: int, start_tick: Ticks, end_tick: Ticks) -> Song:
    """Return a song with its notes elsewhere; tempo and meter events move with the resolution."""
    factor = ticks_per_quarter / song.ticks_per_quarter
    return assemble(
        ticks_per_quarter,
        start_tick=start_tick,
        end_tick=end_tick,
        pitch=song.pitch,
        velocity=song.velocity,
        program=song.program,
        drum=song.drum,
        track=song.track,
        tempos=[(round(tick * factor), tempo_us) for tick, tempo_us, _ in _tempos(song)],
        meters=[(round(tick * factor), n, d) for tick, n, d in _meters(song)],
    )


def _tempos(song: Song) -> Events:
    """Return (tick, microseconds per quarter, 0) of the tempi that the song states."""
    stated = _stated(song.tempo_tick, explicit=song.explicit_tempo)
    tempo_us = np.rint(MICROSECONDS_PER_MINUTE / song.tempo_bpm[stated]).astype(np.int64)
    return [
        (t, us, 0)
        for t, us in zip(song.tempo_tick[stated].tolist(), tempo_us.tolist(), strict=True)
    ]


def _meters(song: Song) -> Events:
    """Return (tick, numerator, denominator) of the meters that the song states."""
    stated = _stated(song.meter_tick, explicit=song.explicit_meter)
    columns = (song.meter_tick, song.meter_numerator, song.meter_denominator)
    return list(zip(*(column[stated].tolist() for column in columns), strict=True))


def _stated(ticks: Ticks, *, explicit: bool) -> Flags:
    """Return which events of a map are not the default that was filled in at tick 0."""
    return (ticks > 0) | explicit


def _check_alike(one: Song, other: Song) -> None:
    both_last = min(one.last_tick, other.last_tick)
    for what, events in (("tempo", _tempos), ("meter", _meters)):
        left, right = (_changes(events(song), both_last) for song in (one, other))
        if left and right and left != right:
            shown = " and ".join(_shown(what, found) for found in (right, left))
            raise MergeError(f"not in one {what}: {shown}; bring them to the same {what} first")


def _changes(events: Events, last_tick: int) -> Events:
    """Return the events up to a tick that change something."""
    found: Events = []
    for event in events:
        if event[0] < last_tick and (not found or found[-1][1:] != event[1:]):
            found.append(event)
    return found


def _shown(what: str, events: Events) -> str:
    if what == "tempo":
        texts = [f"{MICROSECONDS_PER_MINUTE / first:g} bpm" for _, first, _ in events[:3]]
    else:
        texts = [f"{first}/{second}" for _, first, second in events[:3]]
    return ", ".join(texts) + (" …" if len(events) > 3 else "")
