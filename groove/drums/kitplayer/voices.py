"""The drums of a computed kit: each label as partials and noise.

A voice draws its character once per drum (from the kit's character and a generator of its own) and
then makes strokes of it: harder ones are brighter, have more attack and ring longer; no two are
alike.

Sources of the models: an ideal membrane's modes are at the zeros of Bessel functions (Fletcher &
Rossing, "The Physics of Musical Instruments", 18.2); bars and plates at squares of odd numbers;
cymbals at a density that hardly falls with frequency; drum machines by sweeps, noise and square
waves.

What belongs here: one stroke of a drum kit's drums and cymbals. What does not: other percussion
(:mod:`~groove.drums.kitplayer.percussion`), kits (:mod:`~groove.drums.kitplayer.synthesised`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from groove.drums.kitplayer import oscillators as osc
from groove.drums.kitplayer.kit import RATE, Samples

#: An ideal membrane's modes, to its lowest: zeros of Bessel functions by the first of them.
MEMBRANE = np.array([1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.501, 3.6, 3.652, 4.06, 4.154])
#: A free bar's modes, in the same way.
BAR = np.array([1.0, 2.756, 5.404, 8.933, 13.34])

Random = np.random.Generator
#: ``(random, velocity 0..1) -> samples``: one stroke.
Stroke = Callable[[Random, float], Samples]


@dataclass(frozen=True)
class Character:
    """What the drums of a kit have in common.

    Attributes
    ----------
    electronic
        0: skins and bronze; 1: oscillators.
    bright, dry
        0..1.
    drive
        0..1: distortion.
    size
        About 1: pitch of everything divided by it.
    metal_hz
        Lowest frequency of the hi-hat's metal.
    """

    electronic: float
    bright: float
    dry: float
    drive: float
    size: float
    metal_hz: float


def between(random: Random, low: float, high: float) -> float:
    """Return a draw whose logarithm is uniform."""
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def samples(seconds: float) -> int:
    """Return seconds in samples, never too few to be filtered."""
    return max(64, round(seconds * RATE))


def click(random: Random, n: int, low: float, high: float, seconds: float) -> Samples:
    """Return the noise of something hard that hits."""
    return osc.noise(random, n, low, high, 2) * osc.fall(n, seconds) * np.float32(0.35)


def _finished(sound: Samples, drive: float) -> Samples:
    return osc.clipped(sound, 0.3 + 4.0 * drive) if drive > 0.15 else sound


def kick(kit: Character, random: Random) -> Stroke:
    """A swept sine, or a membrane with a beater and a shell."""
    if random.random() < kit.electronic:
        hz, sweep = between(random, 38, 62) / kit.size, between(random, 0.3, 9)
        bend, ring = between(random, 0.008, 0.07), between(random, 0.09, 0.7) * (1.3 - kit.dry)
        beat, second, top = random.uniform(0, 0.7), random.uniform(0, 0.3), random.uniform(1, 7)

        def machine(stroke: Random, v: float) -> Samples:
            n = samples(6 * ring * (0.8 + 0.2 * v) + 0.1)
            body = osc.swept(n, hz, sweep * (0.6 + 0.4 * v), bend) * osc.fall(n, ring)
            body += second * osc.swept(n, 2.1 * hz, sweep, bend / 2) * osc.fall(n, ring / 5)
            body += beat * v * click(stroke, n, 800, 1_500 * top, 0.004)
            return _finished(body, kit.drive)

        return machine
    hz = between(random, 45, 78) / kit.size
    ring = between(random, 0.05, 0.22) * (1.4 - kit.dry)
    bend, damping = random.uniform(0.05, 0.6), random.uniform(0.6, 1.6)
    beater, beat_hz = random.uniform(0.15, 1.2), between(random, 1_500, 6_500)
    shell, tilt = random.uniform(0, 0.25), random.uniform(0.8, 2.0)
    stretch = MEMBRANE ** random.uniform(0.85, 1.15)

    def skin(stroke: Random, v: float) -> Samples:
        n = samples(7 * ring + 0.1)
        count = len(MEMBRANE) - 1
        level = stretch[1:] ** -tilt * (0.4 + 0.6 * v) * stroke.uniform(0.6, 1.2, count)
        body = osc.swept(n, hz, bend * (0.5 + v), 0.03, 0.3) * osc.fall(n, ring)
        rings = ring * stretch[1:] ** -damping * 0.8
        body += 0.6 * osc.modes(n, hz * stretch[1:], rings, level, stroke.uniform(0, 6.28, count))
        body += beater * (0.2 + 0.8 * v) * click(stroke, n, 900, beat_hz, 0.006)
        body += shell * osc.noise(stroke, n, 150, 900, 2) * osc.fall(n, ring / 2) * np.float32(0.3)
        return _finished(body, 0.5 * kit.drive)

    return skin


def snare(kit: Character, random: Random) -> Stroke:
    """A membrane with wires."""
    hz = between(random, 130, 330) / kit.size
    ring, wire_ring = between(random, 0.025, 0.14), between(random, 0.05, 0.26) * (1.4 - kit.dry)
    wires = random.uniform(0.35, 1.1)
    low, high = between(random, 700, 2_500), between(random, 5_500, 15_000) * (0.7 + kit.bright)
    machine = random.random() < kit.electronic
    ratios = np.array([1.0, random.uniform(1.5, 2.0)]) if machine else MEMBRANE[:9]
    bend, stick = random.uniform(0.05, 0.6), random.uniform(0.2, 0.9)
    tilt = random.uniform(0.4, 1.4)

    def stroke_of(stroke: Random, v: float) -> Samples:
        n = samples(6 * max(ring, wire_ring) * (0.7 + 0.3 * v) + 0.06)
        count = len(ratios)
        level = ratios**-tilt * stroke.uniform(0.6, 1.1, count) / np.sqrt(count)
        rings = ring * ratios**-0.6
        body = osc.modes(n, hz * ratios, rings, level, stroke.uniform(0, 6.28, count))
        body += 0.6 * osc.swept(n, hz, bend, 0.012) * osc.fall(n, ring)
        top = high * (0.55 + 0.45 * v)
        buzz = osc.noise(stroke, n, low, top, 3) * osc.fall(n, wire_ring * (0.7 + 0.3 * v))
        body += np.float32(0.42 * wires) * buzz * osc.rise(n, 0.0006)
        body += stick * v * click(stroke, n, 1_800, 9_000, 0.0035)
        return _finished(body, kit.drive)

    return stroke_of


def rimshot(kit: Character, random: Random) -> Stroke:
    """A snare with the rim's ring over it; on a machine, a short high knock."""
    drum = snare(kit, random)
    hz = between(random, 480, 1_300) / kit.size
    ring = between(random, 0.012, 0.07)
    share = random.uniform(0.5, 1.0)
    ratios = np.array([1.0, 1.46, 2.18, 2.9, 4.3]) * random.uniform(0.93, 1.07, 5)
    machine = random.random() < 0.5 * kit.electronic
    crack_hz = between(random, 5_000, 12_000)

    def stroke_of(stroke: Random, v: float) -> Samples:
        n = samples(8 * ring + 0.05)
        rim = osc.modes(n, hz * ratios, ring * ratios**-0.5, ratios**-0.4, np.zeros(5))
        rim += 0.9 * click(stroke, n, 1_500, crack_hz * (0.5 + 0.5 * v), 0.004)
        if machine:
            return _finished(rim, kit.drive)
        body = drum(stroke, v)
        out = np.zeros(max(n, len(body)), dtype=np.float32)
        out[: len(body)] += body / np.float32(np.abs(body).max())
        out[:n] += np.float32(share) * rim / np.float32(np.abs(rim).max())
        return out

    return stroke_of


