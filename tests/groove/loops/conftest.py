"""Synthetic tracks whose beats, bars and repetitions are known exactly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

RATE = 22_050
Float32s = NDArray[np.float32]


def band(
    beat_s: NDArray[np.float64], beats_per_bar: int, duration_s: float, seed: int = 0
) -> Float32s:
    """A kick on downbeats, a snare in mid-bar, hats on every beat, a chord per bar."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(round(duration_s * RATE) + RATE)
    roots = (220.0, 174.6, 261.6, 196.0)
    time = np.arange(round(0.12 * RATE)) / RATE
    kick = np.sin(2 * np.pi * (50 * time + 60 * (1 - np.exp(-time * 40)) / 40)) * np.exp(-time * 25)
    snare = rng.standard_normal(len(time)) * np.exp(-time * 40)
    hat = np.diff(rng.standard_normal(len(time) + 1)) * np.exp(-time * 120)
    for index, start in enumerate(beat_s):
        place, bar = index % beats_per_bar, index // beats_per_bar
        at = round(start * RATE)
        sound[at : at + len(time)] += 0.25 * hat
        if place == 0:
            sound[at : at + len(time)] += 0.9 * kick
        if place == beats_per_bar // 2:
            sound[at : at + len(time)] += 0.4 * snare
        stop = beat_s[index + 1] if index + 1 < len(beat_s) else duration_s
        hold = np.arange(round((stop - start) * RATE)) / RATE
        root = roots[bar % len(roots)]
        chord = sum(np.sin(2 * np.pi * root * ratio * hold) for ratio in (1, 1.25, 1.5))
        sound[at : at + len(hold)] += 0.06 * chord * np.exp(-hold)
    sound = sound[: round(duration_s * RATE)]
    return (0.9 * sound / np.abs(sound).max()).astype(np.float32)


def steady(tempo_bpm: float, first_s: float, duration_s: float) -> NDArray[np.float64]:
    """Beat times of one tempo."""
    return np.arange(first_s, duration_s - 0.05, 60.0 / tempo_bpm)


@pytest.fixture(scope="session")
def band_of() -> Callable[..., Float32s]:
    """Return :func:`band`."""
    return band


@pytest.fixture(scope="session")
def rendered() -> tuple[Float32s, NDArray[np.float64]]:
    """48 s in 4/4 at 123.4 bpm: (samples, beats)."""
    beats = steady(123.4, 0.31, 48.0)
    return band(beats, 4, 48.0), beats
