"""Drum grooves: the compact pattern notation and what it means.

A style's file has families, a family is one idea with variations (and is one split group)::

    style: rock
    families:
      stadium:
        meter: 4/4
        tempo: 118
        feel: straight
        lines: {hh: x-o-x-o-x-o-x-o-, sn: ----X-------X---, bd: X-------X-x-----}
        grooves:
          verse:  {section: verse}
          chorus: {section: chorus, hh: ~, ho: X-x-X-x-X-x-X-x-}
          turn:   {section: fill, sn: ----X---xxxxXXXX, bd: X-------X---X---}

One character is one step: ``-`` rest, ``.`` ghost note, ``o`` soft, ``x`` normal, ``X`` accent,
``f`` flam, ``d`` drag, ``r`` two strokes in the time of one. A groove has its family's lines
but for those that it writes itself (``~`` takes a line away); a fill starts from nothing.
A shorter line repeats until the longest one ends.

What belongs here: text to strokes. What does not: a player's feel (:mod:`groove.demo.humanise`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from pydantic import Field, model_validator

from groove.demo.notation import LEVELS, REST, Meter, gridded_bars, meter_of
from groove.demo.text import DemoError, Entry, line_of, parse

Feel = Literal["straight", "swing", "laid-back", "pushed"]
Section = Literal["intro", "verse", "chorus", "bridge", "outro", "fill"]

#: Line names and their General MIDI keys.
DRUMS: dict[str, int] = {
    "bd": 36, "b2": 35, "sn": 38, "s2": 40, "xs": 37,
    "hh": 42, "ho": 46, "hp": 44, "rd": 51, "rb": 53, "re": 59,
    "cr": 49, "c2": 57, "sp": 55, "ch": 52,
    "th": 50, "t2": 48, "tm": 47, "t4": 45, "tl": 43, "tf": 41,
    "cp": 39, "tb": 54, "cb": 56, "bh": 60, "bl": 61, "cm": 62, "co": 63, "cl": 64,
    "ti": 65, "tj": 66, "ah": 67, "al": 68, "ca": 69, "sh": 70, "gs": 73, "gl": 74, "cv": 75,
    "wh": 76, "wl": 77, "qm": 78, "qo": 79, "tr": 80, "to": 81,
}  # fmt: skip

_GRACE_QUARTERS = Fraction(1, 20)
_GRACE_VELOCITY = 46
_ORNAMENTS = {"f": 1, "d": 2}


@dataclass(frozen=True)
class Stroke:
    """One drum stroke: quarter notes from the start, General MIDI key, velocity 1..127."""

    start: Fraction
    note: int
    velocity: int
    even: bool
    """On an even grid, which a swing bends; triplets are already where they belong."""


@dataclass(frozen=True)
class Groove:
    """A groove ready to be played; ``strokes`` sorted by start and key."""

    style: str
    family: str
    name: str
    section: Section
    feel: Feel
    swing: float
    swing_unit: float
    loose: float
    meter: Meter
    tempo_bpm: float
    bars: int
    strokes: tuple[Stroke, ...]

    @property
    def group(self) -> str:
        """The split group."""
        return f"{self.style}/{self.family}"

    @property
    def path(self) -> str:
        """How songs call it."""
        return f"{self.group}/{self.name}"

    @property
    def is_fill(self) -> bool:
        """Whether it is a fill."""
        return self.section == "fill"

    @property
    def quarters(self) -> Fraction:
        """Length in quarter notes."""
        return self.bars * self.meter.quarters


class _Played(Entry):
    """What a family says and a groove may say differently."""

    tempo: float | None = Field(None, gt=0, description="Quarter notes per minute")
    feel: Feel | None = None
    swing: float | None = Field(None, ge=0.5, le=0.75)
    swing_unit: Literal[8, 16] | None = None
    loose: float | None = Field(None, ge=0, le=3)
    lines: dict[str, str | None] = Field(default_factory=dict)


class GrooveEntry(_Played):
    """One groove of a family, as written."""

    section: Section

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        """Take drum lines out of the flat entry."""
        if not isinstance(value, dict) or "lines" in value:
            return value
        drums = {name: line for name, line in value.items() if name in DRUMS}
        return {**{k: v for k, v in value.items() if k not in drums}, "lines": drums}


class FamilyEntry(_Played):
    """One idea and its variations, as written."""

    about: str = ""
    meter: str
    grooves: dict[str, GrooveEntry] = Field(min_length=1)


class StyleFile(Entry):
    """A file of grooves, as written."""

    style: str = Field(pattern=r"^[a-z0-9]+$")
    families: dict[str, FamilyEntry] = Field(min_length=1)


def strokes_of(line: str, note: int, meter: Meter) -> tuple[list[Stroke], int]:
    """Return a line's strokes and its number of bars.

    Raises
    ------
    ValueError
        A bar that doesn't sum to its meter, or an unknown character.
    """
    strokes: list[Stroke] = []
    bars = gridded_bars(line, meter)
    for number, (steps, grid) in enumerate(bars):
        for place, sign in enumerate(steps):
            start = number * meter.quarters + place * grid.step
            for at, velocity in _blows(sign, start, grid.step):
                strokes.append(Stroke(at, note, velocity, grid.even))
    return strokes, len(bars)


def _blows(sign: str, start: Fraction, step: Fraction) -> list[tuple[Fraction, int]]:
    """Return when and how hard one step's sign strikes."""
    if sign == REST:
        return []
    if sign in LEVELS:
        return [(start, LEVELS[sign])]
    if sign == "r":
        return [(start, LEVELS["x"]), (start + step / 2, LEVELS["o"])]
    if sign in _ORNAMENTS:
        graces = [start - k * _GRACE_QUARTERS for k in range(_ORNAMENTS[sign], 0, -1)]
        return [(at, _GRACE_VELOCITY) for at in graces if at >= 0] + [(start, LEVELS["X"])]
    raise ValueError(f"unknown stroke {sign!r}; known are - {' '.join(LEVELS)} f d r")


