"""Drum sounds from oscillators, noise and envelopes: kits that owe nothing to any sample.

Membranes are sines whose pitch falls, wires and shells are filtered noise, metal is a bank of
square waves at inharmonic ratios (the way analogue drum machines make cymbals).

What belongs here: one hit of one kit as samples. What does not: which hits there are
(:mod:`groove.demo.hits`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from groove.demo.text import Entry

Samples = NDArray[np.float64]

#: Ratios of the six oscillators of a metallic sound: inharmonic, none a multiple of another.
METAL_RATIOS = (1.0, 1.342, 1.511, 1.947, 2.374, 2.692)

_DETUNE = 0.02

#: The auxiliary sounds of a synthesised kit, by variant.
AUX = ("clap", "cowbell", "shaker", "tambourine", "conga", "clave", "woodblock")


class SynthKit(Entry):
    """A synthesised kit's character."""

    kick_hz: float = Field(gt=20, lt=120, description="Where the kick's pitch ends")
    kick_sweep: float = Field(ge=0, le=12, description="How far above it starts, in its multiples")
    snare_hz: float = Field(gt=80, lt=500, description="Lowest mode of the snare")
    noise: float = Field(ge=0, le=1, description="Wires against shell")
    hat_hz: float = Field(gt=100, lt=1000, description="Lowest oscillator of the metal")
    metal: float = Field(ge=0, le=1, description="Square waves against noise in cymbals")
    tom_hz: float = Field(gt=40, lt=300, description="The middle tom")
    mode: float = Field(gt=1, lt=4, description="Second mode of skins and wood, in the first's")
    click: float = Field(ge=0, le=1, description="Beater and stick noise")
    decay: float = Field(gt=0.2, lt=3, description="Times the usual decay")
    drive: float = Field(ge=0.5, le=10, description="Soft clipping")
    tilt_db: float = Field(ge=-12, le=12, description="Highs against lows")


class _Voice:
    """The oscillators of one hit: time axis, noise, and a kit tuned by the variant."""

    def __init__(
        self, kit: SynthKit, tune: float, sample_rate: int, seconds: float, seed: int
    ) -> None:
        self.kit, self.tune, self.rate = kit, tune, sample_rate
        self.t = np.arange(round(seconds * sample_rate)) / sample_rate
        self.rng = np.random.default_rng(seed)

    def fall(self, seconds: float) -> Samples:
        """An exponential envelope; ``seconds`` is its time constant in a kit of decay 1."""
        return np.exp(-self.t / (seconds * self.kit.decay))

    def sine(self, hz: float, sweep: float = 0.0, bend_s: float = 0.03) -> Samples:
        """A sine that falls to ``hz`` from ``1 + sweep`` times it."""
        bent = hz * self.tune * (1 + sweep * np.exp(-self.t / bend_s))
        return np.sin(2 * np.pi * np.cumsum(bent) / self.rate)

    def modes(self, hz: float, ratios: Sequence[float], slope: float = 0.0) -> Samples:
        """Sines at some ratios of ``hz``, each softer by its ratio to the ``slope``."""
        waves: Samples = sum((self.sine(hz * r) * r**-slope for r in ratios), np.zeros_like(self.t))
        return waves

    def hiss(self, low: float, high: float = 20_000.0) -> Samples:
        """Noise between two frequencies."""
        return self.band(self.rng.standard_normal(len(self.t)), low, high)

    def metal(self, hz: float, low: float) -> Samples:
        """Square waves and noise, mixed by the kit, above a frequency."""
        phases = self.rng.random(len(METAL_RATIOS))
        waves = [
            np.sign(np.sin(2 * np.pi * (hz * self.tune * ratio * self.t + phase)))
            for ratio, phase in zip(METAL_RATIOS, phases, strict=True)
        ]
        tonal = self.band(np.sum(waves, axis=0) / 3, low, 16_000.0)
        share = self.kit.metal
        return share * tonal + (1 - share) * self.hiss(low) * 0.6

    def band(self, signal: Samples, low: float, high: float) -> Samples:
        """Return the signal with smooth 12 dB per octave skirts outside a band."""
        spectrum = np.fft.rfft(signal)
        hz = np.maximum(np.fft.rfftfreq(len(signal), 1 / self.rate), 1e-3)
        gain = 1 / np.sqrt(1 + (low / hz) ** 4) / np.sqrt(1 + (hz / high) ** 4)
        return np.fft.irfft(spectrum * gain, len(signal))


