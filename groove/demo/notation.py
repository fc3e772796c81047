"""Meters, step grids and strokes: what drum lines and pitched lines have in common.

A line is text: bars divided by ``|``, steps inside a bar; how many steps there are decides how
long one is. Sixteen steps of 4/4 are sixteenths, twelve are eighth triplets. Spaces inside a
drum bar only help the eye.

What belongs here: the arithmetic of bars and steps. What does not: what a step plays.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

#: Strokes of drum and chord lines and their MIDI velocities.
LEVELS: dict[str, int] = {".": 28, "o": 58, "x": 86, "X": 112}
REST = "-"

#: Steps per quarter note that a line may use, by the meter's denominator.
STEPS_PER_QUARTER: dict[int, tuple[int, ...]] = {4: (1, 2, 3, 4, 6, 8, 12), 8: (1, 2, 4, 8)}
_EVEN = frozenset({1, 2, 4, 8})


@dataclass(frozen=True)
class Meter:
    """A time signature with denominator 4 or 8."""

    numerator: int
    denominator: int

    @property
    def quarters(self) -> Fraction:
        """Length of a bar in quarter notes."""
        return Fraction(4 * self.numerator, self.denominator)

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


def meter_of(text: str) -> Meter:
    """Return ``"7/8"`` as a meter.

    Raises
    ------
    ValueError
        If it is none, or its denominator is neither 4 nor 8.
    """
    head, slash, tail = text.partition("/")
    known = slash and head.isdigit() and tail in {"4", "8"}
    if not known or not 1 <= int(head) <= 16:
        raise ValueError(f"meter {text!r}: write it as 4/4, 3/4, 6/8, 7/8 or 5/4")
    return Meter(int(head), int(tail))


@dataclass(frozen=True)
class Grid:
    """How long a step is (quarter notes) and whether a swing may move it."""

    step: Fraction
    even: bool


def grid_of(steps: int, meter: Meter) -> Grid:
    """Return the grid of a bar with ``steps`` steps.

    Raises
    ------
    ValueError
        If no allowed note value fills the bar with so many steps: the bar doesn't sum.
    """
    choices = {
        int(meter.quarters * each): each
        for each in STEPS_PER_QUARTER[meter.denominator]
        if (meter.quarters * each).denominator == 1
    }
    if steps not in choices:
        wanted = ", ".join(map(str, sorted(choices)))
        raise ValueError(f"{steps} steps don't fill a bar of {meter}; it takes {wanted}")
    return Grid(Fraction(1, choices[steps]), choices[steps] in _EVEN)


def bars_of(line: str) -> list[str]:
    """Return the bars of a line, trimmed.

    Raises
    ------
    ValueError
        If there is an empty bar.
    """
    bars = [" ".join(bar.split()) for bar in line.strip().strip("|").split("|")]
    if not all(bars):
        raise ValueError("an empty bar between two |")
    return bars


def gridded_bars(line: str, meter: Meter) -> list[tuple[str, Grid]]:
    """Return each bar's steps, one character a step, with the grid that they make.

    Raises
    ------
    ValueError
        If a bar is empty or doesn't sum to its meter; the message has the bar's number.
    """
    found = []
    for number, bar in enumerate(bars_of(line)):
        steps = bar.replace(" ", "")
        try:
            found.append((steps, grid_of(len(steps), meter)))
        except ValueError as error:
            raise ValueError(f"bar {number + 1}: {error}") from error
    return found


def swung(position: float, unit: float, ratio: float) -> float:
    """Return a straight position (quarter notes) as it is played with swing.

    Pairs of ``unit`` long notes are bent so that the second one starts at ``ratio`` of the
    pair: 0.5 is straight, 2/3 a triplet. Between, time runs evenly.

    >>> swung(1.5, 0.5, 2 / 3)
    1.6666666666666665
    """
    pair = 2 * unit
    whole, rest = divmod(position, pair)
    share = rest / pair
    bent = share * 2 * ratio if share < 0.5 else ratio + (share - 0.5) * 2 * (1 - ratio)
    return whole * pair + bent * pair
