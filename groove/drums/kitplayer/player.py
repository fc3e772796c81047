"""Hits in, sound out: a groove played on a kit, sample-exact.

A play draws, for each drum, its tuning, damping, tone, level and place; for all, bleed, a room and
a compressor. The same hits, kit, settings and seed give the same samples.

What belongs here: hits to stereo sound. What does not: music around them
(:mod:`~groove.drums.kitplayer.mix`), where kits come from.

Conventions
-----------
* The attack of a hit is at sample ``round(time_s * 44100)``; nothing sounds before the first hit.
* Bleed and room arrive after the direct sound; filters are of minimum phase.
* Treble and level follow velocity within a layer: each drum has a bright and a dark bus, and a
  softer stroke sends more of itself to the dark one, whose low-pass is applied once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import soxr
from numpy.typing import NDArray

from groove.audio import effects
from groove.drums.kitplayer.kit import RATE, Drum, Hit, Kit, KitError, Layer, Samples
from groove.drums.kitplayer.spec import PlaySpec
from groove.drums.kitplayer.track import DrumTrack, track_of_notes
from groove.midi.taxonomy import LABELS

__all__ = ["PEAK", "DrumTrack", "play", "track_of_notes"]

PEAK = 0.98

#: Usual peaks in a mix, dB; drawn around.
_LEVELS_DB = {
    "kick": 0.0, "snare": -1.0, "rimshot": -1.0, "cross_stick": -6.0,
    "hihat_closed": -11.0, "hihat_open": -10.0, "hihat_pedal": -13.0,
    "ride_bow": -11.0, "ride_bell": -8.0, "crash": -5.0, "splash": -7.0, "china": -6.0,
    "tom_high": -3.0, "tom_mid": -3.0, "tom_low": -2.0, "aux_percussion": -7.0,
}  # fmt: skip
#: Usual places from the drummer's seat, -1 left to 1 right.
_PLACES = {
    "kick": 0.0, "snare": 0.1, "rimshot": 0.1, "cross_stick": 0.1,
    "hihat_closed": -0.7, "hihat_open": -0.7, "hihat_pedal": -0.7,
    "ride_bow": 0.7, "ride_bell": 0.7, "crash": -0.5, "splash": -0.2, "china": 0.9,
    "tom_high": -0.4, "tom_mid": 0.2, "tom_low": 0.7, "aux_percussion": 0.5,
}  # fmt: skip
#: Above this a soft stroke loses its treble, Hz.
_DARK_HZ = {"kick": 900.0, "tom_low": 1_000.0, "tom_mid": 1_200.0, "tom_high": 1_400.0}
_DARK_DEFAULT_HZ = 2_500.0
#: What is one instrument, tuned and placed as one; the hi-hats choke each other.
_UNITS = {
    "rimshot": "snare", "cross_stick": "snare", "hihat_open": "hihat_closed",
    "hihat_pedal": "hihat_closed", "ride_bell": "ride_bow",
    "tom_high": "tom_mid", "tom_low": "tom_mid",
}  # fmt: skip
_CHOKED, _CHOKING = "hihat_open", ("hihat_closed", "hihat_pedal")
_EXPONENT = 1.2


@dataclass
class _Strip:
    """One drum in the mix: its draws and its two buses."""

    rate: float
    damping_s: float
    gain: float
    pan: float
    dark_hz: float
    centres_hz: list[float]
    gains_db: list[float]
    bleed: float
    room: float
    bright: Samples
    dark: Samples
    tuned: dict[int, Samples] = field(default_factory=dict)
    turns: dict[int, int] = field(default_factory=dict)


def play(
    track: DrumTrack,
    kit: Kit,
    spec: PlaySpec | None = None,
    seed: int = 0,
    seconds: float | None = None,
) -> Samples:
    """Return hits played on a kit, float32 ``(2, samples)`` at 44,100 Hz.

    Parameters
    ----------
    track
        The hits.
    kit
        Must have all of their labels (:func:`~groove.drums.kitplayer.kit.completed`).
    spec
        How much a play varies.
    seed
        Of the draws.
    seconds
        Length; by default until ``spec.tail_s`` after the last hit.

    Raises
    ------
    KitError
        If the kit lacks a label.
    """
    spec = spec or PlaySpec()
    missing = sorted(set(track.label) - set(kit.drums))
    if missing:
        raise KitError(f"kit {kit.name!r} has no {', '.join(missing)}")
    random = np.random.default_rng([seed & 0xFFFFFFFF, 0x6B69])
    last = float(track.time_s.max(initial=0.0))
    n = round((last + spec.tail_s if seconds is None else seconds) * RATE)
    exponent = max(0.3, _EXPONENT + spec.dynamics * random.uniform(-1, 1))
    names = _drums(track, kit, random.integers(0, 1 << 16, len(LABELS)) * spec.any_drum)
    strips = _strips(names, spec, random, n)
    _strike(track, kit, spec, random, strips, names, exponent)
    dry, overhead, send = _summed(strips, n)
    out = dry
    if random.random() < spec.bleed and spec.bleed_db > -60:
        out = out + _bled(overhead, spec, random)
    if random.random() < spec.room:
        out = out + _roomed(send, spec, random)
    if random.random() < spec.compress:
        out = effects.compressed(
            out, RATE, random.uniform(-12, 6), random.uniform(1.5, 5), random.uniform(0.05, 0.3)
        )
    if random.random() < spec.drive:
        out = effects.soft_clipped(out, random.uniform(-6, 9))
    return effects.peak_safe(np.ascontiguousarray(out, dtype=np.float32), PEAK)


def _strips(
    names: list[tuple[str, int]], spec: PlaySpec, random: np.random.Generator, n: int
) -> dict[tuple[str, int], _Strip]:
    """Return a strip for each drum that is struck; draws do not hang on which those are."""
    mirror = random.choice([-1.0, 1.0])
    width = random.uniform(0, spec.pan)
    units: dict[str, NDArray[np.float64]] = {
        label: random.uniform(-1, 1, 4) for label in LABELS if label not in _UNITS
    }
    own = {label: random.uniform(-1, 1, (8, 8)) for label in LABELS}
    found: dict[tuple[str, int], _Strip] = {}
    for label, drum in sorted(set(names)):
        shared = units[_UNITS.get(label, label)]
        single = own[label][drum % 8]
        # One make of toms, one snare with its rim; but no two crashes are related.
        tune = shared[0] if label not in ("aux_percussion", "crash") else single[0]
        level = _LEVELS_DB[label] * spec.balance
        level += spec.level_db * (0.6 * shared[1] + 0.4 * single[1])
        damping = spec.damping * max(0.0, float(0.5 * shared[2] + 0.5 * single[2]))
        place = mirror * _PLACES[label] * width + 0.2 * width * float(shared[3])
        found[label, drum] = _Strip(
            rate=2.0 ** (spec.tune_semitones * float(tune) / 12.0),
            damping_s=0.0 if damping <= 0 else 0.35 * (1 - damping) / damping,
            gain=10.0 ** (float(level) / 20.0),
            pan=float(np.clip(place, -1, 1)),
            dark_hz=_DARK_HZ.get(label, _DARK_DEFAULT_HZ),
            centres_hz=[float(c * 2 ** single[5]) for c in (120.0, 800.0, 5_000.0)],
            gains_db=[float(g) for g in spec.eq_db * single[[3, 4, 6]]],
            bleed=10.0 ** (0.3 * float(single[7])),
            room=10.0 ** (0.25 * float(single[7])) * (0.3 if label == "kick" else 1.0),
            bright=np.zeros(n, dtype=np.float32),
            dark=np.zeros(n, dtype=np.float32),
        )
    return found


def _drums(track: DrumTrack, kit: Kit, first: NDArray[np.int64]) -> list[tuple[str, int]]:
    """Return which drum each hit strikes; ``first`` (labels,) is added to the variants."""
    offset = dict(zip(LABELS, first.tolist(), strict=True))
    variants = [0] * len(track.label) if track.variant is None else track.variant.tolist()
    return [
        (label, (int(variant) + offset[label]) % len(kit.drums[label]))
        for label, variant in zip(track.label, variants, strict=True)
    ]


def _strike(
    track: DrumTrack,
    kit: Kit,
    spec: PlaySpec,
    random: np.random.Generator,
    strips: dict[tuple[str, int], _Strip],
    names: list[tuple[str, int]],
    exponent: float,
) -> None:
    """Add every hit to its drum's buses."""
    starts = np.rint(track.time_s * RATE).astype(np.int64)
    ends = _choked(starts, track.label)
    uneven = 10.0 ** (spec.humanity_db / 40.0 * random.uniform(-1, 1, len(starts)))
    for index in np.argsort(starts, kind="stable").tolist():
        label, drum = names[index]
        strip, velocity = strips[label, drum], float(track.velocity[index])
        layer = _layer(kit.drums[label][drum], velocity)
        sound = _sound(strip, layer, random)
        start = int(starts[index])
        sound = sound[: max(0, len(strip.bright) - start)]
        length = int(ends[index]) - start
        if length < len(sound):
            sound = _closed(sound, length, spec.choke_s)
        if not len(sound):
            continue
        gain = velocity**exponent * float(uneven[index])
        # A layer that was struck harder than this stroke is darkened by what it is too much.
        dark = spec.darkness * max(0.0, 1.0 - velocity / layer.velocity)
        place = slice(start, start + len(sound))
        strip.bright[place] += sound * np.float32(gain * (1 - dark))
        if dark > 0:
            strip.dark[place] += sound * np.float32(gain * dark)


