"""Lines of pitched parts: degrees with lengths, and strums.

A line has bars divided by ``|``; how many steps a bar has decides how long one is, as in drum
lines. A word of a pitched line is a degree ``[#|b]1..9`` with ``'`` or ``,`` per octave up or
down, ``:n`` for n steps, ``!`` for an accent and ``?`` for a soft note; ``-`` is a rest, ``_``
holds the note before (over a bar line, too). A strum line has the strokes of the drum notation,
``_`` holding the chord::

    "1:3 1 -:2 5,:2 | 1:8"        eight steps in 4/4: eighths
    "--x- --x_ --x- x---"         sixteen: sixteenths

What belongs here: text to tones. What does not: which pitch a degree is
(:mod:`groove.demo.harmony`), and who plays the line (:mod:`groove.demo.songs`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from groove.demo.harmony import degree_of
from groove.demo.notation import LEVELS, Meter, bars_of, grid_of, gridded_bars

_TOKEN = re.compile(r"(?P<what>-|_|[#b]?[1-9][',]*)(?::(?P<steps>\d+))?(?P<touch>[!?]?)")
_VELOCITY = {"": 88, "!": 108, "?": 62}


@dataclass(frozen=True)
class Tone:
    """A degree in a line: quarter notes from the line's start."""

    start: Fraction
    length: Fraction
    what: str
    """A degree, or ``*`` for the whole chord."""
    velocity: int
    even: bool


@dataclass(frozen=True)
class Line:
    """A part's line: tones and the length (quarter notes) after which it repeats."""

    tones: tuple[Tone, ...]
    quarters: Fraction


def pitched_line(text: str, meter: Meter) -> Line:
    """Return a line of degrees.

    Raises
    ------
    ValueError
        A bar that doesn't sum to its meter, or a word that is no degree.
    """
    tones: list[Tone] = []
    bars = bars_of(text)
    for number, bar in enumerate(bars):
        words: list[re.Match[str]] = []
        for text_word in bar.split():
            match = _TOKEN.fullmatch(text_word)
            if match is None:
                raise ValueError(f"bar {number + 1}: {text_word!r} is no degree, - or _, with :n")
            words.append(match)
        try:
            grid = grid_of(sum(int(word["steps"] or 1) for word in words), meter)
        except ValueError as error:
            raise ValueError(f"bar {number + 1}: {error}") from error
        at = number * meter.quarters
        for word in words:
            length = int(word["steps"] or 1) * grid.step
            _add_tone(tones, word, at, length, grid.even)
            at += length
    return Line(tuple(tones), len(bars) * meter.quarters)


def _add_tone(
    tones: list[Tone], word: re.Match[str], at: Fraction, length: Fraction, even: bool
) -> None:
    what = word["what"]
    if what == "-":
        return
    if what == "_":
        if not tones or tones[-1].start + tones[-1].length != at:
            raise ValueError("_ holds a note, and there is none before it")
        last = tones.pop()
        tones.append(Tone(last.start, last.length + length, last.what, last.velocity, last.even))
        return
    degree_of(what)
    velocity = _VELOCITY[word["touch"]]
    tones.append(Tone(at, length, what, velocity, even))


def strum_line(text: str, meter: Meter) -> Line:
    """Return a line of chord strokes in the drum notation, ``_`` holding.

    Raises
    ------
    ValueError
        A bar that doesn't sum to its meter, or an unknown character.
    """
    tones: list[Tone] = []
    bars = gridded_bars(text, meter)
    for number, (steps, grid) in enumerate(bars):
        for place, sign in enumerate(steps):
            at = number * meter.quarters + place * grid.step
            if sign == "_" and tones and tones[-1].start + tones[-1].length == at:
                last = tones.pop()
                held = last.length + grid.step
                tones.append(Tone(last.start, held, "*", last.velocity, last.even))
            elif sign in LEVELS:
                tones.append(Tone(at, grid.step, "*", LEVELS[sign], grid.even))
            elif sign != "-":
                raise ValueError(f"bar {number + 1}: {sign!r} is no stroke, - or _ after one")
    return Line(tuple(tones), len(bars) * meter.quarters)