def cross_stick(kit: Character, random: Random) -> Stroke:
    """Wood on a rim: short resonances, no wires."""
    hz = between(random, 380, 950) / kit.size**0.5
    ratios = np.array([1.0, 1.72, 2.45, 3.9, 5.2]) * random.uniform(0.9, 1.1, 5)
    ring, tilt = between(random, 0.006, 0.03), random.uniform(0.1, 0.9)
    knock, low = random.uniform(0.3, 1.0), random.uniform(0, 0.3)

    def stroke_of(stroke: Random, v: float) -> Samples:
        n = samples(9 * ring + 0.06)
        phases = stroke.uniform(-0.4, 0.4, 5)
        body = osc.modes(n, hz * ratios, ring * ratios**-0.3, ratios**-tilt, phases)
        body += low * osc.swept(n, 210 / kit.size, 0.2, 0.01) * osc.fall(n, 0.03)
        return body + knock * (0.4 + 0.6 * v) * click(stroke, n, 1_500, 7_500, 0.002)

    return stroke_of


@dataclass(frozen=True)
class Metal:
    """The alloy of a pair of hats or a cymbal: where its partials are."""

    hz: osc.Values
    squares_hz: osc.Values
    phase: osc.Values
    noise: float
    tonal: float

    def sound(
        self, stroke: Random, n: int, ring: float, low: float, high: float, v: float
    ) -> Samples:
        """Return its ring, higher partials the shorter, without an envelope of noise."""
        count = len(self.hz)
        out = np.zeros(n, dtype=np.float32)
        if self.tonal < 1:
            level = stroke.uniform(0.3, 1.0, count) / np.sqrt(1 + (low / self.hz) ** 4)
            level /= np.sqrt(1 + (self.hz / (high * (0.5 + 0.5 * v))) ** 4) * np.sqrt(count)
            rings = ring * (2_500.0 / np.maximum(self.hz, 800.0)) ** 0.35
            rings = rings * stroke.uniform(0.6, 1.2, count)
            partials = osc.modes(n, self.hz, rings, level, stroke.uniform(0, 6.28, count))
            out += np.float32(1 - self.tonal) * 2 * partials
        if self.tonal > 0:
            waves = osc.squares(n, self.squares_hz, self.phase, low, high)
            out += np.float32(0.5 * self.tonal) * waves * osc.fall(n, ring)
        hiss = osc.noise(stroke, n, low, high * (0.6 + 0.4 * v), 3)
        return out + np.float32(0.5 * self.noise) * hiss * osc.fall(n, 0.8 * ring)


