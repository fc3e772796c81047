"""A groove as it is played: time across, labels up, velocity as shade.

What belongs here: drawing one groove. What does not: figures of many (:mod:`groove.plots.ngram`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from groove.plots.figure import png
from groove.plots.ngram import named

_BARS_A_LINE = 4
_LINES = 4
_VELOCITIES = Normalize(1, 127)
_STROKE_QUARTERS = 0.11

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Roll:
    """Hits of a groove: arrays of equal length.

    Parameters
    ----------
    quarter
        When, in quarter notes from the start, as played.
    label, velocity
        What and how loud.
    bar_quarters, beat_quarters
        Lengths of a bar and of a beat.
    bars
        Number of bars.
    """

    quarter: Floats
    label: Ints
    velocity: Ints
    bar_quarters: float
    beat_quarters: float
    bars: int


def piano_roll(roll: Roll, labels: Sequence[str], title: str = "") -> bytes:
    """Return a PNG of a groove as it is played: time across, labels up, velocity as shade.

    Parameters
    ----------
    roll
        The hits; the first sixteen bars are shown, four to a line.
    labels
        Names by bit; those never struck are left out.
    title
        Above.
    """
    return png(
        lambda figure: draw_piano_roll(figure, roll, labels, title),
        width=12.0,
        height=height_of(roll),
    )


def height_of(roll: Roll) -> float:
    """Return how many inches a roll needs."""
    lines = min(_LINES, max(1, -(-roll.bars // _BARS_A_LINE)))
    return 0.9 + lines * (0.5 + 0.19 * max(4, len(np.unique(roll.label))))


def draw_piano_roll(figure: FigureBase, roll: Roll, labels: Sequence[str], title: str = "") -> None:
    """Draw :func:`piano_roll`."""
    used: list[int] = np.unique(roll.label).tolist()
    row = np.searchsorted(used, roll.label)
    lines = min(_LINES, max(1, -(-roll.bars // _BARS_A_LINE)))
    shown_bars = min(roll.bars, _BARS_A_LINE)
    axes = figure.subplots(lines, 1, squeeze=False)[:, 0]
    picture = None
    for line, axis in enumerate(axes):
        start = line * _BARS_A_LINE * roll.bar_quarters
        length = shown_bars * roll.bar_quarters
        # A hit that is early for a line's downbeat belongs to that line.
        early = roll.beat_quarters / 4
        here = (roll.quarter >= start - early) & (roll.quarter < start + length - early)
        strokes = [
            Rectangle((at - start, y - 0.42), _STROKE_QUARTERS, 0.84)
            for at, y in zip(roll.quarter[here].tolist(), row[here].tolist(), strict=True)
        ]
        picture = PatchCollection(strokes, cmap="viridis_r", norm=_VELOCITIES)
        picture.set_array(roll.velocity[here])
        axis.add_collection(picture)
        bars_here = min(_BARS_A_LINE, roll.bars - line * _BARS_A_LINE)
        end = bars_here * roll.bar_quarters
        beats = np.arange(0, end + 1e-6, roll.beat_quarters)
        axis.vlines(beats, -0.5, len(used) - 0.5, color="0.85", linewidth=0.6, zorder=0)
        bars = np.arange(bars_here + 1) * roll.bar_quarters
        axis.vlines(bars, -0.5, len(used) - 0.5, color="0.3", linewidth=1.0, zorder=0)
        numbers = [str(line * _BARS_A_LINE + bar + 1) for bar in range(bars_here)]
        axis.set_xticks(bars[:-1], numbers, fontsize="small")
        axis.set_yticks(range(len(used)), [named(labels[i]) for i in used], fontsize="x-small")
        axis.set(xlim=(-early, length + 0.02), ylim=(-0.5, len(used) - 0.5))
    axes[-1].set_xlabel("bar (thin lines are beats)", fontsize="small")
    if picture is not None:
        figure.colorbar(
            picture, ax=list(axes), label="velocity", shrink=min(1.0, 0.4 + 0.2 * lines)
        )
    figure.suptitle(title)