def _layer(drum: Drum, velocity: float) -> Layer:
    """Return the softest layer that reaches a velocity, else the hardest."""
    return next((layer for layer in drum if layer.velocity >= velocity), drum[-1])


def _sound(strip: _Strip, layer: Layer, random: np.random.Generator) -> Samples:
    """Return the next stroke of a layer, tuned and damped."""
    first = strip.turns.setdefault(id(layer), int(random.integers(len(layer.hits))))
    strip.turns[id(layer)] = first + 1
    hit = layer.hits[first % len(layer.hits)]
    found = strip.tuned.get(id(hit))
    if found is None:
        found = strip.tuned[id(hit)] = _tuned(hit, strip)
    return found


def _tuned(hit: Hit, strip: _Strip) -> Samples:
    samples = hit.samples
    if abs(strip.rate - 1.0) > 1e-4:
        samples = soxr.resample(samples, RATE, RATE / strip.rate, quality="MQ")
    if strip.damping_s > 0:
        time = np.arange(len(samples), dtype=np.float32) / np.float32(RATE * strip.damping_s)
        samples = samples * np.exp(-time)
    return np.asarray(samples * np.float32(strip.gain), dtype=np.float32)


def _choked(starts: NDArray[np.int64], labels: Sequence[str]) -> NDArray[np.int64]:
    """Return where each hit is cut off: an open hi-hat at the next closed or pedalled one."""
    names = np.array(labels, dtype=object)
    ends = np.full(len(starts), np.iinfo(np.int64).max)
    closing = np.sort(starts[np.isin(names, _CHOKING)])
    opened = np.flatnonzero(names == _CHOKED)
    if len(closing) and len(opened):
        place = np.searchsorted(closing, starts[opened], side="right")
        reached = place < len(closing)
        ends[opened[reached]] = closing[place[reached]]
    return ends


