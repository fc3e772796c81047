"""Sound without a beat, so that a network learns to hear none where there is none.

Each band is held against its own past level, so noise of any colour and loudness sounds to a network
like white noise. A bank is made once: noise, what has the rhythm of speech (syllables of uneven
length, voiced and not, with pauses), drones that waver, drops and rustle, and silence. Stretches of it
stand in for music now and then.
What has to be said there is what may be expected of any frame before it is heard: then no place in
the bar gains by it, and the filter's confidence fades.

What belongs here: that sound, and what has to be said of it. What does not: noise beside music
(:mod:`groove.phase.corpus.damage`).
"""

from __future__ import annotations

import functools

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from groove.core.digest import seed_of
from groove.phase.labels import FRAME_RATE_HZ, SAMPLE_RATE
from groove.phase.model.front import FrontEnd
from groove.phase.spec import PhaseModelSpec

Samples = NDArray[np.float64]

_SECONDS = 120
#: Seconds of each kind, long enough for crops that hardly ever are the same.
KINDS = {"noise": 60, "speech": 120, "drone": 40, "drops": 80, "silence": 30}
_LOUDNESS = 0.1


def beatless(spec: PhaseModelSpec, frames: int, random: np.random.Generator, count: int) -> Tensor:
    """Return ``(count, frames, bands)`` levels, in half precision as music's are."""
    bank = _bank(spec.low_bands, spec.high_bands, spec.memory_s, spec.seed)
    starts = random.integers(0, len(bank), count)
    return bank[(torch.from_numpy(starts)[:, None] + torch.arange(frames)) % len(bank)]


@functools.lru_cache(2)
def _bank(low_bands: int, high_bands: int, memory_s: float, seed: int) -> Tensor:
    """Return ``(frames, bands)``, each sound without its start, in which levels settle."""
    front, settled = FrontEnd(low_bands, high_bands, memory_s), min(3 * memory_s, _SECONDS / 2)
    kept = []
    for kind, seconds in KINDS.items():
        random = np.random.default_rng(seed_of("beatless", kind, seed))
        sound = beatless_sound(kind, round((seconds + settled) * SAMPLE_RATE), random)
        with torch.no_grad():
            heard: Tensor = front(torch.from_numpy(sound)[None])
        kept.append(heard[0, round(settled * FRAME_RATE_HZ) :].half())
    return torch.cat(kept)


def beatless_sound(kind: str, count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Return ``(count,)`` samples of one of :data:`KINDS`.

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    made = {
        "noise": _noise,
        "speech": _speech,
        "drone": _drone,
        "drops": _drops,
        "silence": _silence,
    }
    sound = made[kind](count, random)
    return np.asarray(sound * (_LOUDNESS / max(float(sound.std()), 1e-9)), dtype=np.float32)


def _noise(count: int, random: np.random.Generator) -> Samples:
    return random.normal(0, 1, count)


def _silence(count: int, _: np.random.Generator) -> Samples:
    return np.zeros(count)


def _speech(count: int, random: np.random.Generator) -> Samples:
    """Return syllables 60 to 400 ms long, a harmonic buzz or a hiss, with pauses between phrases."""
    out, at = np.zeros(count), 0
    pitch = random.uniform(90, 220)
    while at < count:
        length = int(random.uniform(0.06, 0.4) * SAMPLE_RATE)
        times = np.arange(length) / SAMPLE_RATE
        if random.random() < 0.75:
            hz = pitch * np.exp(random.normal(0, 0.12))
            formants = random.uniform(300, 2_800, 3)
            harmonics = hz * np.arange(1, 24)
            near = np.exp(-(((harmonics[:, None] - formants) / 250.0) ** 2)).sum(axis=1) + 0.03
            voice = np.sin(2 * np.pi * harmonics[:, None] * times) * near[:, None]
            sound = voice.sum(axis=0)
        else:
            sound = np.diff(random.normal(0, 1, length + 1))
        sound = sound * np.hanning(length) * np.exp(random.normal(0, 0.5))
        out[at : at + length] += sound[: count - at]
        at += int(length * random.uniform(0.7, 1.3))
        if random.random() < 0.12:
            at += int(random.uniform(0.2, 1.2) * SAMPLE_RATE)
    return out


def _drone(count: int, random: np.random.Generator) -> Samples:
    """Return hum and its harmonics, each wavering by itself, over a little noise."""
    times = np.arange(count) / SAMPLE_RATE
    out = random.normal(0, 0.05, count)
    for multiple in range(1, 9):
        slow = np.sin(2 * np.pi * random.uniform(0.03, 0.4) * times + random.uniform(0, 6))
        out += (1 + 0.7 * slow) / multiple * np.sin(2 * np.pi * 50.0 * multiple * times)
    return out


def _drops(count: int, random: np.random.Generator) -> Samples:
    """Return short sounds at random times: rain, cutlery, steps that keep no time."""
    out = random.normal(0, 0.01, count)
    at = 0.0
    while True:
        at += random.exponential(0.25)
        start = int(at * SAMPLE_RATE)
        if start >= count:
            return out
        length = int(random.uniform(0.01, 0.15) * SAMPLE_RATE)
        times = np.arange(length) / SAMPLE_RATE
        ring = np.sin(2 * np.pi * random.uniform(80, 5_000) * times) * np.exp(
            -5 * times * 16_000 / length
        )
        out[start : start + length] += (ring * np.exp(random.normal(0, 0.7)))[: count - start]


def expected_struck(target: Tensor, known: Tensor, where: Tensor, spec: PhaseModelSpec) -> None:
    """Write into targets what is to be said of the beatless items of a batch.

    Parameters
    ----------
    target
        ``(batch, frames, 2)`` of beat and downbeat.
    known
        ``(batch, frames)``.
    where
        ``(batch,)`` whether an item is beatless.
    """
    target[where] = target.new_tensor([spec.beat_share, spec.downbeat_share])
    known[where] = 1.0
