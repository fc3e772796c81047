"""Playings: a render played like a tape, at one rate or at one that jumps and ramps.

A playing says which moment of the song sounds at each moment of the playing. Its rate is linear
in time between knots, so both directions have a closed form::

    song(t) = u + r0·t + (r1 - r0)·t² / 2d      within a stretch of d seconds from rate r0 to r1
    t(song) = 2x / (r0 + √(r0² + 2x·(r1 - r0)/d)),   x = song - u

Tempo and pitch change together.

What belongs here: that map, how playings are drawn, and the sound of one. What does not: cutting
(:mod:`groove.phase.corpus.chop`) and what a label is (:mod:`groove.phase.labels`).

Conventions
-----------
* Song seconds are those of the render at rate 1.0; both clocks start at 0 together.
* Before the first knot and after the last one the rate stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.core.digest import seed_of
from groove.phase.labels import SAMPLE_RATE, Times
from groove.phase.spec import ChunkSpec

#: Seconds of a stretch at one rate, and of a ramp, at least and at most.
HOLD_S = (6.0, 20.0)
RAMP_S = (2.0, 12.0)
#: Share of the changes that are jumps.
_JUMPS = 0.4
# Of the signal that a wandering playing is read from: four times what its band needs, so that
# cubic interpolation is good to about 65 dB at the top of the band, and far better below.
_BAND_RATE = 24_000
_OVERSAMPLED = 4
_BLOCK = 1 << 18
_MARGIN = 256


@dataclass(frozen=True)
class Playing:
    """A map between the clock of a playing and that of its song.

    Parameters
    ----------
    at_s, song_s
        ``(k,)``: where stretches start, on both clocks; the first is 0.
    rates
        ``(k, 2)``: song seconds per second at each stretch's start and end. The last stretch has
        no end: its two rates are equal.
    """

    at_s: Times
    song_s: Times
    rates: NDArray[np.float64]

    @property
    def is_steady(self) -> bool:
        """Whether there is but one rate."""
        return bool((self.rates == self.rates[0, 0]).all())

    def song_time(self, at_s: Times) -> Times:
        """Return the song's time at each time of the playing."""
        stretch, into = self._locate(self.at_s, at_s)
        start = self.rates[stretch, 0]
        return np.asarray(self.song_s[stretch] + into * (start + self._slope[stretch] * into / 2))

    def time_of(self, song_s: Times) -> Times:
        """Return when each of the song's times sounds; the inverse of :meth:`song_time`."""
        stretch, into = self._locate(self.song_s, song_s)
        start = self.rates[stretch, 0]
        # A stretch's end is not passed, so what is under the root is the square of a rate.
        root = np.sqrt(np.maximum(start**2 + 2 * into * self._slope[stretch], 0.0))
        return np.asarray(self.at_s[stretch] + 2 * into / (start + root))

    @property
    def _slope(self) -> Times:
        lengths = np.append(np.diff(self.at_s), np.inf)
        return np.asarray((self.rates[:, 1] - self.rates[:, 0]) / lengths)

    @staticmethod
    def _locate(starts: Times, times: Times) -> tuple[NDArray[np.int64], Times]:
        stretch = np.clip(np.searchsorted(starts, times, side="right") - 1, 0, None)
        return stretch, np.asarray(times - starts[stretch])


def steady(rate: float) -> Playing:
    """Return a playing at one rate."""
    return Playing(np.zeros(1), np.zeros(1), np.full((1, 2), rate))


def stretches(lengths_s: list[float], rates: list[tuple[float, float]]) -> Playing:
    """Return a playing of stretches with their rates at both ends; the last rate stays.

    >>> ramp = stretches([4.0], [(1.0, 0.5)])
    >>> ramp.song_time(np.array([2.0, 4.0, 5.0])).tolist()
    [1.75, 3.0, 3.5]
    """
    ends = np.array(rates, dtype=np.float64)
    lengths = np.array(lengths_s, dtype=np.float64)
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    song = np.concatenate([[0.0], np.cumsum(lengths * ends.mean(axis=1))])
    return Playing(at, song, np.concatenate([ends, [[ends[-1, 1]] * 2]]))


