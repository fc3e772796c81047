"""Pictures of audio with its bar lines.

What belongs here: waveform and spectrogram. What does not: figures of one subject.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from groove.plots.figure import png

_COLUMNS = 1200


def waveform(
    samples: NDArray[np.float32], sample_rate: int, bar_starts_s: NDArray[np.float64] | list[float]
) -> bytes:
    """Return a PNG of a mono waveform (peak per column) with a line at each bar start (s)."""
    step = max(1, len(samples) // _COLUMNS)
    usable = len(samples) // step * step
    columns = samples[:usable].reshape(-1, step)
    times = np.arange(len(columns)) * step / sample_rate

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        axis.fill_between(times, columns.min(axis=1), columns.max(axis=1), linewidth=0)
        _bars(axis, bar_starts_s, len(samples) / sample_rate)
        axis.set(xlabel="seconds", ylabel="amplitude", ylim=(-1, 1))

    return png(draw)


def spectrogram(
    samples: NDArray[np.float32], sample_rate: int, bar_starts_s: NDArray[np.float64] | list[float]
) -> bytes:
    """Return a PNG of a mono signal's spectrogram (dB) with a line at each bar start (s)."""

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        draw_spectrogram(axis, samples, sample_rate)
        _bars(axis, bar_starts_s, len(samples) / sample_rate)
        axis.set(xlabel="seconds", ylabel="Hz")

    return png(draw)


def draw_spectrogram(axis: Axes, samples: NDArray[np.float32], sample_rate: int) -> None:
    """Draw the spectrogram of a mono signal (dB, 1024-sample windows) on ``axis``."""
    # Digital silence is minus infinity decibels: vmin shows it as black.
    with np.errstate(divide="ignore"):
        axis.specgram(samples, NFFT=1024, Fs=sample_rate, noverlap=512, vmin=-140, cmap="magma")


def _bars(axis: Axes, starts_s: NDArray[np.float64] | list[float], duration_s: float) -> None:
    for start in starts_s:
        if 0 <= start <= duration_s:
            axis.axvline(start, color="tab:red", linewidth=0.8, alpha=0.8)