def metal(kit: Character, random: Random, low: float, high: float, count: int) -> Metal:
    """Return an alloy: partials at random between two frequencies, and a bank of squares."""
    base = kit.metal_hz * random.uniform(0.8, 1.3)
    ratios = np.array([1.0, 1.342, 1.511, 1.947, 2.374, 2.692]) * random.uniform(0.95, 1.05, 6)
    return Metal(
        hz=np.sort(np.exp(random.uniform(np.log(low), np.log(high), count))) / kit.size**0.3,
        squares_hz=base * ratios,
        phase=random.random(6),
        noise=random.uniform(0.3, 1.1),
        tonal=float(random.uniform(0.5, 1.0)) if random.random() < kit.electronic else 0.0,
    )


def hats(kit: Character, random: Random) -> dict[str, Stroke]:
    """The hi-hat's three sounds, of one alloy."""
    alloy = metal(kit, random, 2_500, 16_000, 90)
    low, high = between(random, 3_500, 8_000), between(random, 11_000, 18_000)
    low *= 0.8 + 0.4 * kit.bright
    tight, loose = between(random, 0.012, 0.06), between(random, 0.18, 0.9) * (1.3 - kit.dry)
    foot, chick_hz = between(random, 0.02, 0.09), between(random, 300, 900)
    thump, sizzle = random.uniform(0.05, 0.4), random.uniform(0, 0.5)

    def closed(stroke: Random, v: float) -> Samples:
        n = samples(8 * tight + 0.05)
        body = alloy.sound(stroke, n, tight * (0.7 + 0.5 * v), low, high, v)
        return body + (0.3 + 0.7 * v) * click(stroke, n, 5_000, 16_000, 0.003)

    def opened(stroke: Random, v: float) -> Samples:
        n = samples(min(5 * loose, 3.0) + 0.1)
        body = alloy.sound(stroke, n, loose * (0.6 + 0.4 * v), 0.85 * low, high, v)
        # The plates rattle against each other as long as they move.
        rattle = osc.noise(stroke, n, low, high, 3) * osc.fall(n, loose * 0.9)
        body += np.float32(0.4 * sizzle) * rattle
        return body + 0.6 * v * click(stroke, n, 4_000, 16_000, 0.004)

    def pedal(stroke: Random, v: float) -> Samples:
        n = samples(7 * foot + 0.06)
        body = alloy.sound(stroke, n, foot, 0.6 * low, 0.85 * high, 0.5 * v)
        body *= osc.rise(n, 0.002)
        knock = osc.swept(n, chick_hz, 0.3, 0.01) * osc.fall(n, 0.012)
        return body * np.float32(0.8) + np.float32(thump) * knock

    return {"hihat_closed": closed, "hihat_open": opened, "hihat_pedal": pedal}


