"""Versions of a song: other balances, instruments, rooms and hands, the same bars.

Version 0 is the song as written. Any other is drawn from the song's content, the soundfont and
the version's number: gains of drums, bass and the rest; no drums at all; other programs of the
same General MIDI family, or synthesizers throughout; a room; bass and the rest ducking under the
bass drum; and humanised timing and velocity. Notes move by milliseconds
around where the score has them, on average by nothing; bars and beats stay where they are.

What belongs here: drawing a version and applying it to notes. What does not: sound
(:mod:`groove.phase.corpus.render`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from groove.core.digest import seed_of
from groove.midi.song import Song
from groove.phase.corpus.pump import KICKS, Pump, draw_pump
from groove.phase.corpus.usable import distinct_onsets
from groove.phase.spec import RenderSpec

GROUPS = ("drums", "bass", "rest")
BASS = range(32, 40)
#: Programs from here on are effects and percussion: none stands for another.
_FIRST_EFFECT = 112
_FAMILY = 8
#: Kits from here on (orchestra, effects) have other sounds on their keys.
_FIRST_OTHER_KIT = 48
#: What electronic productions are played by: leads, pads, plucked synths; basses; kits.
_SYNTHS = (80, 81, 81, 81, 82, 84, 87, 88, 89, 90, 90, 91, 93, 94, 95, 50, 51, 62, 63, 5, 98)
_SYNTH_BASSES = (38, 39, 87, 81)
_SYNTH_KITS = (24, 25)
_MOST_GAIN_DB = 9.0
_ROOM_S = (0.2, 1.6)
_ROOM_DB = (-16.0, -3.0)


@dataclass(frozen=True)
class Mix:
    """A version of a song.

    Parameters
    ----------
    song
        The notes that are played.
    gains_db
        Of each of :data:`GROUPS` that sounds.
    room
        Reverberation time in s and its energy in dB, or None for none.
    seed
        Of the room's response.
    pump
        How bass and the rest duck under the bass drum, or None.
    said
        What is not as written, in words.
    """

    song: Song
    gains_db: dict[str, float]
    room: tuple[float, float] | None = None
    seed: int = 0
    pump: Pump | None = None
    said: list[str] = field(default_factory=list)


def as_written(song: Song) -> Mix:
    """Return the version that changes nothing."""
    return Mix(song, dict.fromkeys(GROUPS, 0.0))


def drawn(song: Song, spec: RenderSpec, kits: list[int], *identity: object) -> Mix:
    """Return a version that hangs on ``identity`` and the spec's seed.

    Parameters
    ----------
    kits
        Programs of the soundfont's drum kits.
    """
    seed = seed_of("mix", *identity, spec.seed)
    random = np.random.default_rng(seed)
    said: list[str] = []
    gains = np.clip(random.normal(0, spec.gain_spread_db, len(GROUPS)), -_MOST_GAIN_DB, None)
    gains_db = dict(zip(GROUPS, np.minimum(gains, _MOST_GAIN_DB).round(1).tolist(), strict=True))
    # Every draw is made for every song, so that one setting does not shift another's draws.
    mute, in_room = random.random() < spec.drumless_share, random.random() < spec.room_share
    room = (float(random.uniform(*_ROOM_S)), float(random.uniform(*_ROOM_DB)))
    # Draws of their own: what was drawn before they came stays.
    other = np.random.default_rng(seed_of("electronic", *identity, spec.seed))
    pumps, synths = other.random() < spec.pump_share, other.random() < spec.synth_share
    struck = song.start_s[song.drum & np.isin(song.pitch, KICKS)]
    pump = draw_pump(struck, other)
    pitched = ~song.drum
    if mute and song.drum.any() and distinct_onsets(song.start_s[pitched]) >= spec.min_onsets:
        song, gains_db = part_of(song, pitched), {**gains_db, "drums": 0.0}
        said.append("no drums")
    said += [f"{name} {gain:+.1f} dB" for name, gain in gains_db.items() if gain]
    song, changes = _with_other_programs(song, spec, kits, random)
    said += changes
    if synths:
        song = _synthesised(song, kits, other)
        said.append("synthesizers")
    song = humanised(song, spec, random)
    if in_room:
        said.append(f"room {room[0]:.1f} s {room[1]:+.0f} dB")
    pumped = pump if pumps and len(struck) else None
    if pumped is not None:
        said.append(pumped.said)
    return Mix(song, gains_db, room if in_room else None, seed, pumped, said)


def groups_of(song: Song) -> Iterator[tuple[str, Song]]:
    """Yield each of :data:`GROUPS` that has notes, as a song of the same length."""
    bass = ~song.drum & np.isin(song.program, list(BASS))
    for name, chosen in zip(GROUPS, (song.drum, bass, ~song.drum & ~bass), strict=True):
        if chosen.any():
            yield name, part_of(song, chosen)


def part_of(song: Song, chosen: NDArray[np.bool_]) -> Song:
    """Return the chosen notes of a song; its tempo map, meters and end stay."""
    names = ("start_tick", "end_tick", "start_s", "end_s", "pitch", "velocity", "program", "drum")
    return dataclasses.replace(
        song, **{name: getattr(song, name)[chosen] for name in (*names, "track")}
    )


def humanised(song: Song, spec: RenderSpec, random: np.random.Generator) -> Song:
    """Return the song as a band plays it: seconds and velocities move, ticks stay.

    Notes of a part that start together move together: by what is the part's own (half of
    ``spec.timing_ms``) and what is the moment's. Shifts end at three standard deviations, have
    mean 0 over the song's notes, and leave no note before the start.
    """
    _, part = np.unique(song.track, return_inverse=True)
    together = np.stack([part.astype(np.int64), song.start_tick], axis=1)
    _, chord = np.unique(together, axis=0, return_inverse=True)
    chord = chord.ravel()
    sigma = spec.timing_ms / 1000.0
    own = random.normal(0, 0.5 * sigma, part.max() + 1)[part]
    moment = random.normal(0, sigma, chord.max() + 1)[chord]
    shift = np.clip(own + moment, -3 * sigma, 3 * sigma)
    shift -= shift.mean()
    shift = np.maximum(shift, -song.start_s)
    spread = random.normal(0, spec.velocity_spread, (2, song.n))
    loud = spread[0] + random.normal(0, spec.velocity_spread, part.max() + 1)[part] / 2
    velocity = np.clip(np.rint(song.velocity * np.exp(loud)), 1, 127).astype(np.int16)
    return dataclasses.replace(
        song, start_s=song.start_s + shift, end_s=song.end_s + shift, velocity=velocity
    )


def _synthesised(song: Song, kits: list[int], random: np.random.Generator) -> Song:
    """Return the song with all its instruments replaced by synthesizers."""
    program = song.program.copy()
    for instrument in np.unique(song.program[~song.drum & (song.program < _FIRST_EFFECT)]).tolist():
        low = instrument in BASS
        choices = _SYNTH_BASSES if low else _SYNTHS
        place = int(random.integers(1 << 30)) % len(choices)
        program[~song.drum & (song.program == instrument)] = choices[place]
    usual = [kit for kit in kits if kit in _SYNTH_KITS]
    known = song.drum & (song.program < _FIRST_OTHER_KIT)
    if usual and known.any():
        program[known] = usual[int(random.integers(1 << 30)) % len(usual)]
    return dataclasses.replace(song, program=program)


def _with_other_programs(
    song: Song, spec: RenderSpec, kits: list[int], random: np.random.Generator
) -> tuple[Song, list[str]]:
    """Return the song with some instruments replaced by others of their family."""
    program = song.program.copy()
    said = []
    for instrument in np.unique(song.program[~song.drum & (song.program < _FIRST_EFFECT)]).tolist():
        change, place = random.random() < spec.program_share, int(random.integers(_FAMILY))
        other = instrument // _FAMILY * _FAMILY + place
        if change and other != instrument:
            program[~song.drum & (song.program == instrument)] = other
            said.append(f"program {instrument} as {other}")
    usual = [kit for kit in kits if kit < _FIRST_OTHER_KIT]
    change, place = random.random() < spec.program_share, int(random.integers(1 << 30))
    known = song.drum & (song.program < _FIRST_OTHER_KIT)
    if change and usual and known.any():
        kit = usual[place % len(usual)]
        program[known] = kit
        said.append(f"kit {kit}")
    return dataclasses.replace(song, program=program), said
