"""What a practice song is made of before anybody plays it.

What belongs here: bars, sections, parts and notes as plain values. What does not: filling them.
Positions are quarter notes from the song's start unless a name says ``in_bar``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from groove.practice.harmony import Chord
from groove.practice.meters import Meter

Note = tuple[float, float, int, float]
"""Start and length (quarters), pitch, velocity."""


@dataclass(frozen=True)
class Bar:
    """One bar.

    Parameters
    ----------
    start
        In quarters.
    meter
        Its skeleton.
    chords
        ``(position in the bar, chord)``; the first one at 0.
    coming
        The chord of the next bar's downbeat.
    place, phrase
        Which bar of its section it is, from 0; bars of a phrase in that section.
    last
        Whether it is the section's last.
    """

    start: float
    meter: Meter
    chords: tuple[tuple[float, Chord], ...]
    coming: Chord
    place: int
    phrase: int
    last: bool

    @property
    def end(self) -> float:
        """Where the next bar starts."""
        return self.start + self.meter.quarters

    @property
    def phrase_end(self) -> bool:
        """Whether a phrase ends with this bar."""
        return self.last or (self.place + 1) % self.phrase == 0

    def chord_at(self, in_bar: float) -> Chord:
        """Return the chord at a position of the bar; past its end, the coming one."""
        if in_bar >= self.meter.quarters - 1e-9:
            return self.coming
        found = self.chords[0][1]
        for position, chord in self.chords:
            if position <= in_bar + 1e-9:
                found = chord
        return found


@dataclass(frozen=True)
class Section:
    """A section: what kind it is, how full, its bars, and who plays.

    ``energy`` is 0 (a whisper) to 1. ``seed`` is equal for sections that are the same music.
    """

    kind: str
    energy: float
    bars: tuple[Bar, ...]
    roles: frozenset[str]
    drums: str
    """``full``, ``half``, ``hats``, ``kick``, ``build``, ``lift`` (a build without the bass drum) or
    ``none``."""
    seed: int


@dataclass
class Part:
    """A player: what is played, on what, and how."""

    name: str
    program: int
    drum: bool
    level: float
    """Times the written velocities."""
    jitter_ms: float
    offset_ms: float
    """Mean lateness."""
    swings: bool = True
    notes: list[Note] = field(default_factory=list)
