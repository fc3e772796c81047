"""Keys, chords and progressions, drawn.

What belongs here: which chord comes when, as pitch classes. What does not: rhythm of the players
(:mod:`groove.practice.comping`, :mod:`groove.practice.bass`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from groove.midi.theory import QUALITIES, SCALES, at_least
from groove.practice.dice import Dice
from groove.practice.meters import Meter

_NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii")
_ROMAN = re.compile(r"([b#]?)([iv]+|[IV]+)(.*)")
_SHIFT = {"": 0, "b": -1, "#": 1}

#: Progressions by palette; numerals count in the major scale (``bVII`` is a whole tone under I).
PROGRESSIONS: dict[str, tuple[str, ...]] = {
    "pop": ("I V vi IV", "vi IV I V", "I vi IV V", "IV I V vi", "I IV vi V", "vi V IV V",
            "I iii IV V", "I IV V IV", "IV V iii vi", "I Vsus4 vi IVadd9", "I IV ii V"),
    "rock": ("I bVII IV I", "I IV V IV", "i5 bVI5 bVII5 i5", "i bVII bVI bVII", "I5 IV5 I5 V5",
             "I bIII IV I", "vi IV I V", "i5 i5 bIII5 IV5", "I I IV V"),
    "dance": ("i bVI bIII bVII", "i iv bVI v", "i bVII bVI bVI", "vi IV V V", "i i bVI bVII",
              "i9 iv9", "im7 im7 ivm7 ivm7", "I7 I7", "im7"),
    "loop": ("i bVI", "i bVII", "I IV", "vi IV", "i", "im7 ivm7", "i bVI bIII bVII", "IV I vi V",
             "i i bVI bVI", "i bIII", "vi V IV V", "i5 bVI5"),
    "jazz": ("iim7 V7 Imaj7 Imaj7", "Imaj7 vim7 iim7 V7", "iiim7 VI7 iim7 V7",
             "im7 ivm7 iim7b5 V7b9", "Imaj7 IV7 iiim7 VI7b9", "I7 IV7 I7 I7 IV7 IV7 I7 VI7",
             "im7 im7 im7 im7 bIIm7 bIIm7 im7 im7", "Imaj9 bIIImaj7 bVImaj7 bII7"),
    "blues": ("I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7",
              "i7 iv7 i7 V7", "I7 IV7"),
    "folk": ("I IV I V", "I I IV V", "I V I V", "i bVII i bVII", "i bVII bVI V", "I ii IV V",
             "I IV I I V V I I", "I I V V I I V I", "i i iv V"),
    "latin": ("i iv V7 V7", "im7 iim7b5 V7 im7", "I IV V7 IV", "i V7 V7 i", "Imaj7 iim7 V7 Imaj7",
              "I vi ii V7", "Imaj7 II7 iim7 V7", "i bVII bVI V7"),
    "classical": ("I IV V I", "I vi ii V", "I V vi iii IV I IV V", "i iv V i", "I V7 I V7",
                  "i V i V i iv V i", "I iim V I", "i VIIdim i V"),
    "modal": ("im7 IV7", "Imaj7 bVIImaj7", "i bII", "im9", "I II", "i bVII", "im7 im7 bIIImaj7 IV7"),
}  # fmt: skip

_KEY_OF: dict[str, tuple[str, ...]] = {
    "major": ("major", "major", "mixolydian", "lydian"),
    "minor": ("minor", "minor", "dorian", "harmonic", "phrygian"),
}


@dataclass(frozen=True)
class Chord:
    """Pitch classes of root and bass, and the quality's semitones above the root."""

    root: int
    quality: tuple[int, ...]
    bass: int

    @property
    def classes(self) -> tuple[int, ...]:
        """Pitch classes, root first."""
        return tuple((self.root + step) % 12 for step in self.quality)

    def fifth(self) -> int:
        """Return the pitch class of the chord's fifth, or what stands for it."""
        return next((self.root + s) % 12 for s in (7, 6, 8, 0) if s in self.quality or s == 0)


@dataclass(frozen=True)
class Key:
    """A tonic's pitch class and its scale."""

    tonic: int
    scale: tuple[int, ...]

    def shifted(self, semitones: int) -> Key:
        """Return the key some semitones up."""
        return Key((self.tonic + semitones) % 12, self.scale)


