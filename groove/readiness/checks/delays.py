"""Delays between microphones: the same strokes found again, to a fraction of a sample.

Onsets of the anchor give stretches of sound that every microphone should hold, too. Where it does
is the peak of the normalised cross-correlation (by FFT), first of all strokes together over a wide
range, then of each stroke by itself around that common delay, between samples by band-limited
interpolation and a parabola.

What belongs here: signals in, delays out. What does not: which delays are right
(:mod:`groove.readiness.checks.alignment`).

Conventions
-----------
* Signals are ``(n,)``; all of a session have one sample rate and began together.
* A delay is positive when the second microphone is later. Samples, unless the name says ``ms``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import find_peaks

Floats = NDArray[np.float64]
Samples = NDArray[np.float32] | NDArray[np.float64]
Places = NDArray[np.int64]

_FRAME_S, _RISE_FRAMES, _RISE_DB, _APART_S = 0.002, 4, 6.0, 0.12
_RANGE_DB, _OWN_DB = 50.0, 20.0
_LEAD_S, _TAIL_S = 0.004, 0.06
_COARSE_STROKES, _BLOCK = 64, 16
_AS_GOOD = 0.9
_SINC, _FINER = 12, 8


def onsets(anchor: Samples, sample_rate: int, most: int) -> Places:
    """Return where strokes begin, in samples, increasing; ``most`` of them, evenly chosen.

    A stroke is a rise of 6 dB within 8 ms, 120 ms after the last one. Strokes more than 20 dB below
    the loud ones are left out: they are other drums, heard from afar.
    """
    frame = max(1, round(_FRAME_S * sample_rate))
    frames = len(anchor) // frame
    if frames <= _RISE_FRAMES:
        return np.zeros(0, dtype=np.int64)
    power = np.square(anchor[: frames * frame].astype(np.float64)).reshape(frames, frame).mean(1)
    if not power.any():
        return np.zeros(0, dtype=np.int64)
    floor = power.max() * 10 ** (-_RANGE_DB / 10)
    level = 10 * np.log10(np.maximum(power, floor))
    before = np.concatenate([np.full(_RISE_FRAMES, 10 * np.log10(floor)), level])[:frames]
    rise = np.concatenate([[0.0], level - before, [0.0]])
    peaks, _ = find_peaks(rise, height=_RISE_DB, distance=max(1, round(_APART_S / _FRAME_S)))
    peaks = peaks - 1
    reach = np.lib.stride_tricks.sliding_window_view(
        np.pad(level, (0, 2 * _RISE_FRAMES), constant_values=level.min()), 2 * _RISE_FRAMES + 1
    )
    loud = reach[peaks].max(axis=1)
    if len(loud):
        peaks = peaks[loud >= np.percentile(loud, 95) - _OWN_DB]
    if len(peaks) > most:
        peaks = peaks[np.linspace(0, len(peaks) - 1, most).round().astype(np.int64)]
    return np.asarray(peaks.astype(np.int64) * frame)


def common_delay(
    anchor: Samples,
    other: Samples,
    places: Places,
    sample_rate: int,
    search: tuple[int, int],
    expected: tuple[float, float],
) -> int:
    """Return the delay that most strokes share, in whole samples.

    Parameters
    ----------
    anchor, other
        Signals of the two microphones.
    places
        Onsets of the anchor.
    sample_rate
        Hz.
    search
        First and last delay that is looked at.
    expected
        Delays that would be right. Repeated strokes fit at more than one delay: among those that
        fit as well as the best (to 10 %), the one nearest to these is taken.
    """
    chosen = places
    if len(places) > _COARSE_STROKES:
        step = np.linspace(0, len(places) - 1, _COARSE_STROKES).round().astype(np.int64)
        chosen = places[step]
    total = np.zeros(search[1] - search[0] + 1)
    for start in range(0, len(chosen), _BLOCK):
        part = chosen[start : start + _BLOCK]
        total += correlation(anchor, other, part, part, sample_rate, search).sum(axis=0)
    strength = np.abs(total)
    lags = np.arange(search[0], search[1] + 1)
    off = np.maximum(0.0, np.maximum(expected[0] - lags, lags - expected[1]))
    good = np.flatnonzero(strength >= _AS_GOOD * strength.max())
    nearest = good[off[good] <= off[good].min() + 1.0]
    return int(lags[nearest[strength[nearest].argmax()]])


def stroke_delays(
    first: Samples,
    second: Samples,
    first_places: Places,
    second_places: Places,
    sample_rate: int,
    reach: int,
) -> tuple[Floats, Floats, int]:
    """Return each stroke's delay beyond its places, how well it correlates, and the polarity.

    Parameters
    ----------
    first, second
        Signals.
    first_places, second_places
        Where each stroke is expected in each signal.
    sample_rate
        Hz.
    reach
        Largest delay beyond the expected one that is looked at, samples.

    Returns
    -------
    delays
        ``(strokes,)``; nan where the peak is at the edge of the search.
    correlations
        ``(strokes,)``, 0 to 1.
    polarity
        -1 if one of the two is upside down.
    """
    parts = [
        correlation(
            first, second, first_places[at : at + _BLOCK], second_places[at : at + _BLOCK],
            sample_rate, (-reach, reach),
        )
        for at in range(0, len(first_places), _BLOCK)
    ]  # fmt: skip
    table = np.concatenate(parts) if parts else np.zeros((0, 2 * reach + 1))
    course = table.mean(axis=0) if len(table) else np.zeros(1)
    polarity = -1 if course[np.abs(course).argmax()] < 0 else 1
    table = table * polarity
    peak = table.argmax(axis=1)
    inner = np.clip(peak, 1, 2 * reach - 1)
    found = (inner - reach) + _between(table, inner)
    return np.where(peak == inner, found, np.nan), table.max(axis=1), polarity


def _between(table: Floats, peak: Places) -> Floats:
    """Return how far beside each row's peak its highest point between samples is, -1 to 1.

    The row is a sampled band-limited function: it is evaluated at eighths of a sample by a sinc
    under a Hann window, and the parabola goes through the highest of those. Through the samples
    themselves it would be a tenth of a sample off where a stroke is bright.
    """
    around = np.arange(-_SINC, _SINC + 1)
    at = np.arange(-_FINER - 1, _FINER + 2) / _FINER
    apart = at[None, :] - around[:, None]
    bell = np.cos(0.5 * np.pi * np.clip(apart / (_SINC + 2), -1, 1)) ** 2
    padded = np.pad(table, ((0, 0), (_SINC, _SINC)))
    rows = np.arange(len(table))
    near = padded[rows[:, None], peak[:, None] + _SINC + around[None, :]]
    fine = near @ (np.sinc(apart) * bell)
    top = np.clip(fine.argmax(axis=1), 1, len(at) - 2)
    left, middle, right = (fine[rows, top + step] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = np.divide(left - right, 2 * bend, out=np.zeros(len(table)), where=bend < 0)
    return np.asarray(at[top] + np.clip(shift, -0.5, 0.5) / _FINER)


def correlation(
    first: Samples,
    second: Samples,
    first_places: Places,
    second_places: Places,
    sample_rate: int,
    lags: tuple[int, int],
) -> Floats:
    """Return the normalised cross-correlation of each stroke, ``(strokes, lags)``.

    The stroke of ``first`` is held against every stretch of ``second`` of the same length, each by
    its own energy: a short stretch is not preferred to a late one.
    """
    lead, size = round(_LEAD_S * sample_rate), round((_LEAD_S + _TAIL_S) * sample_rate)
    span = lags[1] - lags[0] + 1
    strokes = _cut(first, first_places - lead, size)
    around = _cut(second, second_places - lead + lags[0], size + span - 1)
    length = next_fast_len(size + span - 1, real=True)
    product = rfft(around, length, axis=1) * rfft(strokes, length, axis=1).conj()
    raw = irfft(product, length, axis=1)[:, :span]
    sums = np.cumsum(np.pad(np.square(around), ((0, 0), (1, 0))), axis=1)
    energy = (sums[:, size:] - sums[:, :-size]) * np.square(strokes).sum(axis=1, keepdims=True)
    # What is rounding of the sums, or silence, correlates with nothing.
    least = 1e-9 * float(energy.max(initial=0.0)) + 1e-30
    return np.asarray(np.divide(raw, np.sqrt(np.maximum(energy, least))))


def _cut(signal: Samples, starts: Places, size: int) -> Floats:
    """Return stretches ``(strokes, size)``; beyond the signal's ends there is silence."""
    index = starts[:, None] + np.arange(size)
    inside = (index >= 0) & (index < len(signal))
    values = signal[np.clip(index, 0, max(0, len(signal) - 1))].astype(np.float64)
    return np.where(inside, values, 0.0)
