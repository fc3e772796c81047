"""Pictures of grooves: where each drum falls by style, and a groove as a drum roll.

What belongs here: figures of steps and hits. What does not: choosing what to show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from groove.plots.figure import png

_PANELS = 6


def step_histograms(shares: Mapping[str, NDArray[np.float64]], labels: Sequence[str]) -> bytes:
    """Return a PNG: per style, the share of bars in which each label is struck on each step.

    Parameters
    ----------
    shares
        Style to ``float64[labels, steps]``; the first six are shown.
    labels
        Names of the rows.
    """
    shown = list(shares.items())[:_PANELS]

    def draw(figure: Figure) -> None:
        columns = min(3, max(1, len(shown)))
        rows = max(1, -(-len(shown) // columns))
        panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
        for panel in panels[len(shown) :]:
            panel.set_axis_off()
        for panel, (style, share) in zip(panels, shown, strict=False):
            panel.imshow(share, aspect="auto", origin="lower", cmap="magma", vmin=0, vmax=1)
            panel.set(title=style or "any", xlabel="step")
            panel.set_yticks(range(len(labels)), labels, fontsize="x-small")

    return png(draw, width=11.0, height=2.9 * max(1, -(-len(shown) // 3)))


def drum_roll(
    symbols: NDArray[np.int64], labels: Sequence[str], steps_per_bar: int, title: str = ""
) -> bytes:
    """Return a PNG of a groove: one row per label, one column per step, a line per bar.

    Parameters
    ----------
    symbols
        Set of labels per step, as a bit mask.
    labels
        Names by bit; those never struck are left out.
    steps_per_bar
        Where bar lines go.
    title
        Above the roll.
    """
    struck = symbols[None, :] >> np.arange(len(labels))[:, None] & 1
    used: list[int] = np.flatnonzero(struck.any(axis=1)).tolist()

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        axis.imshow(struck[used], aspect="auto", origin="lower", cmap="Greys", vmin=0, vmax=1)
        for bar in range(0, len(symbols) + 1, steps_per_bar):
            axis.axvline(bar - 0.5, color="tab:red", linewidth=0.8)
        axis.set_yticks(range(len(used)), [labels[i] for i in used], fontsize="small")
        axis.set(title=title, xlabel="step")

    return png(draw, width=11.0, height=0.7 + 0.25 * max(3, len(used)))
