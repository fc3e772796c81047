"""Pictures of bar phase.

What belongs here: a chunk with its bars and phase, and a prediction beside its label. What does
not: learning curves (:mod:`groove.plots.curves`).
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from groove.plots.audio import draw_spectrogram
from groove.plots.figure import png

_FRAME_RATE_HZ = 50
_COLUMNS = 1200


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


def predicted_phase(
    predicted: NDArray[np.float64], label: NDArray[np.float64], warmup_s: float
) -> bytes:
    """Return a PNG of two phases per frame (50 Hz); what is not scored is shaded."""

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        times = np.arange(len(predicted)) / _FRAME_RATE_HZ
        axis.axvspan(0, warmup_s, color="0.9", label="not scored")
        axis.plot(times, label, ".", markersize=1, color="black", label="label")
        axis.plot(times, predicted, ".", markersize=1.5, color="tab:orange", label="predicted")
        axis.set(xlabel="seconds", ylabel="bar phase", ylim=(0, 1), xlim=(0, times[-1]))
        axis.legend(loc="upper right", fontsize="small", markerscale=5)

    return png(draw)