def _closed(sound: Samples, length: int, choke_s: float) -> Samples:
    """Return a sound that dies from sample ``length`` on."""
    steps = np.arange(len(sound) - length, dtype=np.float32) / np.float32(choke_s * RATE)
    kept = int(np.searchsorted(steps, 4.0))
    fall = np.float32(10.0) ** -steps[:kept]
    return np.concatenate([sound[:length], sound[length : length + kept] * fall])


def _summed(strips: dict[tuple[str, int], _Strip], n: int) -> tuple[Samples, Samples, Samples]:
    """Return the stereo sum of the drums, and what overheads and room hear of them."""
    from scipy import signal  # a second to import

    dry = np.zeros((2, n), dtype=np.float32)
    overhead = np.zeros(n, dtype=np.float32)
    send = np.zeros(n, dtype=np.float32)
    for name in sorted(strips):
        strip = strips[name]
        bus = strip.bright
        if strip.dark.any():
            # First order: no delay at the attack, no notch where the buses are summed.
            b, a = signal.butter(1, strip.dark_hz, fs=RATE)
            bus = bus + signal.lfilter(b, a, strip.dark).astype(np.float32)
        if any(strip.gains_db):
            bus = effects.equalised(bus, RATE, strip.centres_hz, strip.gains_db)
        angle = (strip.pan + 1) * np.pi / 4
        scale = np.sqrt(2.0)
        dry[0] += bus * np.float32(scale * np.cos(angle))
        dry[1] += bus * np.float32(scale * np.sin(angle))
        overhead += bus * np.float32(strip.bleed)
        send += bus * np.float32(strip.room)
    return dry, overhead, send


def _bled(overhead: Samples, spec: PlaySpec, random: np.random.Generator) -> Samples:
    """Return what other microphones hear: later, without bass, to the sides."""
    gain = 10.0 ** ((spec.bleed_db - random.uniform(0, 18)) / 20.0)
    thin = effects.band_limited(overhead, RATE, random.uniform(150, 500), 0.0, order=1)
    out = np.zeros((2, len(overhead)), dtype=np.float32)
    for channel, delay_s in enumerate(random.uniform(0.001, 0.008, 2)):
        late = min(round(float(delay_s) * RATE), len(overhead))
        out[channel, late:] = thin[: len(thin) - late] * np.float32(gain)
    return out


def _roomed(send: Samples, spec: PlaySpec, random: np.random.Generator) -> Samples:
    """Return the room's answer alone."""
    from scipy import signal

    rt60 = float(np.exp(random.uniform(np.log(0.12), np.log(max(spec.rt60_s, 0.121)))))
    wet_db = spec.room_db - random.uniform(0, 24)
    response = effects.impulse_response(
        random, RATE, rt60, wet_db, channels=2, distance_s=random.uniform(0.002, 0.02)
    )
    response[:, 0] = 0.0
    wet = signal.oaconvolve(send[None, :], response, axes=-1)[:, : len(send)]
    return np.asarray(wet, dtype=np.float32)
