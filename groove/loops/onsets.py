"""A fine onset envelope for timing: log-band spectral flux every 5.8 ms.

The feature frames (:mod:`groove.loops.frames`) are 23 ms apart: right for energy, too coarse
for a bar line. This envelope has four times their rate and a window as short, and its delay
is calibrated, so that the mean over many beats places a grid to a few milliseconds.

What belongs here: the envelope. What does not: beats (:mod:`groove.loops.beats`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WINDOW = 512
_HOP = 128
_LOW_HZ = 160.0
_BANDS = 32
_BLOCK = 8_192
#: Log compression of a band's power relative to its loud level (Grosche and Müller 2011 use
#: log(1 + gamma |X|) with gamma = 1000 on magnitudes).
_GAMMA = 1_000.0


@dataclass(frozen=True)
class Onsets:
    """Onset envelopes of one track.

    Attributes
    ----------
    rate_hz
        Values per second.
    full
        All bands, local mean removed, at least 0, unit standard deviation: float64 (n,).
    low
        The bands below 160 Hz (kick and bass), treated alike: float64 (n,).
    """

    rate_hz: float
    full: NDArray[np.float64]
    low: NDArray[np.float64]

    def at(
        self, times_s: NDArray[np.float64], envelope: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return ``envelope`` at ``times_s`` (s) by linear interpolation; 0 outside."""
        grid = np.arange(len(envelope)) / self.rate_hz
        return np.interp(times_s, grid, envelope, left=0.0, right=0.0)


def onsets_of(samples: NDArray[np.float32], sample_rate: int) -> Onsets:
    """Return the onset envelopes of a mono signal (n,), delay-corrected.

    Value ``k`` is at ``k / rate_hz`` seconds. Blockwise, so memory does not grow with the
    square of anything: about 40 MB per block whatever the length.
    """
    bands, edges = _filterbank(sample_rate)
    # Centred frames: frame k is about sample k * hop.
    padded = np.pad(samples.astype(np.float32, copy=False), (_WINDOW // 2, _WINDOW))
    count = len(samples) // _HOP + 1
    window = np.hanning(_WINDOW).astype(np.float32)
    view = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:count]
    power = np.concatenate(
        [
            (np.abs(np.fft.rfft(view[start : start + _BLOCK] * window)) ** 2) @ bands
            for start in range(0, count, _BLOCK)
        ]
    )
    loud = np.maximum(np.quantile(power, 0.95, axis=0), 1e-3 * power.max() + 1e-12)
    level = np.log1p(_GAMMA * power / loud)
    # Lag of two frames: half the window, so that the whole rise of an attack is inside.
    rise = np.zeros_like(level)
    rise[2:] = np.maximum(level[2:] - level[:-2], 0.0)
    rate = sample_rate / _HOP
    full = _shape(rise.mean(axis=1), rate)
    low = _shape(rise[:, edges <= _LOW_HZ].mean(axis=1), rate)
    return Onsets(rate, full, low)


def _filterbank(sample_rate: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return (bins, bands) of summed log-spaced bands and each band's upper edge in Hz."""
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / sample_rate)
    edges = np.geomspace(40.0, 0.95 * sample_rate / 2, _BANDS + 1)
    place = np.searchsorted(edges, frequencies, side="right") - 1
    bank = np.zeros((len(frequencies), _BANDS), dtype=np.float32)
    inside = (place >= 0) & (place < _BANDS)
    bank[np.flatnonzero(inside), place[inside]] = 1.0
    used = bank.any(axis=0)
    return bank[:, used], edges[1:][used]


def _shape(envelope: NDArray[np.floating], rate_hz: float) -> NDArray[np.float64]:
    """Remove the local mean (one second), rectify, scale to unit standard deviation."""
    from scipy.ndimage import uniform_filter1d

    values = envelope.astype(np.float64)
    values = np.maximum(values - uniform_filter1d(values, max(1, round(rate_hz))), 0.0)
    spread = float(values.std())
    return values / spread if spread > 1e-9 else np.zeros_like(values)
