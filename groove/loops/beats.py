"""Beats as a piecewise constant-tempo grid: periodicity, then least squares, then a comb.

1. Local tempo: autocorrelation of the onset envelope in 12 s windows, at the beat, its half
   and its bar (duple or triple), weighted by a log-normal prior; Viterbi through time.
2. One tempo for the whole track, if there is one: the comb that collects most of the
   envelope. Most produced music is of this kind, and the grid then bridges every break.
3. Otherwise beats by dynamic programming along the local tempo (Ellis 2007, "Beat tracking
   by dynamic programming"), and segments of constant tempo: the optimal partition of the
   beat sequence, least squares within a segment, a fixed price per segment (Bellman; the
   penalty is the one of BIC); then each segment's comb.

What belongs here: where the beats are. What does not: which of them is a downbeat
(:mod:`groove.loops.downbeats`).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.loops.onsets import Onsets
from groove.loops.spec import BarSpec

Floats = NDArray[np.float64]

_WINDOW_S = 12.0
_STEP_S = 2.0
_PER_OCTAVE = 48
#: Price of moving one tempo bin (1.4 %) between windows, in units of the score's spread.
_MOVE = 0.15
#: Fewest beats that carry a tempo of their own: two bars of four.
_SHORTEST = 8
#: Price of an uneven beat, per squared natural logarithm of its ratio to the local period.
_TIGHTNESS = 100.0
#: A whole-track tempo is taken if its comb collects this share of what segments collect.
_SIMPLER = 0.85


@dataclass(frozen=True)
class Segment:
    """A run of beats at one tempo: beat k at ``first_s + k * period_s`` for k < beats."""

    first_s: float
    period_s: float
    beats: int

    @property
    def times_s(self) -> Floats:
        """Beat times in seconds, float64 (beats,)."""
        return np.asarray(self.first_s + self.period_s * np.arange(self.beats))


def local_tempo(onsets: Onsets, spec: BarSpec) -> tuple[Floats, Floats]:
    """Return (window centres in s, tempo in bpm of each window)."""
    rate = onsets.rate_hz
    size, step = round(_WINDOW_S * rate), round(_STEP_S * rate)
    values = np.pad(onsets.full, (size // 2, size // 2 + step))
    windows = np.lib.stride_tricks.sliding_window_view(values, size)[::step]
    windows = windows * np.hanning(size)
    windows = windows - windows.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(windows, 2 * size, axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :size]
    # An unbiased estimate: the taper shortens the overlap at long lags.
    taper = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(size), 2 * size)) ** 2)[:size]
    correlation = correlation / np.maximum(taper, 1e-3 * taper[0])
    correlation = correlation / np.maximum(correlation[:, :1], 1e-9)
    count = int(np.log2(spec.fastest_bpm / spec.slowest_bpm) * _PER_OCTAVE) + 1
    bpm = spec.slowest_bpm * 2 ** (np.arange(count) / _PER_OCTAVE)
    lags = 60.0 / bpm * rate

    def at(multiple: float) -> Floats:
        place = np.minimum(lags * multiple, size - 1)
        low = np.floor(place).astype(int)
        share = place - low
        high = np.minimum(low + 1, size - 1)
        return np.asarray(correlation[:, low] * (1 - share) + correlation[:, high] * share)

    duple, triple = at(2) + at(4), at(3) + at(6)
    score = at(1) + at(0.5) + np.maximum(duple, triple)
    prior = np.exp(-0.5 * (np.log2(bpm / spec.usual_bpm) / spec.spread_octaves) ** 2)
    score = np.maximum(score, 0.0) * prior
    score = score / max(float(score.std()), 1e-9)
    move = _MOVE * np.abs(np.arange(count)[:, None] - np.arange(count)[None, :])
    path = _viterbi(score, np.minimum(move, 4.0))
    centres = np.arange(len(windows)) * step / rate
    return centres, bpm[path]


def _viterbi(score: Floats, price: Floats) -> NDArray[np.int64]:
    """Return the path of largest score; ``price[i, j]`` is paid for going from i to j."""
    total = score[0].copy()
    back = np.zeros(score.shape, dtype=np.int64)
    for step in range(1, len(score)):
        options = total[:, None] - price
        back[step] = options.argmax(axis=0)
        total = options.max(axis=0) + score[step]
    path = np.empty(len(score), dtype=np.int64)
    path[-1] = int(total.argmax())
    for step in range(len(score) - 1, 0, -1):
        path[step - 1] = back[step, path[step]]
    return path


def rough_beats(onsets: Onsets, spec: BarSpec) -> Floats:
    """Return beat times (s) by dynamic programming along the local tempo (Ellis 2007).

    The reward of a beat is the envelope, the price of an interval tau is
    ``_TIGHTNESS * log(tau / period) ** 2``. A beat's predecessor is at least half a period
    before it, so half a period of frames is solved at once.
    """
    from scipy.ndimage import gaussian_filter1d

    centres, bpm = local_tempo(onsets, spec)
    # Every second value is enough: the comb refines what is found here.
    rate = onsets.rate_hz / 2
    reward = gaussian_filter1d(onsets.full, 0.012 * onsets.rate_hz)[::2]
    periods = 60.0 / np.interp(np.arange(len(reward)) / rate, centres, bpm) * rate
    total = reward.copy()
    back = np.full(len(reward), -1, dtype=np.int64)
    start = 0
    while start < len(reward):
        period = periods[start]
        shortest, longest = max(int(period / 2), 1), int(2 * period)
        stop = min(start + shortest, len(reward))
        lags = np.arange(shortest, longest + 1)
        from_ = np.arange(start, stop)[:, None] - lags[None, :]
        price = _TIGHTNESS * np.log(lags / period) ** 2
        options = np.where(from_ >= 0, total[np.maximum(from_, 0)] - price, -np.inf)
        choice = options.argmax(axis=1)
        row = np.arange(stop - start)
        gain = options[row, choice]
        linked = gain > 0
        total[start:stop] += np.where(linked, gain, 0.0)
        back[start:stop] = np.where(linked, from_[row, choice], -1)
        start = stop
    tail = max(len(total) - int(periods[-1]), 0)
    beats = [tail + int(total[tail:].argmax())]
    while back[beats[-1]] >= 0:
        beats.append(int(back[beats[-1]]))
    return np.array(beats[::-1], dtype=np.float64) / rate


def segments_of(beats_s: Floats, steadiness_s: float) -> list[tuple[int, int]]:
    """Return the optimal partition of beats into runs of constant tempo.

    Parameters
    ----------
    beats_s
        Increasing times, float64 (n,).
    steadiness_s
        Standard deviation of the jitter that is not a tempo change.

    Returns
    -------
    list of (first, stop)
        Half-open index ranges that cover all beats.
    """
    count = len(beats_s)
    if count < 2 * _SHORTEST:
        return [(0, count)]
    index = np.arange(count, dtype=np.float64)
    times = beats_s - beats_s[0]
    sums = [
        np.concatenate([[0.0], np.cumsum(values)]) for values in (times, times**2, index * times)
    ]
    price = 4.0 * np.log(count) * steadiness_s**2
    best = np.full(count + 1, np.inf)
    best[0] = 0.0
    back = np.zeros(count + 1, dtype=np.int64)
    for stop in range(_SHORTEST, count + 1):
        first = np.arange(stop - _SHORTEST + 1)
        n = (stop - first).astype(np.float64)
        sum_t, sum_tt, sum_it = (total[stop] - total[first] for total in sums)
        mean_i = (first + stop - 1) / 2.0
        cov = sum_it - mean_i * sum_t
        residual = sum_tt - sum_t**2 / n - cov**2 / np.maximum(n * (n**2 - 1) / 12.0, 1e-9)
        options = best[first] + np.maximum(residual, 0.0) + price
        back[stop] = int(options.argmin())
        best[stop] = options[back[stop]]
    cuts = [count]
    while cuts[-1] > 0:
        cuts.append(int(back[cuts[-1]]))
    cuts.reverse()
    return list(itertools.pairwise(cuts))


def refine(onsets: Onsets, beats_s: Floats) -> Segment:
    """Return the constant-tempo comb through ``beats_s`` that collects most onset strength.

    A least-squares line gives period and phase; two rounds of a grid search move the comb's
    two ends by up to 70 ms and then 8 ms. The score is the mean of the smoothed envelope.
    """
    from scipy.ndimage import gaussian_filter1d

    count = len(beats_s)
    index = np.arange(count, dtype=np.float64)
    period, first = np.polyfit(index, beats_s, 1)
    last = first + period * (count - 1)
    share = index / max(count - 1, 1)
    for reach_s, smooth_s, points in ((0.07, 0.012, 29), (0.008, 0.004, 17)):
        envelope = gaussian_filter1d(onsets.full, smooth_s * onsets.rate_hz)
        moves = np.linspace(-reach_s, reach_s, points)
        starts, ends = np.meshgrid(first + moves, last + moves, indexing="ij")
        times = starts[..., None] * (1 - share) + ends[..., None] * share
        score = onsets.at(times.ravel(), envelope).reshape(times.shape).mean(axis=-1)
        # Of equal combs (a pause) the least moved one.
        score = score - 1e-9 * (np.abs(starts - first) + np.abs(ends - last))
        place = np.unravel_index(int(score.argmax()), score.shape)
        first, last = float(starts[place]), float(ends[place])
    return Segment(first, (last - first) / max(count - 1, 1), count)


def constant_tempo(onsets: Onsets, bpm: float) -> Segment:
    """Return the comb near ``bpm`` that collects most onset strength over the whole track.

    The period comes from the envelope's Fourier transform within 2 % of ``bpm`` (the beat's
    frequency and its double and fourfold), the phase from a scan of one period.
    """
    times = np.arange(len(onsets.full)) / onsets.rate_hz
    duration = times[-1]
    frequencies = bpm / 60.0 * np.linspace(0.98, 1.02, int(0.04 * bpm / 60.0 * 8 * duration) + 2)
    power = np.zeros(len(frequencies))
    for multiple, weight in ((1, 1.0), (2, 0.5), (4, 0.25)):
        turn = np.exp(-2j * np.pi * multiple * frequencies[:, None] * times[None, ::4])
        smooth = np.add.reduceat(onsets.full, np.arange(0, len(onsets.full), 4))
        power += weight * np.abs(turn @ smooth)
    period = 1.0 / float(frequencies[int(power.argmax())])
    beats = max(int(duration / period), 2)
    phases = np.arange(0.0, period, 0.004)
    grid = phases[:, None] + period * np.arange(beats)[None, :]
    strength = onsets.at(grid.ravel(), onsets.full).reshape(grid.shape).mean(axis=1)
    return refine(onsets, phases[int(strength.argmax())] + period * np.arange(beats))


def _collected(onsets: Onsets, beats_s: Floats) -> float:
    """Return how much envelope a beat sequence collects per beat, at its best within 12 ms."""
    from scipy.ndimage import maximum_filter1d

    reach = maximum_filter1d(onsets.full, 2 * round(0.012 * onsets.rate_hz) + 1)
    return float(onsets.at(beats_s, reach).mean())


def beats_of(onsets: Onsets, spec: BarSpec, duration_s: float) -> tuple[Floats, list[Segment]]:
    """Return (beat times in s over the whole track, the constant-tempo segments).

    The grid runs on at the first and last tempo to the track's two ends. Both are empty for
    a track without onsets.
    """
    if not onsets.full.any():
        return np.zeros(0), []
    rough = rough_beats(onsets, spec)
    if len(rough) < 4:
        return np.zeros(0), []
    segments = [
        refine(onsets, rough[first:stop]) for first, stop in segments_of(rough, spec.steadiness_s)
    ]
    whole = constant_tempo(onsets, 60.0 / float(np.median(np.diff(rough))))
    pieces = np.concatenate([segment.times_s for segment in segments])
    if _collected(onsets, whole.times_s) >= _SIMPLER * _collected(onsets, pieces):
        segments = [whole]
    return _joined(segments, duration_s), segments


def _joined(segments: list[Segment], duration_s: float) -> Floats:
    """Return the beats of all segments, gaps filled and run on to both ends of the track."""
    times = segments[0].times_s
    for segment in segments[1:]:
        gap = (segment.first_s - times[-1]) / segment.period_s
        missing = max(round(gap) - 1, 0)
        if missing:
            filler = np.linspace(times[-1], segment.first_s, missing + 2)[1:-1]
            times = np.concatenate([times, filler])
        new = segment.times_s
        times = np.concatenate([times, new[new > times[-1] + 0.5 * segment.period_s]])
    head, tail = segments[0].period_s, segments[-1].period_s
    before = times[0] - head * np.arange(int((times[0] + 0.02) / head), 0, -1)
    after = times[-1] + tail * np.arange(1, int((duration_s - times[-1] + 0.02) / tail) + 1)
    return np.asarray(np.clip(np.concatenate([before, times, after]), 0.0, duration_s))
