"""How a check says what it found: a gate, and panels for the report.

What belongs here: the two small shapes that all checks share. What does not: measuring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from groove.core.gates import Gate


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval; the ends are nan where none can be computed."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True)
class Panel:
    """A table of the report.

    Parameters
    ----------
    title
        Its heading.
    head
        Column titles.
    rows
        Cells. A number is shown as such; an :class:`Interval` with its interval, drawn where all
        values of its column are between 0 and 1.
    bars
        Number of the column that is drawn as bars beside its numbers; none without it.
    """

    title: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[str | float | int | Interval | None]]
    bars: int | None = None


def gate(
    stage: str,
    name: str,
    value: float | Interval | None,
    threshold: float,
    direction: Literal["at_least", "at_most"],
    *,
    unit: str = "",
    count: int | None = None,
    note: str = "",
) -> Gate:
    """Return a gate of a check; an :class:`Interval` brings its ends along."""
    ends = value if isinstance(value, Interval) else None
    measured = value.value if isinstance(value, Interval) else value
    return Gate(
        name=name,
        stage=stage,
        value=measured,
        threshold=threshold,
        direction=direction,
        unit=unit,
        count=count,
        low=ends.low if ends else None,
        high=ends.high if ends else None,
        note=note,
    )
