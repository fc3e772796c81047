"""Sounds that a tracker must stand: no sound at all, broken sound, and music of the plainest kind.

What belongs here: making them. What does not: what is asked of a tracker
(:mod:`groove.phase.judge.checks`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.core.digest import seed_of
from groove.phase.labels import SAMPLE_RATE

#: After so long a tracker must know that there is no beat, or none any more, seconds.
SETTLED_S = 3.0
_BEAT_S = 0.5
_PER_BAR = 4
_LOUD = 0.1
#: A room's or a converter's noise, 60 dB below full scale.
_FLOOR = 1e-3

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Signal:
    """A sound.

    Parameters
    ----------
    name
        What it is called in tables.
    pcm
        ``(channels, n)``.
    sample_rate
        Hz.
    beatless_from_s
        From when on nobody could tell a beat in it; infinite where there is one.
    """

    name: str
    pcm: Sound
    sample_rate: int = SAMPLE_RATE
    beatless_from_s: float = math.inf


def clicks(
    seconds: float,
    seed: int,
    sample_rate: int = SAMPLE_RATE,
    beat_s: float = _BEAT_S,
    per_bar: int = _PER_BAR,
) -> Sound:
    """Return ``(n,)``: a click on every beat, a bass note on the first of a bar."""
    random = np.random.default_rng(seed_of("clicks", seed))
    sound = random.normal(0, 1e-3, round(seconds * sample_rate))
    time = np.arange(round(beat_s * sample_rate)) / sample_rate
    bass = 0.4 * np.sin(2 * np.pi * 70 * time) * np.exp(-10 * time)
    for beat in range(int(seconds / beat_s)):
        start = round(beat * beat_s * sample_rate)
        tone = 0.2 * random.normal(0, 1, len(time)) * np.exp(-80 * time)
        tone += bass if beat % per_bar == 0 else 0
        sound[start : start + len(time)] += tone[: len(sound) - start]
    return sound.astype(np.float32)


def signals(seconds: float, seed: int, draws: int = 1) -> list[Signal]:
    """Return the sounds, each of the given length; the same for the same seed.

    Of what is drawn at random and has no beat there are several.
    """
    count = round(seconds * SAMPLE_RATE)
    music = clicks(seconds, seed)
    broken = music.copy()
    broken[count // 4 : count // 4 + 4000] = np.nan
    broken[count // 2 : count // 2 + 7] = np.inf
    gaps = music.copy()
    for start in range(0, count, 2 * SAMPLE_RATE):
        gaps[start : start + SAMPLE_RATE // 5] = 0
    low = clicks(seconds, seed, 8000)
    return [
        _beatless("silence", np.zeros(count, np.float32)),
        _beatless("direct_current", np.full(count, 0.7, np.float32)),
        _beatless("not_a_number", np.full(count, np.nan, np.float32)),
        *(
            _beatless(f"{name}_{draw}" if draw else name, make(seconds, seed_of(name, seed, draw)))
            for name, make in BEATLESS.items()
            for draw in range(draws)
        ),
        _ended("silence_after_music", music, np.zeros(count, np.float32)),
        _ended("noise_floor_after_music", music, noise(seconds, seed) * (_FLOOR / _LOUD)),
        Signal("clipping", np.clip(music * 50, -1, 1)[None]),
        Signal("partly_not_a_number", broken[None]),
        Signal("dropouts", gaps[None]),
        Signal("far_too_loud", (music * 1000)[None]),
        Signal("stereo_out_of_phase", np.stack([music, -music])),
        Signal("telephone_8_khz", low[None], 8000),
    ]


def _beatless(name: str, pcm: Sound) -> Signal:
    return Signal(name, pcm[None], beatless_from_s=0.0)


def _ended(name: str, music: Sound, after: Sound) -> Signal:
    whole = np.concatenate([music, after])[None]
    return Signal(name, whole, beatless_from_s=len(music) / SAMPLE_RATE)


def noise(seconds: float, seed: int) -> Sound:
    """Return white noise."""
    return _random(seed).normal(0, _LOUD, round(seconds * SAMPLE_RATE)).astype(np.float32)


def hum(seconds: float, seed: int) -> Sound:
    """Return a mains hum of 50 Hz with its harmonics, over a little noise."""
    random, time = _random(seed), np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    harmonic = np.arange(1, 12)
    turn = 2 * np.pi * (50 * harmonic[:, None] * time + random.uniform(0, 1, (11, 1)))
    tone = (np.sin(turn) / harmonic[:, None] ** 1.3).sum(axis=0)
    return _levelled(tone + 0.01 * random.normal(size=len(time)))


def wind(seconds: float, seed: int) -> Sound:
    """Return low noise that swells and fades."""
    from scipy.signal import butter, sosfilt

    random, count = _random(seed), round(seconds * SAMPLE_RATE)
    band = butter(2, [60, 500], "band", fs=SAMPLE_RATE, output="sos")
    gusts = np.arange(0, seconds + 1, 0.7)
    swell = np.interp(np.arange(count) / SAMPLE_RATE, gusts, random.normal(0, 0.8, len(gusts)))
    return _levelled(sosfilt(band, random.normal(size=count)) * np.exp(swell))


def speech(seconds: float, seed: int) -> Sound:
    """Return syllables of uneven lengths, voiced and hissed, with pauses: what talking is like."""
    from scipy.signal import butter, sosfilt

    random, count = _random(seed), round(seconds * SAMPLE_RATE)
    sound, at = np.zeros(count), 0.1
    hiss = butter(2, [2500, 7000], "band", fs=SAMPLE_RATE, output="sos")
    harmonic = np.arange(1, 25)[:, None]
    while at < seconds - 0.4:
        length = random.uniform(0.08, 0.3)
        first, last = round(at * SAMPLE_RATE), round((at + length) * SAMPLE_RATE)
        time = np.arange(last - first) / SAMPLE_RATE
        if random.random() < 0.6:
            glide = random.uniform(90, 220) * time * (1 + 0.05 * time)
            syllable = (np.sin(2 * np.pi * harmonic * glide) / harmonic).sum(axis=0)
            for formant in random.uniform([300, 900, 2200], [800, 2000, 3000]):
                edges = [0.85 * formant, 1.15 * formant]
                band = butter(2, edges, "band", fs=SAMPLE_RATE, output="sos")
                syllable = syllable + 2 * sosfilt(band, syllable)
        else:
            syllable = sosfilt(hiss, random.normal(size=len(time)))
        sound[first:last] += (syllable * np.hanning(len(time)))[: count - first]
        at += length * random.uniform(0.6, 1.3)
        if random.random() < 0.15:
            at += random.uniform(0.2, 0.9)
    return _levelled(sound)


def _random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed_of("signals", seed))


def _levelled(sound: NDArray[np.float64]) -> Sound:
    level = math.sqrt(float(np.mean(sound**2))) or 1.0
    return np.asarray(_LOUD / level * sound, dtype=np.float32)


BEATLESS: dict[str, Callable[[float, int], Sound]] = {
    "noise": noise,
    "hum": hum,
    "wind": wind,
    "speech_like": speech,
}
"""Sounds without a beat, drawn from seconds and a seed."""
