"""Sounds that a tracker must stand: no sound at all, broken sound, and music of the plainest kind.

What belongs here: making them. What does not: what is asked of a tracker
(:mod:`groove.phase.judge.checks`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.core.digest import seed_of
from groove.phase.labels import SAMPLE_RATE

_BEAT_S = 0.5
_PER_BAR = 4


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
    beatless
        Whether nobody could tell a beat in it.
    """

    name: str
    pcm: NDArray[np.float32]
    sample_rate: int = SAMPLE_RATE
    beatless: bool = False


def clicks(seconds: float, seed: int, sample_rate: int = SAMPLE_RATE) -> NDArray[np.float32]:
    """Return ``(n,)``: a bass note on one of four, a click on every beat, 120 a minute."""
    random = np.random.default_rng(seed_of("clicks", seed))
    sound = random.normal(0, 1e-3, round(seconds * sample_rate))
    time = np.arange(round(_BEAT_S * sample_rate)) / sample_rate
    bass = 0.4 * np.sin(2 * np.pi * 70 * time) * np.exp(-10 * time)
    for beat in range(int(seconds / _BEAT_S)):
        start = round(beat * _BEAT_S * sample_rate)
        tone = 0.2 * random.normal(0, 1, len(time)) * np.exp(-80 * time)
        tone += bass if beat % _PER_BAR == 0 else 0
        sound[start : start + len(time)] += tone[: len(sound) - start]
    return sound.astype(np.float32)


def signals(seconds: float, seed: int) -> list[Signal]:
    """Return the sounds, each of the given length; the same for the same seed."""
    count = round(seconds * SAMPLE_RATE)
    random = np.random.default_rng(seed_of("signals", seed))
    music = clicks(seconds, seed)
    broken = music.copy()
    broken[count // 4 : count // 4 + 4000] = np.nan
    broken[count // 2 : count // 2 + 7] = np.inf
    gaps = music.copy()
    for start in range(0, count, 2 * SAMPLE_RATE):
        gaps[start : start + SAMPLE_RATE // 5] = 0
    low = clicks(seconds, seed, 8000)

    def one(name: str, pcm: NDArray[np.float32], *, beatless: bool = False) -> Signal:
        return Signal(name, np.atleast_2d(pcm), beatless=beatless)

    return [
        one("silence", np.zeros(count, np.float32), beatless=True),
        one("direct_current", np.full(count, 0.7, np.float32), beatless=True),
        one("not_a_number", np.full(count, np.nan, np.float32), beatless=True),
        one("noise", random.normal(0, 0.1, count).astype(np.float32), beatless=True),
        one("clipping", np.clip(music * 50, -1, 1)),
        one("partly_not_a_number", broken),
        one("dropouts", gaps),
        one("far_too_loud", music * 1000),
        one("stereo_out_of_phase", np.stack([music, -music])),
        Signal("telephone_8_khz", low[None], 8000),
    ]