def rides(kit: Character, random: Random) -> dict[str, Stroke]:
    """Bow and bell of one ride cymbal."""
    alloy = metal(kit, random, 300, 15_000, 150)
    ring = between(random, 0.5, 1.8) * (1.3 - kit.dry)
    ping_hz, ping = between(random, 2_400, 5_500), random.uniform(0.3, 1.0)
    bell_hz, bell_ring = between(random, 650, 2_200), between(random, 0.3, 1.2)
    bells = np.array([1.0, 1.51, 2.28, 2.9, 3.4, 4.7]) * random.uniform(0.94, 1.06, 6)
    wash, low = random.uniform(0.2, 0.7), between(random, 1_500, 4_500)
    tilt = random.uniform(0.3, 1.0)

    def bow(stroke: Random, v: float) -> Samples:
        n = samples(min(3.5 * ring, 4.0))
        body = np.float32(wash) * alloy.sound(stroke, n, ring, low, 14_000, v)
        body *= 0.4 + 0.6 * osc.rise(n, 0.03)
        ratios = np.array([1.0, 1.31, 1.73, 2.2])
        tip = osc.modes(n, ping_hz * ratios, 0.07 * ratios**-0.5, ratios**-0.7, np.zeros(4))
        body += np.float32(ping * 0.5) * tip
        return body + (0.2 + 0.5 * v) * click(stroke, n, 3_000, 14_000, 0.0025)

    def bell(stroke: Random, v: float) -> Samples:
        n = samples(min(4 * bell_ring, 3.5))
        level = bells**-tilt * stroke.uniform(0.7, 1.1, 6)
        body = osc.modes(n, bell_hz * bells, bell_ring * bells**-0.4, level, np.zeros(6))
        body += 0.3 * wash * alloy.sound(stroke, n, 0.6 * ring, low, 14_000, v)
        return body + 0.6 * v * click(stroke, n, 2_500, 12_000, 0.003)

    return {"ride_bow": bow, "ride_bell": bell}


def crash(kit: Character, random: Random, kind: str = "crash") -> Stroke:
    """A crash, a splash or a china: dense partials that bloom and decay."""
    lows = {"crash": (250.0, 700.0), "splash": (700.0, 1_800.0), "china": (250.0, 600.0)}[kind]
    rings = {"crash": (0.6, 2.2), "splash": (0.12, 0.45), "china": (0.25, 0.9)}[kind]
    alloy = metal(kit, random, between(random, *lows), 17_000, 200)
    ring = between(random, *rings) * (1.3 - 0.6 * kit.dry)
    low, high = between(random, lows[0] * 2, lows[1] * 3), between(random, 9_000, 17_000)
    bloom, hiss = between(random, 0.002, 0.04), random.uniform(0.3, 1.0)
    rough_hz, rough = between(random, 25, 70), random.uniform(0.3, 0.7) * (kind == "china")

    def stroke_of(stroke: Random, v: float) -> Samples:
        n = samples(min(4 * ring, 4.5) + 0.1)
        body = alloy.sound(stroke, n, ring * (0.6 + 0.4 * v), low, high, v)
        burst = osc.noise(stroke, n, 1.5 * low, high, 2) * osc.fall(n, 0.25 * ring)
        body += np.float32(0.5 * hiss * (0.4 + 0.6 * v)) * burst
        body *= 0.35 + 0.65 * osc.rise(n, bloom)
        if rough:
            shake = np.sin(2 * np.pi * rough_hz * osc.time(n) + stroke.uniform(0, 6.28))
            body *= 1 + np.float32(rough) * np.sign(shake) * osc.fall(n, 0.4 * ring)
        return body + 0.5 * v * click(stroke, n, 1_500, 12_000, 0.005)

    return stroke_of


def toms(kit: Character, random: Random) -> dict[str, Stroke]:
    """Three toms of one make."""
    machine = random.random() < kit.electronic
    middle = between(random, 95, 165) / kit.size
    steps = random.uniform(1.25, 1.65, 2)
    ring = between(random, 0.1, 0.5) * (1.4 - kit.dry)
    bend, bend_s = between(random, 0.08, 1.2), between(random, 0.02, 0.09)
    stick, tilt = random.uniform(0.1, 0.7), random.uniform(0.7, 1.8)
    ratios = MEMBRANE ** random.uniform(0.9, 1.1)
    hiss = random.uniform(0, 0.35)

    def tom(hz: float, decay: float) -> Stroke:
        def stroke_of(stroke: Random, v: float) -> Samples:
            n = samples(6 * decay + 0.08)
            body = osc.swept(n, hz, bend * (0.4 + 0.6 * v), bend_s) * osc.fall(n, decay)
            if machine:
                body += (
                    np.float32(hiss * 0.3) * osc.noise(stroke, n, 300, 4_000) * osc.fall(n, 0.05)
                )
            else:
                count = len(ratios) - 1
                level = ratios[1:] ** -tilt * stroke.uniform(0.3, 1.0, count) * (0.4 + 0.6 * v)
                rings = 0.7 * decay * ratios[1:] ** -0.9
                phases = stroke.uniform(0, 6.28, count)
                body += 0.7 * osc.modes(n, hz * ratios[1:], rings, level, phases)
            body += stick * (0.2 + 0.8 * v) * click(stroke, n, 700, 6_000, 0.008)
            return _finished(body, 0.6 * kit.drive)

        return stroke_of

    return {
        "tom_high": tom(middle * steps[0], ring * 0.85),
        "tom_mid": tom(middle, ring),
        "tom_low": tom(middle / steps[1], ring * 1.2),
    }