@lru_cache(maxsize=4096)
def chord_named(numeral: str, tonic: int) -> Chord:
    """Return a numeral over a tonic: ``iim7``, ``bVII``, ``V7b9``, ``i5``.

    Small letters without a quality are minor. Degrees are those of the major scale.

    Raises
    ------
    ValueError
        If it is none.
    """
    match = _ROMAN.fullmatch(numeral)
    if match is None:
        raise ValueError(f"{numeral!r} is no numeral")
    quality = match[3]
    minor = match[2].islower() and quality[:1] not in {"m", "5", "s", "d"}
    name = f"m{quality}" if minor else quality
    if name not in QUALITIES:
        raise ValueError(f"{numeral!r} has no known quality")
    degree = SCALES["major"][_NUMERALS.index(match[2].lower())]
    root = (tonic + degree + _SHIFT[match[1]]) % 12
    return Chord(root, QUALITIES[name], root)


def draw_key(mood: str, dice: Dice) -> Key:
    """Return a key of a mood (``major`` or ``minor``)."""
    return Key(dice.integer(0, 11), SCALES[dice.pick(_KEY_OF[mood])])


def mood_of(progression: str) -> str:
    """Return whether a progression is ``minor`` or ``major``."""
    first = progression.split(maxsplit=1)[0]
    return "minor" if first.lstrip("b#")[0] == "i" or first.startswith("vi") else "major"


def draw_progression(palette: str, dice: Dice) -> str:
    """Return a palette's progression, or one walked from function to function."""
    if dice.chance(0.3):
        return _walked(dice)
    return dice.pick(PROGRESSIONS[palette])


def _walked(dice: Dice) -> str:
    """Return a progression that goes tonic, subdominant, dominant with usual odds."""
    minor = dice.chance(0.4)
    chords = (
        {"t": ("i", "bIII", "bVI"), "s": ("iv", "bVI", "iidim"), "d": ("V", "bVII", "v")}
        if minor
        else {"t": ("I", "vi", "iii"), "s": ("IV", "ii", "IVadd9"), "d": ("V", "V7", "bVII")}
    )
    odds = {
        "t": {"t": 3.0, "s": 5.0, "d": 3.0},
        "s": {"t": 3.0, "s": 2.0, "d": 6.0},
        "d": {"t": 7.0, "s": 2.0, "d": 1.0},
    }
    function, found = "t", [chords["t"][0]]
    for _ in range(dice.pick((1, 3, 3, 3, 7))):
        function = dice.weighted(odds[function])
        found.append(dice.weighted(dict(zip(chords[function], (6.0, 3.0, 1.0), strict=True))))
    return " ".join(found)


def spread(
    chords: list[Chord], meters: list[Meter], dice: Dice
) -> list[tuple[tuple[float, Chord], ...]]:
    """Return the chords of each bar of a section; the progression starts with it.

    Chords mostly change on each downbeat; some progressions move by half bars or every two or
    four bars, or hurry towards a phrase's end.
    """
    kind = dice.weighted({"bar": 50, "two": 17, "half": 13, "four": 4, "mixed": 12, "stay": 4})
    if len(chords) > 4 and kind in {"two", "four"}:
        kind = "bar"
    found: list[tuple[tuple[float, Chord], ...]] = []
    spent = 0
    for number, meter in enumerate(meters):
        halves = kind == "half" or (kind == "mixed" and number % 4 == 3)
        middle = _middle(meter)
        if kind == "stay":
            found.append(((0.0, chords[0]),))
        elif halves and middle:
            pair = chords[spent % len(chords)], chords[(spent + 1) % len(chords)]
            found.append(((0.0, pair[0]), (middle, pair[1])))
            spent += 2
        else:
            found.append(((0.0, chords[spent % len(chords)]),))
            every = {"two": 2, "four": 4}.get(kind, 1)
            spent += (number + 1) % every == 0
    return found


def _middle(meter: Meter) -> float:
    """Return where a bar's second half starts, in quarters; 0 where it has none."""
    if len(meter.strong) > 1:
        return meter.strong_starts[len(meter.strong_starts) // 2]
    return meter.starts[-1] if len(meter.groups) > 1 else 0.0


def voiced(chord: Chord, centre: int, size: int = 4) -> list[int]:
    """Return the chord's notes each nearest to a centre pitch, lowest first."""
    classes = chord.classes if len(chord.classes) <= size else (
        *chord.classes[1:size], chord.classes[-1]
    )  # fmt: skip
    return sorted({at_least(each, centre - 6) for each in classes})