def read_grooves(texts: Mapping[str, str]) -> dict[str, Groove]:
    """Return every groove of some style files by its path ``style/family/name``.

    Raises
    ------
    DemoError
        If a file doesn't fit; two files may not have the same style.
    """
    grooves: dict[str, Groove] = {}
    for file in sorted(texts):
        content = parse(StyleFile, texts[file], file)
        for family, entry in content.families.items():
            for name in entry.grooves:
                where = ["families", family, "grooves", name]
                try:
                    groove = _groove(content.style, family, name, entry)
                except ValueError as error:
                    line = line_of(texts[file], where)
                    raise DemoError(f"{file}:{line}: {family}.{name}: {error}") from error
                if groove.path in grooves:
                    raise DemoError(f"{file}: {groove.path} exists in another file, too")
                grooves[groove.path] = groove
    return grooves


def _groove(style: str, family: str, name: str, entry: FamilyEntry) -> Groove:
    meter = meter_of(entry.meter)
    own = entry.grooves[name]
    inherited = {} if own.section == "fill" else entry.lines
    lines = {code: line for code, line in {**inherited, **own.lines}.items() if line is not None}
    if not lines:
        raise ValueError("no lines to play")
    parsed: dict[str, tuple[list[Stroke], int]] = {}
    for code, line in lines.items():
        if code not in DRUMS:
            raise ValueError(f"no drum is called {code!r}; known are {' '.join(DRUMS)}")
        try:
            parsed[code] = strokes_of(line, DRUMS[code], meter)
        except ValueError as error:
            raise ValueError(f"{code}: {error}") from error
    bars = max(count for _, count in parsed.values())
    strokes: list[Stroke] = []
    for code, (line_strokes, count) in parsed.items():
        if bars % count:
            raise ValueError(f"{code}: {count} bars don't fit into {bars}")
        for again in range(bars // count):
            shift = again * count * meter.quarters
            strokes += [Stroke(s.start + shift, s.note, s.velocity, s.even) for s in line_strokes]
    tempo = own.tempo or entry.tempo
    if tempo is None:
        raise ValueError("no tempo, neither here nor in the family")
    feel = own.feel or entry.feel or "straight"
    return Groove(
        style=style, family=family, name=name, section=own.section, feel=feel,
        swing=(own.swing or entry.swing or 2 / 3) if feel == "swing" else 0.5,
        swing_unit=4 / (own.swing_unit or entry.swing_unit or 8),
        loose=next((value for value in (own.loose, entry.loose) if value is not None), 1.0),
        meter=meter, tempo_bpm=tempo, bars=bars,
        strokes=tuple(sorted(strokes, key=lambda s: (s.start, s.note, -s.velocity))),
    )  # fmt: skip
