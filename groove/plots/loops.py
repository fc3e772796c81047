"""Pictures of loops: where a track's bars are, and what was cut out of it.

What belongs here: drawing. What does not: choosing which track is shown
(:mod:`groove.loops.pictures`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from groove.plots.figure import png

_COLUMNS = 1200


def chosen_loops(
    samples: NDArray[np.float32],
    sample_rate: int,
    bar_starts_s: NDArray[np.float64],
    loops: Sequence[tuple[float, float, str]],
) -> bytes:
    """Return a PNG of a mono waveform, its bar lines, and loops as (start s, end s, label)."""
    step = max(1, len(samples) // _COLUMNS)
    columns = samples[: len(samples) // step * step].reshape(-1, step)
    times = np.arange(len(columns)) * step / sample_rate

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        low, high = columns.min(axis=1), columns.max(axis=1)
        axis.fill_between(times, low, high, linewidth=0, color="0.55")
        axis.vlines(bar_starts_s, -1, 1, color="tab:red", linewidth=0.4, alpha=0.6)
        for place, (start, end, label) in enumerate(loops):
            axis.axvspan(start, end, color=f"C{place % 10}", alpha=0.35)
            axis.text(start, 0.92, label, fontsize="small", va="top")
        axis.set(
            xlabel="seconds",
            ylabel="amplitude",
            ylim=(-1, 1),
            xlim=(0, times[-1:].max(initial=1.0)),
        )

    return png(draw, width=11.0)


def held_out_ndcg(figures: Mapping[str, float]) -> bytes:
    """Return a PNG of NDCG figures by name, as bars."""

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        axis.barh(list(figures), list(figures.values()))
        axis.invert_yaxis()
        axis.set(xlabel="NDCG on held-out tracks", xlim=(0, 1))

    return png(draw, width=6.0)


def scores_by_place(
    start_s: NDArray[np.float64], bars: NDArray[np.int64], values: NDArray[np.float64], name: str
) -> bytes:
    """Return a PNG of a candidate value (0..1) over the track, one panel row per length."""
    lengths = np.unique(bars)

    def draw(figure: Figure) -> None:
        axes = figure.subplots(len(lengths), 1, sharex=True, squeeze=False)[:, 0]
        for axis, length in zip(axes, lengths, strict=True):
            rows = bars == length
            axis.plot(start_s[rows], values[rows], drawstyle="steps-post")
            axis.set(ylabel=f"{length} bars", ylim=(0, 1))
        axes[-1].set(xlabel=f"{name} by start, seconds")

    return png(draw, width=9.0, height=1.0 + 0.9 * len(lengths))
