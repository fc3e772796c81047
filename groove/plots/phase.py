"""Pictures of bar phase.

What belongs here: a chunk with its bars and phase, and a prediction beside its label. What does
not: learning curves (:mod:`groove.plots.curves`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from groove.plots.audio import draw_spectrogram
from groove.plots.figure import png

_FRAME_RATE_HZ = 50
_COLUMNS = 1200

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Followed:
    """What was said of a stretch of audio, and what is true where that is known.

    Parameters
    ----------
    time_s
        ``(n,)`` the times that the phases are about, s from the start of the audio.
    said
        ``(n,)`` phases in bars; ``nan`` where nothing was said.
    label
        ``(n,)`` true phases; ``nan`` where unknown.
    error_ms
        ``(n,)`` error; ``nan`` where unknown.
    confidence
        ``(n,)`` 0 to 1; ``nan`` where unknown.
    bar_start_s
        True bar lines, or those said if none is known.
    unscored_s
        The first so many seconds are shaded.
    """

    time_s: Floats
    said: Floats
    label: Floats
    error_ms: Floats
    confidence: Floats
    bar_start_s: Floats
    unscored_s: float = 0.0


def labelled_chunk(
    samples: NDArray[np.float32],
    sample_rate: int,
    phase: NDArray[np.float32],
    bar_starts_s: NDArray[np.float64],
) -> bytes:
    """Return a PNG: spectrogram with bar lines above, phase per frame (50 Hz) below."""

    def draw(figure: Figure) -> None:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        draw_spectrogram(above, samples, sample_rate)
        above.set(ylabel="Hz", ylim=(0, 5000))
        duration = len(samples) / sample_rate
        for start in bar_starts_s:
            if 0 <= start <= duration:
                above.axvline(start, color="white", linewidth=0.7, alpha=0.8)
        below.plot(np.arange(len(phase)) / _FRAME_RATE_HZ, phase, ".", markersize=1)
        below.set(xlabel="seconds", ylabel="phase", ylim=(0, 1), xlim=(0, duration))

    return png(draw, height=4.0)


def followed(samples: NDArray[np.float32], sample_rate: int, told: Followed, title: str) -> bytes:
    """Return a PNG: waveform, phases said and true, error, and confidence, one above the other.

    Parameters
    ----------
    samples
        ``(n,)`` mono.
    """
    duration = len(samples) / sample_rate
    known = bool(np.isfinite(told.error_ms).any())
    panels = ["waveform", "phase", *(["error"] if known else []), "confidence"]
    heights = {"waveform": 2, "phase": 2, "error": 1.3, "confidence": 0.8}

    def draw(figure: Figure) -> None:
        axes = dict(
            zip(
                panels,
                figure.subplots(
                    len(panels), 1, sharex=True, height_ratios=[heights[name] for name in panels]
                ),
                strict=True,
            )
        )
        figure.suptitle(title, fontsize="medium")
        _draw_waveform(axes["waveform"], samples, sample_rate)
        for axis in axes.values():
            axis.axvspan(0, min(told.unscored_s, duration), color="0.92", zorder=0)
            for start in told.bar_start_s:
                if 0 <= start <= duration:
                    axis.axvline(start, color="tab:red", linewidth=0.5, alpha=0.6)
        _draw_phases(axes["phase"], told)
        if known:
            axes["error"].plot(told.time_s, told.error_ms, linewidth=0.8, color="tab:purple")
            axes["error"].set(ylabel="error, ms", ylim=(0, None))
        axes["confidence"].plot(told.time_s, told.confidence, linewidth=0.8, color="tab:green")
        axes["confidence"].set(
            ylabel="confidence", ylim=(0, 1), xlabel="seconds", xlim=(0, duration)
        )

    return png(draw, width=10.0, height=5.5 if known else 4.5)


def by_group(
    groups: Sequence[str], values: Sequence[Sequence[float]], title: str, unit: str
) -> bytes:
    """Return a PNG of one box per group: quartiles and the 5th to 95th percentile of its values."""

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        labels = [f"{name} ({len(some)})" for name, some in zip(groups, values, strict=True)]
        axis.boxplot(
            [list(some) for some in values],
            tick_labels=labels,
            orientation="horizontal",
            whis=(5, 95),
            showfliers=False,
        )
        axis.invert_yaxis()
        axis.set(xlabel=unit, title=title)
        axis.grid(axis="x", alpha=0.3)

    return png(draw, height=1.0 + 0.4 * max(1, len(groups)))


def _draw_waveform(axis: Axes, samples: NDArray[np.float32], sample_rate: int) -> None:
    step = max(1, len(samples) // _COLUMNS)
    columns = samples[: len(samples) // step * step].reshape(-1, step)
    times = np.arange(len(columns)) * step / sample_rate
    axis.fill_between(times, columns.min(axis=1), columns.max(axis=1), linewidth=0)
    axis.set(ylabel="amplitude")


def _draw_phases(axis: Axes, told: Followed) -> None:
    if np.isfinite(told.label).any():
        axis.plot(told.time_s, told.label, ".", markersize=1.5, color="black", label="label")
    axis.plot(told.time_s, told.said, ".", markersize=1.5, color="tab:orange", label="predicted")
    axis.set(ylabel="bar phase", ylim=(0, 1))
    axis.legend(loc="upper right", fontsize="small", markerscale=5)