def wandering(song_s: float, spec: ChunkSpec, *identity: object) -> Playing:
    """Return a playing whose rate jumps or ramps every 6 to 20 s, all through ``song_s``.

    It depends on ``identity`` and the seed alone. Rates are drawn evenly in their logarithm.
    """
    random = np.random.default_rng(seed_of("wandering", *identity, spec.seed))
    low, high = np.log(spec.min_rate), np.log(spec.max_rate)
    lengths: list[float] = []
    rates: list[tuple[float, float]] = []
    rate, done = float(np.exp(random.uniform(low, high))), 0.0
    while done < song_s:
        hold = float(random.uniform(*HOLD_S))
        lengths.append(hold)
        rates.append((rate, rate))
        done += hold * rate
        wanted = float(np.exp(random.uniform(low, high)))
        if random.random() >= _JUMPS:
            ramp = float(random.uniform(*RAMP_S))
            lengths.append(ramp)
            rates.append((rate, wanted))
            done += ramp * (rate + wanted) / 2
        rate = wanted
    return stretches(lengths, rates)


def steady_rates(spec: ChunkSpec, *identity: object, as_written: bool = True) -> list[float]:
    """Return 1.0 and ``spec.rates`` random rates that depend on ``identity`` and the seed.

    The range is cut into equal parts in log-rate; each gives one rate. Without ``as_written``
    there is one random rate more instead of 1.0.
    """
    random = np.random.default_rng(seed_of("playback rate", *identity, spec.seed))
    count = spec.rates + (not as_written)
    edges = np.linspace(np.log(spec.min_rate), np.log(spec.max_rate), count + 1)
    draws = np.exp(random.uniform(edges[:-1], edges[1:]))
    return [*([1.0] if as_written else []), *map(float, draws.round(9))]


def playings(song_s: float, spec: ChunkSpec, *identity: object, version: int) -> Iterator[Playing]:
    """Yield the playings of a render: steady ones, then wandering ones.

    Only the render that is as written (version 0) is also played as written.
    """
    for rate in steady_rates(spec, *identity, version, as_written=version == 0):
        yield steady(rate)
    for number in range(spec.wandering):
        yield wandering(song_s, spec, *identity, version, number)


def played(samples: NDArray[np.float32], sample_rate: int, playing: Playing) -> NDArray[np.float32]:
    """Return mono samples as played, at the model's sample rate.

    A steady playing is one resampling. A wandering one is read off an oversampled signal into a
    signal of twice the rate or more, so that what is played too high to be heard at the model's
    rate goes in the last resampling and folds back nowhere.
    """
    import soxr

    if playing.is_steady:
        rate = float(playing.rates[0, 0])
        out = soxr.resample(samples, sample_rate * rate, SAMPLE_RATE)
        return np.asarray(out, dtype=np.float32)
    if sample_rate != _BAND_RATE:
        samples = np.asarray(soxr.resample(samples, sample_rate, _BAND_RATE), dtype=np.float32)
    fastest = float(playing.rates.max())
    factor = 2 * int(np.ceil(fastest * _BAND_RATE / (2 * SAMPLE_RATE)))
    grid_rate = factor * SAMPLE_RATE
    total = float(playing.time_of(np.array([len(samples) / _BAND_RATE]))[0])
    out = np.empty(int(total * SAMPLE_RATE) * factor, dtype=np.float32)
    for start in range(0, len(out), _BLOCK):
        times = np.arange(start, min(start + _BLOCK, len(out))) / grid_rate
        out[start : start + len(times)] = _read(samples, playing.song_time(times) * _BAND_RATE)
    return np.asarray(soxr.resample(out, grid_rate, SAMPLE_RATE), dtype=np.float32)


def _read(samples: NDArray[np.float32], places: Times) -> NDArray[np.float32]:
    """Return the signal between its samples at rising places: oversampled, then cubic (Lagrange)."""
    import soxr

    first = max(0, int(places[0]) - _MARGIN)
    last = min(len(samples), int(places[-1]) + _MARGIN)
    dense = soxr.resample(
        np.pad(samples[first:last], (0, _MARGIN)), _BAND_RATE, _OVERSAMPLED * _BAND_RATE
    )
    place = (places - first) * _OVERSAMPLED
    at = np.clip(place.astype(np.int64), 1, len(dense) - 3)
    x = (place - at).astype(np.float32)
    before, here, there, after = (dense[at + step] for step in (-1, 0, 1, 2))
    third = (after - before) / 6 + (here - there) / 2
    second = (before + there) / 2 - here
    slope = there - before / 3 - here / 2 - after / 6
    return np.asarray(((third * x + second) * x + slope) * x + here, dtype=np.float32)
