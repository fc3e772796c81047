"""Partials, noise and envelopes: what computed drums are made of, many samples at a time.

What belongs here: signals. What does not: which drum is made of what
(:mod:`~groove.drums.kitplayer.voices`).

Conventions
-----------
* Signals are float32 ``(n,)`` at 44,100 Hz.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from groove.drums.kitplayer.kit import RATE, Samples

Values = NDArray[np.float64]


@lru_cache(maxsize=64)
def time(n: int) -> Samples:
    """Return the times of ``n`` samples, s (do not write to it)."""
    return np.arange(n, dtype=np.float32) / np.float32(RATE)


def fall(n: int, seconds: float) -> Samples:
    """Return an exponential fall with a time constant."""
    return np.asarray(np.exp(-time(n) / np.float32(max(seconds, 1e-4))), dtype=np.float32)


def rise(n: int, seconds: float) -> Samples:
    """Return what an exponential fall lacks to 1: a soft attack."""
    return np.asarray(1.0 - fall(n, seconds), dtype=np.float32)


def modes(n: int, hz: Values, seconds: Values, level: Values, phase: Values) -> Samples:
    """Return the sum of decaying sines: ``level · exp(-t / seconds) · sin(2π hz t + phase)``.

    A decaying sine is the power of a complex number, and the power at sample ``a · b + c`` the
    product of two: all partials at all samples are one product of two small matrices.
    """
    kept = (hz > 15.0) & (hz < 0.46 * RATE)
    hz, seconds, level, phase = hz[kept], seconds[kept], level[kept], phase[kept]
    if not len(hz):
        return np.zeros(n, dtype=np.float32)
    step = (2j * np.pi * hz - 1.0 / np.maximum(seconds, 1e-4)) / RATE
    block = max(1, int(np.sqrt(n)))
    rows = -(-n // block)
    starts = np.exp(np.arange(rows)[:, None] * block * step) * (level * np.exp(1j * phase))
    within = np.exp(step[:, None] * np.arange(block))
    found = starts.astype(np.complex64) @ within.astype(np.complex64)
    return np.asarray(found.imag.ravel()[:n], dtype=np.float32)


def swept(n: int, hz: float, ratio: float, bend_s: float, phase: float = 0.0) -> Samples:
    """Return a sine that falls to ``hz`` from ``1 + ratio`` times it."""
    # The integral of hz · (1 + ratio · exp(-t / bend)), in closed form.
    t = time(n).astype(np.float64)
    turns = hz * (t + ratio * bend_s * (1.0 - np.exp(-t / bend_s)))
    return np.sin(2 * np.pi * (turns % 1.0) + phase).astype(np.float32)


def noise(random: np.random.Generator, n: int, low: float, high: float, order: int = 4) -> Samples:
    """Return noise of about unit power between two frequencies, with soft skirts."""
    return band(random.standard_normal(n, dtype=np.float32), low, high, order, unit=True)


def band(
    samples: Samples, low: float, high: float, order: int = 4, *, unit: bool = False
) -> Samples:
    """Return the part of a sound between two frequencies; ``unit`` gives it unit power.

    Zero-phase: for sounds without an attack of their own.
    """
    from scipy import fft

    n = len(samples)
    size = fft.next_fast_len(n + 256, real=True)
    spectrum = fft.rfft(samples, size)
    hz = np.maximum(np.arange(len(spectrum), dtype=np.float32) * np.float32(RATE / size), 1e-2)
    gain = 1 / np.sqrt((1 + (low / hz) ** order) * (1 + (hz / high) ** order))
    out = fft.irfft(spectrum * gain, size)[:n]
    if unit:
        out /= max(float(np.sqrt(np.mean(np.square(out)))), 1e-9)
    return np.asarray(out, dtype=np.float32)


def squares(n: int, hz: Values, phase: Values, low: float, high: float) -> Samples:
    """Return square waves summed and cut to a band, as analogue machines make metal."""
    turns = hz[:, None] * time(n).astype(np.float64) + phase[:, None]
    waves = np.where(turns % 1.0 < 0.5, np.float32(1), np.float32(-1)).sum(axis=0)
    return band(waves.astype(np.float32), low, high, unit=True)


def bursts(n: int, starts_s: Values, seconds: float) -> Samples:
    """Return falls that begin at several times, summed: an envelope of claps and rolls."""
    out = np.zeros(n, dtype=np.float32)
    for start in np.rint(starts_s * RATE).astype(int).tolist():
        if start < n:
            out[start:] += fall(n - start, seconds)
    return out


def clipped(samples: Samples, drive: float) -> Samples:
    """Return the sound through a hyperbolic tangent, driven against its own peak."""
    peak = max(float(np.max(np.abs(samples), initial=0.0)), 1e-9)
    return np.asarray(np.tanh(samples * np.float32(drive / peak)), dtype=np.float32)
