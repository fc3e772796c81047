"""Auxiliary percussion of a computed kit: hands, shakers, jingles, skins, wood and steel.

What belongs here: one stroke of one instrument, as in :mod:`~groove.drums.kitplayer.voices`. What
does not: kits (:mod:`~groove.drums.kitplayer.synthesised`).
"""

from __future__ import annotations

import numpy as np

from groove.drums.kitplayer import oscillators as osc
from groove.drums.kitplayer.kit import Samples
from groove.drums.kitplayer.voices import (
    BAR,
    MEMBRANE,
    Character,
    Random,
    Stroke,
    between,
    click,
    metal,
    samples,
)


def clap(kit: Character, random: Random) -> Stroke:
    """Hands, never quite together."""
    centre, width = between(random, 900, 2_200) / kit.size, random.uniform(1.4, 3)
    gaps, hands = random.uniform(0.006, 0.014), int(random.integers(2, 6))
    ring = between(random, 0.03, 0.16) * (1.4 - kit.dry)

    def stroke_of(stroke: Random, v: float) -> Samples:
        n = samples(6 * ring + 0.1)
        starts = np.asarray(np.arange(hands) * gaps * stroke.uniform(0.85, 1.15), dtype=np.float64)
        shape = osc.bursts(n, starts, 0.006)
        tail = osc.bursts(n, starts[-1:], ring)
        sound = osc.noise(stroke, n, centre / width, centre * width * (0.6 + 0.4 * v))
        return sound * (shape + np.float32(0.5) * tail)

    return stroke_of


def cowbell(kit: Character, random: Random) -> Stroke:
    """Two square waves, or two strips of steel."""
    hz = between(random, 420, 900) / kit.size
    pair = np.array([hz, hz * random.uniform(1.42, 1.55)])
    ring, low = between(random, 0.05, 0.25), random.uniform(0.8, 1.2) * hz

    def stroke_of(stroke: Random, v: float) -> Samples:
        n = samples(5 * ring + 0.1)
        # No two strokes hit the same place.
        struck = pair * (1 + 0.003 * stroke.standard_normal())
        body = osc.squares(n, struck, np.zeros(2), low, 4_500 * (0.5 + 0.5 * v))
        return body * (osc.fall(n, ring) + 1.2 * osc.fall(n, 0.012))

    return stroke_of


def shaken(kit: Character, random: Random, *, jingles: bool) -> Stroke:
    """A shaker, or a tambourine: grains or jingles that arrive over some time."""
    low = between(random, 4_000, 8_000) if jingles else between(random, 2_500, 7_000)
    alloy = metal(kit, random, 4_500, 15_000, 40)
    attack = between(random, 0.001, 0.006) if jingles else between(random, 0.004, 0.02)
    ring = between(random, 0.05, 0.2) if jingles else between(random, 0.02, 0.07)

    def stroke_of(stroke: Random, v: float) -> Samples:
        n = samples(6 * ring + 0.08)
        body = osc.noise(stroke, n, low, 15_000) * osc.rise(n, attack) * osc.fall(n, ring)
        if jingles:
            again = osc.bursts(n, np.sort(stroke.uniform(0, 0.05, 5)), 0.02)
            body = 0.4 * body + alloy.sound(stroke, n, ring, low, 16_000, v) * (0.5 + again)
        return body

    return stroke_of


def hand_drum(kit: Character, random: Random) -> Stroke:
    """A conga or bongo: open tone, or slap."""
    hz, ring = between(random, 170, 460) / kit.size, between(random, 0.04, 0.18)
    slap = random.uniform(0.05, 0.7)
    ratios = MEMBRANE[:5]

    def stroke_of(stroke: Random, v: float) -> Samples:
        n = samples(6 * ring + 0.05)
        level = ratios**-1.4 * stroke.uniform(0.4, 1, 5)
        body = osc.modes(n, hz * ratios, ring * ratios**-0.8, level, np.zeros(5))
        body += 0.6 * osc.swept(n, hz, 0.2, 0.012) * osc.fall(n, ring)
        return body + slap * v * click(stroke, n, 900, 6_000, 0.006)

    return stroke_of


def bar(kit: Character, random: Random, low: float, high: float, ring: float) -> Stroke:
    """Something stiff: claves and woodblocks (short), triangles and bells (long)."""
    hz = between(random, low, high) / kit.size**0.5
    ratios = BAR ** random.uniform(0.8, 1.05)
    decay, tilt = ring * between(random, 0.6, 1.8), random.uniform(0.4, 1.4)

    def stroke_of(stroke: Random, v: float) -> Samples:
        n = samples(min(6 * decay, 3.0) + 0.04)
        level = ratios ** -(tilt + 0.5 * (1 - v)) * stroke.uniform(0.7, 1, 5)
        body = osc.modes(n, hz * ratios, decay * ratios**-0.4, level, np.zeros(5))
        return body + 0.3 * v * click(stroke, n, 1_500, 9_000, 0.0015)

    return stroke_of