def hit(
    label: str,
    variant: int,
    velocity: int,
    kit: SynthKit,
    sample_rate: int,
    seconds: float,
    seed: int,
) -> Samples:
    """Return one mono hit, at most 1.0 in size before its velocity, of ``seconds``.

    Parameters
    ----------
    label
        A label of the drum taxonomy.
    variant
        0, 1, … : the kit's other drums of that label.
    velocity
        1..127: softer is darker as well as quieter.
    """
    tune = 1 + 0.11 * (variant if label != "aux_percussion" else 0)
    # No two strokes are alike: each is a little out of tune, and a soft one dies sooner.
    stroke = np.random.default_rng(seed)
    tune *= 1 + _DETUNE * stroke.uniform(-1, 1)
    softened = kit.model_copy(update={"decay": kit.decay * (0.75 + 0.25 * velocity / 127)})
    voice = _Voice(softened, tune, sample_rate, seconds, seed)
    dry = _aux(voice, AUX[variant]) if label == "aux_percussion" else _VOICES[label](voice)
    driven = np.tanh(dry * kit.drive) / np.tanh(kit.drive)
    return toned(driven, kit.tilt_db + soft_tilt_db(velocity), sample_rate)


def soft_tilt_db(velocity: int) -> float:
    """Return how much darker than at full force a drum sounds, in dB at the top."""
    return -14.0 * (1 - velocity / 127)


def toned(signal: Samples, tilt_db: float, sample_rate: int) -> Samples:
    """Return the signal with a shelf of ``tilt_db`` around 1.5 kHz, half below and half above."""
    spectrum = np.fft.rfft(signal)
    hz = np.fft.rfftfreq(len(signal), 1 / sample_rate)
    place = hz**2 / (hz**2 + 1500.0**2)
    return np.fft.irfft(spectrum * 10 ** (tilt_db * (place - 0.5) / 20), len(signal))


def _kick(v: _Voice) -> Samples:
    body = v.sine(v.kit.kick_hz, v.kit.kick_sweep) * v.fall(0.14)
    shell = v.sine(v.kit.mode * v.kit.kick_hz, v.kit.kick_sweep / 2, 0.02) * v.fall(0.05)
    return body + 0.5 * shell + v.kit.click * v.hiss(1500, 6000) * np.exp(-v.t / 0.004)


def _snare(v: _Voice) -> Samples:
    hz = v.kit.snare_hz
    shell = (v.sine(hz, 0.4, 0.01) + 0.6 * v.sine(v.kit.mode * hz, 0.3, 0.01)) * v.fall(0.06)
    wires = v.hiss(1100, 9000) * v.fall(0.085)
    return (1 - v.kit.noise) * shell + v.kit.noise * wires


def _rimshot(v: _Voice) -> Samples:
    hz = v.kit.snare_hz
    ring = v.modes(hz, (2.76, 4.9, 7.3)) * v.fall(0.05) * 0.5
    return 0.6 * _snare(v) + ring + 0.6 * v.hiss(2500) * np.exp(-v.t / 0.003)


def _cross_stick(v: _Voice) -> Samples:
    hz = 2.1 * v.kit.snare_hz
    ratios = (1.0, v.kit.mode, v.kit.mode**1.7, v.kit.mode**2.2)
    wood = v.modes(hz, ratios, slope=0.3) * v.fall(0.02)
    return (
        0.5 * wood
        + 0.3 * v.hiss(800, 3000) * v.fall(0.008)
        + v.kit.click * v.hiss(2000, 7000) * np.exp(-v.t / 0.002)
    )


def _hat(constant_s: float, attack_s: float, low: float) -> Callable[[_Voice], Samples]:
    def sound(v: _Voice) -> Samples:
        rise: Samples = 1 - np.exp(-v.t / attack_s)
        return v.metal(v.kit.hat_hz, low) * v.fall(constant_s) * rise

    return sound


