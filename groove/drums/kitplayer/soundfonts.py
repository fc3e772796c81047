"""Kits of a soundfont: every drum preset, every percussion key, at some velocities.

What belongs here: soundfonts to kits. What does not: rendering songs (:mod:`groove.midi.synth`).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from groove.drums.kitplayer.kit import RATE, Drum, Hit, Kit, KitError, drum_of, hit_of
from groove.midi.synth import drum_kits, render_hits
from groove.midi.taxonomy import LABELS, label_of_note

VELOCITIES = (40, 84, 127)
#: Presets of the percussion bank that are not drum kits.
_NO_KITS = ("sfx", "metronome", "click", "cm-64", "sound effect")
_LONG_S, _SHORT_S = 3.0, 1.2
_LONG = ("crash", "china", "splash", "ride_bow", "ride_bell", "hihat_open")


def notes_by_label() -> dict[str, list[int]]:
    """Return the General MIDI percussion keys of each label, the usual one first."""
    notes: dict[str, list[int]] = {}
    for note in range(128):
        if label := label_of_note(note):
            notes.setdefault(label, []).append(note)
    return {label: notes[label] for label in LABELS if label in notes}


@lru_cache(maxsize=8)
def kits_of_soundfont(path: Path, license: str = "", most: int = 128) -> tuple[Kit, ...]:  # noqa: A002  # the field's word
    """Return one kit per drum preset; presets that sound the same are one.

    A rimshot has no General MIDI key: kits of soundfonts lack it.

    Parameters
    ----------
    path
        An SF2 or SF3 file.
    license
        Of the soundfont.
    most
        Presets at most.

    Raises
    ------
    KitError
        If no preset has sounds.
    groove.midi.synth.SoundfontError
        If the file is no soundfont.
    """
    kits: dict[bytes, Kit] = {}
    presets = [
        (program, name) for program, name in drum_kits(path)
        if not any(word in name.lower() for word in _NO_KITS)
    ]  # fmt: skip
    for program, name in presets[:most]:
        drums = _drums(path, program)
        if "kick" in drums and "snare" in drums:
            kit = Kit(
                f"{path.stem}/{program:03d} {name}", license, path.name, recorded=False, drums=drums
            )
            kits.setdefault(_print(kit), kit)
    if not kits:
        raise KitError(f"{path.name} has no drum kit")
    return tuple(kits.values())


def _drums(path: Path, program: int) -> dict[str, tuple[Drum, ...]]:
    wanted = [
        (note, velocity, label, _LONG_S if label in _LONG else _SHORT_S)
        for label, notes in notes_by_label().items()
        for note in notes
        for velocity in VELOCITIES
    ]
    audio = render_hits(
        program, [(note, velocity, seconds) for note, velocity, _, seconds in wanted], RATE, path
    )
    strokes: dict[str, dict[int, list[tuple[float, Hit]]]] = {}
    for (note, velocity, label, _), sound in zip(wanted, audio, strict=True):
        try:
            hit = hit_of(sound, RATE, velocity / 127)
        except KitError:
            continue  # a key that this preset leaves out
        strokes.setdefault(label, {}).setdefault(note, []).append((velocity / 127, hit))
    return {
        label: tuple(drum_of(hits) for hits in by_note.values())
        for label, by_note in strokes.items()
    }


def _print(kit: Kit) -> bytes:
    """Return what two presets of the same samples have in common."""
    parts = [kit.drums[label][0][-1].hits[0].samples[:2_000] for label in ("kick", "snare")]
    return np.round(np.concatenate(parts), 3).tobytes()
