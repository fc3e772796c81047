"""Pictures of token models: what a song's tokens say, and how well models predict them.

What belongs here: drawing of arrays and figures. What does not: decoding and measuring.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from groove.plots.figure import png


def piano_roll(
    start_quarter: ArrayLike,
    duration_quarter: ArrayLike,
    pitch: ArrayLike,
    velocity: ArrayLike,
    bar_quarters: ArrayLike,
    title: str = "",
    bars: int = 16,
) -> bytes:
    """Return a PNG of the first ``bars`` bars of notes with their bar lines.

    Parameters
    ----------
    start_quarter, duration_quarter
        (n,) in quarter notes.
    pitch, velocity
        (n,) MIDI numbers; louder notes are darker.
    bar_quarters
        Bar starts in quarter notes; the last one closes the last bar.
    """
    start, duration = np.asarray(start_quarter, float), np.asarray(duration_quarter, float)
    height, loud = np.asarray(pitch), np.asarray(velocity, float)
    lines = np.asarray(bar_quarters, float)[: bars + 1]
    end = float(lines[-1])
    shown = start < end

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        axis.vlines(lines, -1, 128, color="0.85", linewidth=0.8)
        axis.barh(
            height[shown],
            duration[shown],
            left=start[shown],
            height=0.9,
            color=[(0.1, 0.25, 0.6, 0.3 + 0.7 * value / 127) for value in loud[shown]],
        )
        low, high = (height[shown].min(), height[shown].max()) if shown.any() else (48, 72)
        axis.set(
            title=title,
            xlabel="quarter notes",
            ylabel="MIDI pitch",
            xlim=(float(lines[0]), end),
            ylim=(low - 2, high + 2),
        )

    return png(draw, width=10.0, height=3.5)


def perplexities(figures: Mapping[str, float], title: str = "") -> bytes:
    """Return a PNG with a bar per model, on a logarithmic axis; shorter is better."""

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        names = list(figures)
        bars = axis.barh(names[::-1], [figures[name] for name in names[::-1]], color="#3b5b92")
        axis.bar_label(bars, fmt="%.1f", padding=3)
        axis.set(title=title, xlabel="test perplexity", xscale="log")
        axis.margins(x=0.15)

    return png(draw, width=6.0, height=0.6 + 0.4 * len(figures))
