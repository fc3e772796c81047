"""Song forms: the text of a song, and what it means before anybody plays it.

One file is one song::

    title: Late bus
    style: funk
    key: E dorian
    meter: 4/4
    tempo: 102
    parts:
      bass: {plays: chord, program: 33, low: 28}
      keys: {plays: strum, program: 4, low: 55}
      lead: {plays: tune, program: 66, low: 64}
    sections:
      verse:
        bars: 8
        chords: Em7 | Em7 | A7 | A7
        drums: funk/pocket/verse
        fill: funk/pocket/turn
        bass: "1:3 1:1 -:2 5,:2 7,:2 1:2 -:4"
        keys: "--x- --x_ --x- x---"
      chorus: {like: verse, chords: "C | D | Em7 | Em7", tempo: 104}
    form: verse chorus verse chorus

A section says what each part plays; a part that it doesn't name is silent. Lines repeat until
the section ends. Three ways to play:

* ``chord``: degrees above the chord of the moment. ``1`` is its bass, ``3`` its third;
* ``tune``: degrees of the key;
* ``strum``: the whole chord, in the strokes of the drum notation; ``_`` holds it.

How the lines are written is in :mod:`groove.demo.lines`.

What belongs here: the text's shape. What does not: turning it into notes
(:mod:`groove.demo.arrange`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from pydantic import Field, model_validator

from groove.demo.harmony import Chord, Key, chord_of, key_of
from groove.demo.lines import Line, pitched_line, strum_line
from groove.demo.notation import Meter, bars_of, meter_of
from groove.demo.patterns import Feel, Groove
from groove.demo.text import DemoError, Entry, line_of, parse

Plays = Literal["chord", "tune", "strum"]
Dynamic = Literal["pp", "p", "mp", "mf", "f", "ff"]
Mark = Literal["loop", "avoid"]

_SECTION_WORDS = frozenset(
    {"like", "bars", "chords", "drums", "fill", "meter", "tempo", "ramp", "shift", "dynamic",
     "crash", "mark", "lines"}
)  # fmt: skip


class PartEntry(Entry):
    """A player of the band."""

    plays: Plays
    program: int = Field(ge=0, le=127, description="General MIDI program, from 0")
    low: int = Field(ge=12, le=96, description="Lowest pitch of a chord, or of the first degree")
    gate: float = Field(0.92, gt=0, le=1, description="Share of its time that a note sounds")
    level: int = Field(0, ge=-60, le=40, description="Louder or softer, in MIDI velocity")


class SectionEntry(Entry):
    """A section as written."""

    like: str | None = None
    bars: int | None = Field(None, ge=1, le=64)
    chords: str | None = None
    drums: str | None = None
    fill: str | None = None
    meter: str | None = None
    tempo: float | None = Field(None, ge=40, le=300)
    ramp: float | None = Field(None, ge=40, le=300, description="Tempo at the section's end")
    shift: int | None = Field(None, ge=-11, le=11, description="Semitones up")
    dynamic: Dynamic | None = None
    crash: bool | None = None
    mark: Mark | None = None
    lines: dict[str, str | None] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        """Take the parts' lines out of the flat entry."""
        if not isinstance(value, dict) or "lines" in value:
            return value
        lines = {name: line for name, line in value.items() if name not in _SECTION_WORDS}
        return {**{k: v for k, v in value.items() if k not in lines}, "lines": lines}


class SongFile(Entry):
    """A song as written."""

    title: str
    style: str = Field(pattern=r"^[a-z0-9]+$")
    key: str
    meter: str
    tempo: float = Field(ge=40, le=300)
    feel: Feel = "straight"
    swing: float = Field(2 / 3, ge=0.5, le=0.75)
    swing_unit: Literal[8, 16] = 8
    kit: int = Field(0, ge=0, le=127, description="General MIDI drum kit program")
    track: bool = Field(False, description="Whether it is rendered to audio, too")
    parts: dict[str, PartEntry] = Field(min_length=1)
    sections: dict[str, SectionEntry] = Field(min_length=1)
    form: str


@dataclass(frozen=True)
class Section:
    """A section, resolved and checked."""

    name: str
    bars: int
    meter: Meter
    chords: tuple[tuple[Fraction, Fraction, Chord], ...]
    """``(start, length, chord)`` in quarter notes; they repeat."""
    drums: Groove | None
    fill: Groove | None
    tempo: float | None
    ramp: float | None
    shift: int
    dynamic: Dynamic
    crash: bool
    mark: Mark | None
    lines: Mapping[str, Line]

    @property
    def quarters(self) -> Fraction:
        """Length in quarter notes."""
        return self.bars * self.meter.quarters


