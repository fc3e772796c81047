"""How loud: ITU-R BS.1770-4 loudness and true peak.

What belongs here: measurements of level by the broadcast standard. What does not: changing the
level (:mod:`groove.audio.waveform`).

Source: Recommendation ITU-R BS.1770-4, "Algorithms to measure audio programme loudness and
true-peak audio level", Annex 1 (K-weighting, gating) and Annex 2 (true peak).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SILENCE_DB = -120.0
"""What silence measures: finite, so that it fits a table and compares."""

_OFFSET_LU = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_BLOCK_S = 0.4
_STEP_S = 0.1
_TRUE_PEAK_FACTOR = 4
_SURROUND_WEIGHTS = (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)
"""Left, right, centre, LFE, left and right surround, in the order of WAV files."""


def decibels(mean_square: float) -> float:
    """Return a power in dB, not below ``SILENCE_DB``."""
    return max(SILENCE_DB, 10.0 * float(np.log10(max(mean_square, 1e-30))))


def k_weighting(sample_rate: int) -> NDArray[np.float64]:
    """Return the K-weighting filter as two second-order sections, for any sample rate.

    The standard tabulates coefficients at 48 kHz only. They are the bilinear transform of an
    analogue high shelf (+4 dB, 1,682 Hz, Q 0.7072) and high pass (38.1 Hz, Q 0.5003); the same
    transform at another rate has the same response below its Nyquist frequency.
    """
    gain, shelf_q, shelf_hz = 10 ** (3.999843853973347 / 20), 0.7071752369554196, 1681.974450955533
    pass_q, pass_hz = 0.5003270373238773, 38.13547087602444
    k = np.tan(np.pi * shelf_hz / sample_rate)
    mid = gain**0.4996667741545416
    norm = 1 + k / shelf_q + k * k
    shelf = [
        (gain + mid * k / shelf_q + k * k) / norm,
        2 * (k * k - gain) / norm,
        (gain - mid * k / shelf_q + k * k) / norm,
        1.0,
        2 * (k * k - 1) / norm,
        (1 - k / shelf_q + k * k) / norm,
    ]
    k = np.tan(np.pi * pass_hz / sample_rate)
    norm = 1 + k / pass_q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / norm, (1 - k / pass_q + k * k) / norm]
    return np.array([shelf, high_pass])


def integrated_lufs(samples: NDArray[np.float32], sample_rate: int) -> float:
    """Return the gated loudness of ``(channels, n)`` samples in LUFS.

    A sound shorter than one 400 ms block is measured as one ungated block: a one-shot has a
    loudness too. ``SILENCE_DB`` if every block is below the absolute gate.
    """
    from scipy import signal  # a second to import

    weighted = signal.sosfilt(k_weighting(sample_rate), samples.astype(np.float64), axis=1)
    power = np.square(weighted)
    weights = np.array([*_SURROUND_WEIGHTS, *[1.0] * len(samples)])[: len(samples)]
    total = weights @ power
    block, step = round(_BLOCK_S * sample_rate), round(_STEP_S * sample_rate)
    if len(total) < block:
        return max(SILENCE_DB, _lufs(float(total.mean()))) if len(total) else SILENCE_DB
    sums = np.concatenate([[0.0], np.cumsum(total)])
    starts = np.arange(0, len(total) - block + 1, step)
    means = (sums[starts + block] - sums[starts]) / block
    gated = means[means > _power(_ABSOLUTE_GATE_LUFS)]
    if not len(gated):
        return SILENCE_DB
    gated = gated[gated > gated.mean() * 10 ** (_RELATIVE_GATE_LU / 10)]
    return _lufs(float(gated.mean()))


def true_peak_dbtp(samples: NDArray[np.float32], sample_rate: int) -> float:
    """Return the peak after four-fold oversampling, in dB of full scale (Annex 2).

    Rates of 192 kHz and more are dense enough as they are.
    """
    from scipy import signal

    if not samples.size:
        return SILENCE_DB
    peak = float(np.max(np.abs(samples)))
    if sample_rate < 192_000 and peak > 0:
        for channel in samples:
            dense = signal.resample_poly(channel, _TRUE_PEAK_FACTOR, 1)
            peak = max(peak, float(np.max(np.abs(dense))))
    return decibels(peak * peak)


def _lufs(power: float) -> float:
    return _OFFSET_LU + 10.0 * float(np.log10(max(power, 1e-30)))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LU) / 10))
