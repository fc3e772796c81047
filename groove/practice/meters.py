"""Meters: how long a bar is, how its beats are grouped, and how heavy each place in it is.

Positions are quarter notes from the bar's start. A *group* is what a foot taps: a quarter in
4/4, a dotted quarter in 6/8, two or three eighths in 7/8. A *strong* group starts a half of the
bar: 1 and 3 in 4/4, 1 and 4 in 5/4 felt as 3+2.

What belongs here: one bar's skeleton. What does not: tempo (:mod:`groove.practice.tempo`), which
notes are played.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from groove.practice.dice import Dice

STEP = 0.25
"""A sixteenth, in quarters."""

_COMPOUND = {"6/8": 2, "9/8": 3, "12/8": 4}
#: Weight of each grouping (lengths in the meter's unit).
_GROUPINGS: dict[str, dict[tuple[int, ...], float]] = {
    "5/8": {(3, 2): 5, (2, 3): 4},
    "7/8": {(2, 2, 3): 5, (3, 2, 2): 3, (2, 3, 2): 2},
    "5/4": {(3, 2): 6, (2, 3): 4},
    "7/4": {(4, 3): 5, (3, 4): 3, (2, 2, 3): 2},
    "6/4": {(3, 3): 4, (4, 2): 4, (2, 2, 2): 2},
    "4/4": {(2, 2): 1},
    "3/4": {(3,): 1},
    "2/4": {(2,): 1},
}


@dataclass(frozen=True)
class Meter:
    """A bar's skeleton.

    Parameters
    ----------
    numerator, denominator
        As written.
    groups
        Length of each group, in quarters; their sum is the bar.
    strong
        Indices of the strong groups; the first one is 0.
    """

    numerator: int
    denominator: int
    groups: tuple[float, ...]
    strong: tuple[int, ...]

    @property
    def name(self) -> str:
        """The meter as people write it."""
        return f"{self.numerator}/{self.denominator}"

    @property
    def quarters(self) -> float:
        """Length of a bar, in quarters."""
        return 4.0 * self.numerator / self.denominator

    @property
    def compound(self) -> bool:
        """Whether groups are dotted quarters only."""
        return self.denominator == 8 and all(group == 1.5 for group in self.groups)

    @property
    def simple(self) -> bool:
        """Whether groups are quarters only."""
        return self.denominator == 4

    @cached_property
    def steps(self) -> int:
        """Sixteenths in a bar."""
        return round(self.quarters / STEP)

    @cached_property
    def starts(self) -> tuple[float, ...]:
        """Where each group starts, in quarters."""
        return tuple(sum(self.groups[:place]) for place in range(len(self.groups)))

    @cached_property
    def strong_starts(self) -> tuple[float, ...]:
        """Where the strong groups start, in quarters."""
        return tuple(self.starts[place] for place in self.strong)

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """How heavy each sixteenth is: 1 on the downbeat, 0.1 off every beat."""
        found = [0.1 if step % 2 else 0.3 for step in range(self.steps)]
        if not self.compound:
            for start, length in zip(self.starts, self.groups, strict=True):
                if length >= 1.0 and self.denominator == 4:
                    found[round((start + 0.5) / STEP)] = 0.35
        for place, start in enumerate(self.starts):
            found[round(start / STEP)] = 0.85 if place in self.strong else 0.6
        found[0] = 1.0
        return tuple(found)

    def weight(self, position: float) -> float:
        """Return how heavy a position is, rounded to sixteenths."""
        return self.weights[int(position / STEP + 0.5) % self.steps]


def meter_named(name: str, dice: Dice) -> Meter:
    """Return a meter, its grouping drawn where there are several."""
    numerator, denominator = (int(part) for part in name.split("/"))
    if name in _COMPOUND:
        groups: tuple[float, ...] = (1.5,) * _COMPOUND[name]
        strong: tuple[int, ...] = (0, 2) if name == "12/8" else (0,)
        if name == "9/8" and dice.chance(0.3):  # the aksak: 2+2+2+3
            groups, strong = (1.0, 1.0, 1.0, 1.5), (0,)
        return Meter(numerator, denominator, groups, strong)
    grouping: tuple[int, ...] = dice.weighted(_GROUPINGS[name])
    if denominator == 8:
        return Meter(numerator, denominator, tuple(0.5 * unit for unit in grouping), (0,))
    halves = tuple(sum(grouping[:place]) for place in range(len(grouping)))
    return Meter(numerator, denominator, (1.0,) * numerator, halves)
