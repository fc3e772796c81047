"""Drum strokes in a recording: onsets, and what is struck at each of them.

What belongs here: the interface of a labeller, and one that needs no training: energy that arrives
in the bands where drums live. What does not: trained classifiers (:mod:`groove.drums`), which fit
the same interface; grids and bars.

Conventions
-----------
* Times are seconds from the first sample. Several drums may be struck at one onset.
* Labels are those of :mod:`groove.midi.taxonomy`; velocities are 1..127.

How the untrained labeller hears
--------------------------------
What arrives at an onset is the level right after it less what was sounding right before. A kick is
where a fair share of it lies under 100 Hz; a snare where a fair share lies in the shell's range and
there are the wires above 6.5 kHz too; a tom where the shell is all there is. What arrives above
6.5 kHz without a snare, or with one and outlasting it, is a cymbal: a closed hi-hat if it is gone
soon, an open one if it stays, a crash if it stays and is among the loudest. Levels are held against
the strong onsets of the same recording, because loops are mastered in a thousand ways; shares are
of the onset itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float32s = NDArray[np.float32]
Floats = NDArray[np.float64]

_RATE = 22_050
_N_FFT, _HOP = 1024, 128
#: Hz. Sub: kick. Shell: snare, toms. Middle and presence: all. Air: cymbals, snare wires.
_BANDS = {
    "sub": (25, 100),
    "shell": (100, 260),
    "middle": (260, 1_200),
    "presence": (1_200, 6_500),
    "air": (6_500, 10_900),
}
_BEFORE_S, _AFTER_S = (-0.035, -0.012), (0.0, 0.045)
_TAIL_S = (0.09, 0.15)
#: An onset is strong if no more than a tenth of the recording's are stronger.
_STRONG = 0.9
_LEAD_S, _EARLIEST_S = 0.25, 0.03
#: Noise that onsets are heard over, as a share of the peak: -56 dB.
_NOISE = 0.0015
#: A kick's own share in the shell's range, against its share under 100 Hz.
_KICK_SHELL = 1.2
#: A cymbal's level after a tenth of a second: a closed hi-hat is gone by then.
_RINGS, _RINGS_LONG = 0.12, 0.3
_LOUD = 0.9
#: Velocity of a strong onset; half the level is three quarters of the velocity.
_LOUD_VELOCITY, _LOUDNESS = 108, 0.4


@dataclass(frozen=True)
class Strokes:
    """Strokes in order of time: arrays of equal length.

    Parameters
    ----------
    onset_s
        ``float64[k]``, not decreasing.
    label
        Labels of the taxonomy.
    velocity
        ``int64[k]``, 1..127.
    """

    onset_s: Floats
    label: tuple[str, ...]
    velocity: NDArray[np.int64]


class Labeller(Protocol):
    """What names the onsets of a recording."""

    def __call__(self, samples: Float32s, sample_rate: int, onsets_s: Floats) -> Strokes:
        """Return the strokes at the onsets of mono samples ``(n,)``; none, one or several each."""


def strokes(samples: Float32s, sample_rate: int, labeller: Labeller) -> Strokes:
    """Return the drum strokes of mono samples ``(n,)``.

    Onsets are peaks of the percussive part's onset strength
    (:func:`groove.audio.percussive.onsets_s`).
    """
    from groove.audio.percussive import analysis, onsets_s
    from groove.audio.waveform import Waveform, resample

    if sample_rate != _RATE:
        samples = resample(Waveform(samples[None], sample_rate), _RATE).mono()
    found = onsets_s(analysis(_led_in(samples), _RATE, 1024, 256)) - _LEAD_S
    found = np.maximum(found[found > -_EARLIEST_S], 0.0)
    return labeller(samples, _RATE, np.unique(found))


def _led_in(samples: Float32s) -> Float32s:
    """Return samples after their own end, as a loop is heard, over a faint noise.

    Without what comes before it a first stroke is no onset; and after digital silence the faintest
    sound is a rise of so many decibels that it hides all others.
    """
    lead = round(_LEAD_S * _RATE)
    end = np.zeros(lead, dtype=np.float32)
    tail = samples[-lead:]
    end[lead - len(tail) :] = tail
    led = np.concatenate([end, samples])
    noise = np.random.default_rng(0).standard_normal(len(led)).astype(np.float32)
    peak = np.max(np.abs(samples), initial=0.0)
    return np.asarray(led + noise * np.float32(peak * _NOISE), dtype=np.float32)


@dataclass(frozen=True)
class BandLabeller:
    """Names strokes by the bands that level arrives in; see the module.

    Parameters
    ----------
    kick, snare
        Share of what arrives that must lie under 100 Hz, and in the shell's range.
    wires
        Level of the air that a snare has, against strong onsets.
    cymbal
        Level of the air that a cymbal has, against strong onsets.
    """

    kick: float = 0.22
    snare: float = 0.26
    wires: float = 0.3
    cymbal: float = 0.1

    def __call__(self, samples: Float32s, sample_rate: int, onsets_s: Floats) -> Strokes:
        """Return the strokes at the onsets of mono samples ``(n,)``."""
        if onsets_s.size == 0:
            return Strokes(np.zeros(0), (), np.zeros(0, dtype=np.int64))
        heard = _Heard.of(samples, sample_rate, onsets_s)
        found: list[tuple[float, str, int]] = []
        for at, levels in enumerate(self._levels(heard)):
            for label, level in levels.items():
                velocity = int(np.clip(np.rint(_LOUD_VELOCITY * level**_LOUDNESS), 1, 127))
                found.append((float(onsets_s[at]), label, velocity))
        return Strokes(
            np.array([onset for onset, _, _ in found]),
            tuple(label for _, label, _ in found),
            np.array([velocity for _, _, velocity in found], dtype=np.int64),
        )

    def _levels(self, heard: _Heard) -> list[dict[str, float]]:
        """Return, per onset, each label struck with its level against the strong ones."""
        level = {band: heard.arriving[band] / heard.strong[band] for band in _BANDS}
        total = sum(heard.arriving.values(), np.full_like(level["sub"], 1e-12))
        share = {band: heard.arriving[band] / total for band in _BANDS}
        return [
            self._named(
                {band: float(level[band][at]) for band in _BANDS},
                {band: float(share[band][at]) for band in _BANDS},
                float(heard.tail["air"][at]),
            )
            for at in range(len(total))
        ]

    def _named(
        self, level: dict[str, float], share: dict[str, float], tail: float
    ) -> dict[str, float]:
        found: dict[str, float] = {}
        if share["sub"] > self.kick:
            found["kick"] = level["sub"]
        shell = share["shell"] > max(self.snare, _KICK_SHELL * share["sub"])
        snare = shell and level["air"] > self.wires
        if snare:
            found["snare"] = level["shell"]
        if level["air"] > self.cymbal and (not snare or tail > _RINGS or "kick" not in found):
            long = tail > _RINGS_LONG and level["air"] > _LOUD
            name = "crash" if long else "hihat_open" if tail > _RINGS else "hihat_closed"
            found[name] = level["air"]
        if not found:
            if share["shell"] > self.snare:
                found[_tom(share)] = level["shell"]
            else:
                # Something was struck: the band that is the most of it says what.
                best = max(share, key=lambda band: share[band])
                found[_ALONE[best]] = level[best]
        return found


#: What an onset is that no rule names, by its strongest band.
_ALONE = {
    "sub": "kick",
    "shell": "tom_low",
    "middle": "tom_high",
    "presence": "hihat_closed",
    "air": "hihat_closed",
}


def _tom(share: dict[str, float]) -> str:
    """Return the tom by how much of it lies above the shell's range."""
    above = share["middle"] / max(share["shell"], 1e-9)
    return "tom_low" if above < 0.4 else "tom_mid" if above < 0.9 else "tom_high"


