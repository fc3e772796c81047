"""Keys, chords and scale degrees as MIDI pitches.

What belongs here: pitch arithmetic. What does not: rhythm (:mod:`groove.demo.notation`) and
what is played when (:mod:`groove.demo.arrange`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from groove.midi.theory import QUALITIES, SCALES, at_least

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHIFTS = {"": 0, "#": 1, "b": -1}

_CHORD = re.compile(r"([A-G])([#b]?)([^/:\s]*)(?:/([A-G])([#b]?))?(?::(\d+))?")
_KEY = re.compile(r"([A-G])([#b]?) (\w+)")
_DEGREE = re.compile(r"([#b]?)([1-9])([',]*)")


@dataclass(frozen=True)
class Key:
    """A tonic's pitch class and its scale."""

    tonic: int
    scale: tuple[int, ...]

    def shifted(self, semitones: int) -> Key:
        """Return the key some semitones up."""
        return Key((self.tonic + semitones) % 12, self.scale)


@dataclass(frozen=True)
class Chord:
    """A chord: pitch classes of root and bass, semitones above the root, and its share.

    ``units`` is its length in units of the meter's denominator, or 0 for an equal share.
    """

    root: int
    quality: tuple[int, ...]
    bass: int
    units: int = 0

    def shifted(self, semitones: int) -> Chord:
        """Return the chord some semitones up."""
        moved = (self.root + semitones) % 12, (self.bass + semitones) % 12
        return Chord(moved[0], self.quality, moved[1], self.units)


def key_of(text: str) -> Key:
    """Return ``"Bb dorian"`` as a key.

    Raises
    ------
    ValueError
        If it is none.
    """
    match = _KEY.fullmatch(text)
    if match is None or match[3] not in SCALES:
        raise ValueError(f"key {text!r}: a letter, then one of {', '.join(SCALES)}")
    return Key((_LETTERS[match[1]] + _SHIFTS[match[2]]) % 12, SCALES[match[3]])


def chord_of(text: str) -> Chord:
    """Return ``"F#m7/B"`` (``:3`` behind it: three denominator units long) as a chord.

    Raises
    ------
    ValueError
        If it is none.
    """
    match = _CHORD.fullmatch(text)
    if match is None or match[3] not in QUALITIES:
        raise ValueError(f"chord {text!r}: a root, one of {' '.join(QUALITIES)}, perhaps /bass")
    root = (_LETTERS[match[1]] + _SHIFTS[match[2]]) % 12
    bass = (_LETTERS[match[4]] + _SHIFTS[match[5]]) % 12 if match[4] else root
    return Chord(root, QUALITIES[match[3]], bass, int(match[6] or 0))


def degree_of(text: str) -> tuple[int, int, int]:
    """Return accidental (semitones), degree 1..9 and octaves up of ``"b7,"``.

    Raises
    ------
    ValueError
        If it is none.
    """
    match = _DEGREE.fullmatch(text)
    if match is None:
        raise ValueError(f"degree {text!r}: 1 to 9, # or b before it, ' or , behind it")
    return _SHIFTS[match[1]], int(match[2]), match[3].count("'") - match[3].count(",")


def in_key(text: str, key: Key, low: int) -> int:
    """Return the pitch of a degree of the key; its tonic is the first one from ``low`` on."""
    shift, degree, octaves = degree_of(text)
    octave, place = divmod(degree - 1, 7)
    return at_least(key.tonic, low) + key.scale[place] + shift + 12 * (octave + octaves)


def over_chord(text: str, chord: Chord, key: Key, low: int) -> int:
    """Return the pitch of a degree above the chord's bass note, from ``low`` on.

    The third, the fifth and the seventh are the chord's; what it doesn't have is the key's.
    Over a foreign bass note ``1`` is that note, and the others still belong to the root.
    """
    shift, degree, octaves = degree_of(text)
    octave, place = divmod(degree - 1, 7)
    if place == 0:
        return at_least(chord.bass, low) + shift + 12 * (octave + octaves)
    root = at_least(chord.root, low)
    return root + _above(place + 1, chord, key) + shift + 12 * (octave + octaves)


def _above(degree: int, chord: Chord, key: Key) -> int:
    """Return the semitones of degree 2..7 above a chord's root."""
    choices = {2: (2, 1), 3: (4, 3, 5, 2), 4: (5, 6), 5: (7, 6, 8), 6: (9, 8), 7: (10, 11, 9)}
    own = [each for each in choices[degree] if degree in {3, 5, 7} and each in chord.quality]
    scale = {(key.tonic + step) % 12 for step in key.scale}
    diatonic = [each for each in choices[degree] if (chord.root + each) % 12 in scale]
    return (own or diatonic or list(choices[degree]))[0]


def voiced(chord: Chord, low: int) -> list[int]:
    """Return the chord's notes within the octave from ``low`` on, lowest first."""
    return sorted({at_least((chord.root + step) % 12, low) for step in chord.quality})