def _ride_bow(v: _Voice) -> Samples:
    hz = 8.2 * v.kit.hat_hz
    ping = v.modes(hz, (1.0, 1.31, 1.73)) * np.exp(-v.t / 0.06)
    return 0.3 * ping + 0.45 * v.metal(1.3 * v.kit.hat_hz, 3500) * v.fall(0.55)


def _ride_bell(v: _Voice) -> Samples:
    hz = 2.3 * v.kit.hat_hz
    bell = v.modes(hz, (1.0, 1.51, 2.28, 3.4), slope=1.0) * v.fall(0.38)
    return 0.6 * bell + 0.15 * v.metal(1.3 * v.kit.hat_hz, 4000) * v.fall(0.4)


def _crash(v: _Voice) -> Samples:
    bloom = 1 - 0.7 * np.exp(-v.t / 0.02)
    return (v.metal(1.9 * v.kit.hat_hz, 1800) + 0.5 * v.hiss(3000)) * v.fall(0.6) * bloom


def _splash(v: _Voice) -> Samples:
    return (v.metal(2.6 * v.kit.hat_hz, 3000) + 0.4 * v.hiss(4000)) * v.fall(0.16)


def _china(v: _Voice) -> Samples:
    rattle = 1 + 0.6 * np.sign(v.sine(37.0))
    return (v.metal(1.1 * v.kit.hat_hz, 900) + 0.6 * v.hiss(700, 5000)) * v.fall(0.34) * rattle


def _tom(ratio: float) -> Callable[[_Voice], Samples]:
    def sound(v: _Voice) -> Samples:
        hz = ratio * v.kit.tom_hz
        skin = v.sine(hz, 0.55, 0.05) + 0.5 * v.sine(v.kit.mode * hz, 0.4, 0.04) * v.fall(0.09)
        return skin * v.fall(0.19) + 0.5 * v.kit.click * v.hiss(600, 5000) * np.exp(-v.t / 0.012)

    return sound


_VOICES: dict[str, Callable[[_Voice], Samples]] = {
    "kick": _kick,
    "snare": _snare,
    "rimshot": _rimshot,
    "cross_stick": _cross_stick,
    "hihat_closed": _hat(0.032, 0.0003, 6500),
    "hihat_pedal": _hat(0.055, 0.006, 4500),
    "hihat_open": _hat(0.26, 0.0003, 6000),
    "ride_bow": _ride_bow,
    "ride_bell": _ride_bell,
    "crash": _crash,
    "splash": _splash,
    "china": _china,
    "tom_high": _tom(1.55),
    "tom_mid": _tom(1.0),
    "tom_low": _tom(0.66),
}


def _aux(v: _Voice, kind: str) -> Samples:
    """Return hand percussion; its pitch follows the kit's snare."""
    lift = v.kit.snare_hz / 190
    if kind == "clap":
        starts = (0.0, 0.011, 0.021)
        since = v.t[None, :] - np.array(starts)[:, None]
        bursts: Samples = np.where(since >= 0, np.exp(-np.maximum(since, 0) / 0.006), 0).sum(axis=0)
        return v.hiss(900 * lift, 3000 * lift) * (bursts + 0.5 * v.fall(0.07)) * 2
    if kind == "cowbell":
        pair = np.sign(v.sine(545 * lift)) + np.sign(v.sine(812 * lift))
        return v.band(pair, 500, 4000) * (v.fall(0.11) + np.exp(-v.t / 0.015)) * 0.4
    if kind == "shaker":
        rise: Samples = 1 - np.exp(-v.t / 0.018)
        return v.hiss(5000 * lift) * rise * v.fall(0.035)
    if kind == "tambourine":
        jingle: Samples = 1 + 0.8 * np.sin(2 * np.pi * 31 * v.t) * np.exp(-v.t / 0.15)
        return v.band(v.metal(2.2 * v.kit.hat_hz, 7000), 5000, 15_000) * v.fall(0.1) * jingle
    if kind == "conga":
        return v.sine(215 * lift, 0.25, 0.012) * v.fall(0.11) + 0.2 * v.hiss(800, 4000) * v.fall(
            0.006
        )
    if kind == "clave":
        return v.sine(2450 * lift) * v.fall(0.028)
    wood = v.sine(930 * lift) + 0.7 * v.sine(1480 * lift)
    return wood * v.fall(0.022)