@dataclass(frozen=True)
class _Heard:
    """Per band and onset: level that arrives, its share that is left later, strong levels."""

    arriving: dict[str, Floats]
    tail: dict[str, Floats]
    strong: dict[str, float]

    @classmethod
    def of(cls, samples: Float32s, sample_rate: int, onsets_s: Floats) -> _Heard:
        from groove.audio.mel import magnitude

        spectrum = magnitude(samples, _N_FFT, _HOP)
        hertz = np.arange(spectrum.shape[0]) * sample_rate / _N_FFT
        after = np.append(onsets_s[1:], np.inf) - onsets_s
        arriving, tail, strong = {}, {}, {}
        for band, (low, high) in _BANDS.items():
            rows = spectrum[(hertz >= low) & (hertz < high)].astype(np.float64)
            level = np.sqrt(np.square(rows).sum(axis=0))
            before = _window(level, onsets_s, _BEFORE_S, sample_rate, np.mean)
            peak = _window(level, onsets_s, _AFTER_S, sample_rate, np.max)
            rise = np.maximum(peak - before, 0.0)
            later = _window(level, onsets_s, _TAIL_S, sample_rate, np.mean)
            # A next onset within the tail's window says nothing about this one's tail.
            left = np.where(after > _TAIL_S[1], later / np.maximum(peak, 1e-9), 0.0)
            arriving[band], tail[band] = rise, left
            strong[band] = max(float(np.quantile(rise, _STRONG)), 1e-9)
        return cls(arriving, tail, strong)


def _window(
    level: Floats, onsets_s: Floats, span_s: tuple[float, float], sample_rate: int, how: object
) -> Floats:
    """Return the mean or maximum of a level over a span around each onset."""
    frames = onsets_s * sample_rate / _HOP
    size = max(1, round((span_s[1] - span_s[0]) * sample_rate / _HOP))
    start = np.rint(frames + span_s[0] * sample_rate / _HOP).astype(np.int64)
    at = np.clip(start[:, None] + np.arange(size), 0, len(level) - 1)
    values = level[at]
    return np.asarray(values.max(axis=1) if how is np.max else values.mean(axis=1))