@dataclass(frozen=True)
class SongForm:
    """A song, resolved and checked: its sections in the order in which they are played."""

    name: str
    entry: SongFile
    key: Key
    form: tuple[Section, ...]

    @property
    def families(self) -> list[str]:
        """Split groups of the grooves in it."""
        played = [g for section in self.form for g in (section.drums, section.fill) if g]
        return sorted({groove.group for groove in played})


def read_song(text: str, file: str, grooves: Mapping[str, Groove]) -> SongForm:
    """Return a song file's content.

    Parameters
    ----------
    text, file
        The text, and its name: the stem is the song's name.
    grooves
        What its sections may play, by path.

    Raises
    ------
    DemoError
        If it doesn't fit; the message names file, line, section and part.
    """
    entry = parse(SongFile, text, file)
    sections: dict[str, Section] = {}
    for name in entry.sections:
        try:
            sections[name] = _section(name, entry, grooves)
        except ValueError as error:
            line = line_of(text, ["sections", name])
            raise DemoError(f"{file}:{line}: {name}: {error}") from error
    try:
        key = key_of(entry.key)
        form = tuple(sections[name] for name in entry.form.split())
    except (ValueError, KeyError) as error:
        reason = f"form names no section {error}" if isinstance(error, KeyError) else error
        raise DemoError(f"{file}:{line_of(text, ['form'])}: {reason}") from error
    stem = file.rsplit("/", 1)[-1].removesuffix(".yaml")
    return SongForm(stem, entry, key, form)


def _merged(name: str, entry: SongFile, seen: tuple[str, ...] = ()) -> SectionEntry:
    """Return a section with what it takes over from the one that it is like."""
    own = entry.sections[name]
    if own.like is None:
        return own
    if own.like not in entry.sections or own.like in (*seen, name):
        raise ValueError(f"like: {own.like!r} is no other section")
    parent = _merged(own.like, entry, (*seen, name))
    said = own.model_fields_set - {"lines", "like"}
    values = {**dict(parent), **{field: getattr(own, field) for field in said}}
    return SectionEntry(**{**values, "like": None, "lines": {**parent.lines, **own.lines}})


def _section(name: str, song: SongFile, grooves: Mapping[str, Groove]) -> Section:
    entry = _merged(name, song)
    meter = meter_of(entry.meter or song.meter)
    if entry.bars is None or entry.chords is None:
        raise ValueError("bars and chords are needed")
    chords = _chords(entry.chords, meter)
    lines: dict[str, Line] = {}
    for part, line in entry.lines.items():
        if part not in song.parts:
            raise ValueError(f"{part}: no such part; the song has {', '.join(song.parts)}")
        if line is not None:
            try:
                strum = song.parts[part].plays == "strum"
                lines[part] = strum_line(line, meter) if strum else pitched_line(line, meter)
            except ValueError as error:
                raise ValueError(f"{part}: {error}") from error
    drums = _groove(entry.drums, meter, grooves)
    fill = _groove(entry.fill, meter, grooves)
    if fill and fill.bars > entry.bars:
        raise ValueError(f"a fill of {fill.bars} bars in a section of {entry.bars}")
    return Section(
        name=name, bars=entry.bars, meter=meter, chords=chords, drums=drums, fill=fill,
        tempo=entry.tempo, ramp=entry.ramp, shift=entry.shift or 0, dynamic=entry.dynamic or "mf",
        crash=drums is not None if entry.crash is None else entry.crash, mark=entry.mark,
        lines=lines,
    )  # fmt: skip


def _groove(path: str | None, meter: Meter, grooves: Mapping[str, Groove]) -> Groove | None:
    if path is None:
        return None
    if path not in grooves:
        raise ValueError(f"no groove {path!r}; write it as style/family/name")
    if grooves[path].meter != meter:
        raise ValueError(f"{path} is in {grooves[path].meter}, the section in {meter}")
    return grooves[path]


def _chords(text: str, meter: Meter) -> tuple[tuple[Fraction, Fraction, Chord], ...]:
    """Return chords with their times; a bar's chords share it equally, or as ``:n`` says."""
    placed: list[tuple[Fraction, Fraction, Chord]] = []
    for number, bar in enumerate(bars_of(text)):
        chords = [chord_of(token) for token in bar.split()]
        units = [chord.units for chord in chords]
        if any(units) and sum(units) != meter.numerator:
            raise ValueError(f"chords: bar {number + 1} has {sum(units)} of {meter}")
        at = number * meter.quarters
        for chord in chords:
            share = Fraction(chord.units, meter.numerator) or Fraction(1, len(chords))
            placed.append((at, share * meter.quarters, chord))
            at += share * meter.quarters
    return tuple(placed)
