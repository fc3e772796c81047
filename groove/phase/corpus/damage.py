"""What happens to music between a band and a microphone, for training chunks.

Each damaged chunk goes through some of: a room, a sound beside it (noise, ambience or a held
chord without a beat), a compressor, a clipping amplifier, equalisers, a narrow band (low pass,
small speaker, radio, telephone), a lossy coder; and gets another level. Nothing moves in time:
the labels are those of the song, whatever sounds beside it.

What belongs here: which effect when, and how strong. What does not: the effects
(:mod:`groove.audio.effects`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from groove.audio import effects
from groove.core.digest import seed_of
from groove.phase.labels import SAMPLE_RATE
from groove.phase.spec import ChunkSpec

Samples = NDArray[np.float32]
Effect = Callable[[Samples, np.random.Generator], tuple[Samples, str]]

_PEAK_DBFS = (-24.0, -0.5)


def damaged(samples: Samples, spec: ChunkSpec, *identity: object) -> tuple[Samples, list[str]]:
    """Return a chunk's samples with the effects drawn for it, and what they were, in order.

    Parameters
    ----------
    samples
        Mono at the model's sample rate.
    identity
        What the draw depends on, besides the seed.
    """
    random = np.random.default_rng(seed_of("damage", *identity, spec.seed))
    if random.random() >= spec.damaged_share:
        return samples, []
    said = []
    for chance, effect in CHAIN:
        if random.random() < chance:
            samples, name = effect(samples, random)
            said.append(name)
    return samples, said


def _room(samples: Samples, random: np.random.Generator) -> tuple[Samples, str]:
    seconds, wet_db = float(random.uniform(0.15, 1.2)), float(random.uniform(-12, 3))
    response = effects.impulse_response(random, SAMPLE_RATE, seconds, wet_db)
    return effects.in_room(samples, response), f"room {seconds:.1f} s {wet_db:+.0f} dB"


def _beside(samples: Samples, random: np.random.Generator) -> tuple[Samples, str]:
    kind = ("noise", "noise", "ambience", "pad")[int(random.integers(4))]
    ratio_db = float(random.uniform(3, 30))
    if kind == "noise":
        colours = get_args(effects.Colour)
        colour = colours[int(random.integers(len(colours)))]
        other, kind = effects.noise(random, len(samples), colour), f"{colour} noise"
    else:
        made = effects.pad if kind == "pad" else effects.ambience
        other = made(random, len(samples), SAMPLE_RATE)
    return effects.under(samples, other, ratio_db), f"{kind} {-ratio_db:.0f} dB"


def _compressor(samples: Samples, random: np.random.Generator) -> tuple[Samples, str]:
    ratio, threshold = float(random.uniform(2, 8)), float(random.uniform(-15, 0))
    out = effects.compressed(samples, SAMPLE_RATE, threshold, ratio)
    return out, f"compressor {ratio:.0f}:1"


def _clipping(samples: Samples, random: np.random.Generator) -> tuple[Samples, str]:
    drive_db = float(random.uniform(3, 18))
    return effects.soft_clipped(samples, drive_db), f"clipping {drive_db:.0f} dB"


def _equaliser(samples: Samples, random: np.random.Generator) -> tuple[Samples, str]:
    centres = np.exp(random.uniform(np.log(60), np.log(6_000), 3)).tolist()
    gains = random.uniform(-9, 9, 3).tolist()
    told = " ".join(
        f"{gain:+.0f} dB at {centre:.0f} Hz" for centre, gain in zip(centres, gains, strict=True)
    )
    return effects.equalised(samples, SAMPLE_RATE, centres, gains), f"equaliser {told}"


def _narrow(samples: Samples, random: np.random.Generator) -> tuple[Samples, str]:
    kind = ("low pass", "small speaker", "radio", "telephone")[int(random.integers(4))]
    place = float(random.random())
    if kind == "telephone":
        return effects.telephone(samples, SAMPLE_RATE), kind
    low, high = {
        "low pass": (0.0, 800.0 * 5.0**place),
        "small speaker": (120.0 * 3.0**place, 0.0),
        "radio": (100.0, 4_500.0),
    }[kind]
    told = "-".join(f"{edge:.0f}" if edge else "" for edge in (low, high))
    return effects.band_limited(samples, SAMPLE_RATE, low, high), f"{kind} {told} Hz"


def _coder(samples: Samples, random: np.random.Generator) -> tuple[Samples, str]:
    depth_db, high_hz = float(random.uniform(12, 30)), float(random.uniform(3_500, 7_500))
    out = effects.coded(samples, SAMPLE_RATE, depth_db, high_hz)
    return out, f"coder {depth_db:.0f} dB {high_hz:.0f} Hz"


def _level(samples: Samples, random: np.random.Generator) -> tuple[Samples, str]:
    peak_db = float(random.uniform(*_PEAK_DBFS))
    peak = float(np.max(np.abs(samples), initial=0.0))
    gain = effects.decibels(peak_db) / np.float32(peak) if peak else np.float32(1)
    return np.asarray(samples * gain), f"peak {peak_db:.0f} dBFS"


#: Chance of each effect in a damaged chunk, in the order of the signal's way.
CHAIN: tuple[tuple[float, Effect], ...] = (
    (0.25, _room),
    (0.50, _beside),
    (0.25, _compressor),
    (0.15, _clipping),
    (0.35, _equaliser),
    (0.25, _narrow),
    (0.20, _coder),
    (1.00, _level),
)
