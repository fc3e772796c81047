"""Figures of many recordings: medians, over all, per meter and per tempo.

What belongs here: putting figures of recordings together. What does not: one recording's
(:mod:`groove.phase.judge.figures`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

Figures = Mapping[str, float]

#: Edges of the classes of tempo, beats per minute.
TEMPO_EDGES = (0.0, 80.0, 100.0, 120.0, 140.0, 170.0)


def tempo_class(tempo_bpm: float) -> str:
    """Return the class of a tempo, in beats per minute.

    >>> tempo_class(99.9), tempo_class(170.0), tempo_class(float("nan"))
    ('80-100', '170-', 'unknown')
    """
    if not np.isfinite(tempo_bpm):
        return "unknown"
    place = int(np.searchsorted(TEMPO_EDGES, tempo_bpm, side="right")) - 1
    upper = f"{TEMPO_EDGES[place + 1]:g}" if place + 1 < len(TEMPO_EDGES) else ""
    return f"{TEMPO_EDGES[place]:g}-{upper}"


def medians(rows: Sequence[Figures]) -> dict[str, float]:
    """Return the median of each figure over the rows that know it; ``nan`` if none does."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: _median(row.get(name, float("nan")) for row in rows) for name in names}


def grouped(rows: Sequence[Figures], labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return the medians of the rows of each label, with their number as ``recordings``."""
    found = {}
    for label in sorted(set(labels), key=_natural):
        inside = [row for row, name in zip(rows, labels, strict=True) if name == label]
        found[label] = {"recordings": float(len(inside)), **medians(inside)}
    return found


def _median(values: Iterable[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.median(known)) if known else float("nan")


def _natural(label: str) -> tuple[bool, float, str]:
    """Return what puts 80-100 before 100-120, and words after numbers."""
    number = re.match(r"\d+", label)
    return number is None, float(number.group()) if number else 0.0, label
