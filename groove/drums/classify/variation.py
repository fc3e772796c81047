"""Variations of sounds: what playing, kit, room, microphone and format change of one hit.

Every function takes mono samples and a source of chance and returns new samples of the length
asked for. The drum stays the same drum: a tom is never moved as far as the next tom.

What belongs here: operations on one array. What does not: which of them a clip gets
(:mod:`groove.drums.classify.compose`), variations of pictures
(:mod:`groove.drums.classify.augment`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Sound = NDArray[np.float32]
Chance = np.random.Generator


def peak_of(samples: Sound) -> float:
    """Return the largest absolute sample; a tiny number for silence."""
    return max(float(np.abs(samples).max(initial=0.0)), 1e-9)


def gain_of(level_db: float) -> np.float32:
    """Return a level in dB as a factor."""
    return np.float32(10.0 ** (level_db / 20.0))


def rated(samples: Sound, rate: float, length: int) -> Sound:
    """Return the sound played ``rate`` times as fast, cut or padded to ``length``.

    Pitch and duration change together, as on a tape. Between samples the line is straight: the
    top of a sound that is slowed down is a little softer, which does no harm here.
    """
    places = np.arange(min(length, int((len(samples) - 1) / rate) + 1)) * rate
    played = np.interp(places, np.arange(len(samples)), samples)
    return np.asarray(np.pad(played, (0, length - len(played))), dtype=np.float32)


def decayed(samples: Sound, per_s: float, rate_hz: int) -> Sound:
    """Return the sound dying ``per_s`` nepers a second faster (negative: slower)."""
    # At most 24 dB up: what is slowed down brings its noise with it.
    time = np.arange(len(samples)) / rate_hz
    return np.asarray(samples * np.exp(np.minimum(-per_s * time, 2.76)), dtype=np.float32)


def decay_s(samples: Sound, rate_hz: int) -> float:
    """Return the time until a hit has fallen by 20 dB for good, seconds."""
    step = max(1, rate_hz // 200)
    whole = len(samples) // step * step
    if not whole:
        return 0.0
    level = np.abs(samples[:whole]).reshape(-1, step).max(axis=1)
    return float((np.flatnonzero(level > 0.1 * peak_of(level))[-1] + 1) * step / rate_hz)


def stopped(samples: Sound, after: int, fade: int) -> Sound:
    """Return the sound faded out from sample ``after`` on, as a short file is, or a choked hit."""
    shape = np.clip(1.0 - (np.arange(len(samples)) - after) / max(fade, 1), 0.0, 1.0)
    return np.asarray(samples * shape, dtype=np.float32)


def softened(samples: Sound, over: int) -> Sound:
    """Return the sound with its first ``over`` samples faded in: a duller stick."""
    result = samples.copy()
    head = min(over, len(result))
    result[:head] *= np.linspace(0.3, 1.0, head, dtype=np.float32)
    return result


def driven(samples: Sound, amount: float) -> Sound:
    """Return the sound through a soft clipper; 0 leaves it as it is, 4 flattens its peaks."""
    if amount <= 0:
        return samples
    scaled = samples * np.float32(amount / peak_of(samples))
    return np.asarray(np.tanh(scaled), dtype=np.float32)


def toned(
    samples: Sound, rate_hz: int, chance: Chance, depth_db: float, room: float, reach: int
) -> Sound:
    """Return the sound through a random equaliser and a room, as long as it was.

    Parameters
    ----------
    depth_db
        Largest gain of each of three broad bands; a third of it is the largest tilt per octave
        times two.
    room
        Energy of the room's reverberation beside the direct sound, 0 for none.
    reach
        Samples in which the reverberation falls by 60 dB.
    """
    size = fft.next_fast_len(len(samples) + reach, real=True)
    octave = np.log2(np.maximum(fft.rfftfreq(size, 1 / rate_hz), 20.0) / 1000.0)
    gain_db = chance.uniform(-depth_db, depth_db) / 6.0 * octave
    for _ in range(3):
        centre, width = chance.uniform(-4.5, 4.0), chance.uniform(0.5, 1.5)
        gain_db = gain_db + chance.uniform(-depth_db, depth_db) * np.exp(
            -(((octave - centre) / width) ** 2)
        )
    shape = (10.0 ** (gain_db / 20.0)).astype(np.float32)
    if room > 0:
        falling = np.exp(-6.9 * np.arange(reach) / reach)
        echo = (chance.standard_normal(reach) * falling).astype(np.float32)
        # The first reflections come after a few milliseconds.
        echo[: int(chance.uniform(0.001, 0.015) * rate_hz)] = 0.0
        echo *= np.float32(np.sqrt(room / max(float(np.square(echo).sum()), 1e-9)))
        echo[0] = 1.0
        shape = shape * fft.rfft(echo, size)
    heard = fft.irfft(fft.rfft(samples, size) * shape, size)[: len(samples)]
    return np.asarray(heard, dtype=np.float32)


def band_limited(samples: Sound, rate_hz: int, top_hz: float, bottom_hz: float = 0.0) -> Sound:
    """Return the sound without what lies above ``top_hz`` and below ``bottom_hz``."""
    spectrum = fft.rfft(samples)
    hz = fft.rfftfreq(len(samples), 1 / rate_hz)
    spectrum[hz > top_hz] = 0.0
    spectrum *= np.minimum(1.0, (hz / bottom_hz) ** 2).astype(np.float32) if bottom_hz else 1.0
    return np.asarray(fft.irfft(spectrum, len(samples)), dtype=np.float32)


def noise(length: int, rate_hz: int, chance: Chance) -> Sound:
    """Return noise of a random slope (white to brown) and a peak of 1."""
    spectrum = fft.rfft(chance.standard_normal(length).astype(np.float32))
    hz = np.maximum(fft.rfftfreq(length, 1 / rate_hz), 40.0)
    spectrum *= ((hz / 1000.0) ** -chance.uniform(0.0, 1.0)).astype(np.float32)
    made = fft.irfft(spectrum, length)
    return np.asarray(made / peak_of(made), dtype=np.float32)


def thump(length: int, rate_hz: int, chance: Chance) -> Sound:
    """Return a dull, short knock below 150 Hz, as stands and feet give it, with a peak of 1."""
    time = np.arange(length) / rate_hz
    hz, fall = chance.uniform(30, 150), chance.uniform(15, 60)
    made = np.sin(2 * np.pi * (hz * time + chance.random())) * np.exp(-fall * time)
    return np.asarray(made * np.clip(time / 0.004, 0, 1), dtype=np.float32)
