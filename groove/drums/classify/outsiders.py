"""Sounds that are no drum: what a classifier must be able to turn down, and what plays under it.

Four families, all made here from numbers: notes of pitched instruments (harmonics, strings,
bells), noises that come and stay, speech (a pulse train through moving formants) and effects
(sweeps, hums, crackle). Notes of a soundfont's melodic programs are a fifth.

The families are kept apart by name, so that some can be left out of training and only be met in
a test.

What belongs here: making such sounds. What does not: mixing them with drums
(:mod:`groove.drums.classify.compose`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from groove.drums.classify.variation import Chance, Sound, noise, peak_of

#: Formants of vowels (Hz), after Peterson and Barney (1952), men's averages: a, e, i, o, u.
_VOWELS = (
    (730, 1090, 2440),
    (530, 1840, 2480),
    (270, 2290, 3010),
    (570, 840, 2410),
    (300, 870, 2240),
)


def _time(length: int, rate_hz: int) -> NDArray[np.float64]:
    return np.arange(length) / rate_hz


def _attack(time: NDArray[np.float64], start_s: float, rise_s: float, fall: float) -> Sound:
    """Return an envelope: nothing, a rise, an exponential fall."""
    after = time - start_s
    rising = np.clip(after / max(rise_s, 1e-4), 0.0, 1.0)
    return np.asarray(rising * np.exp(-np.maximum(after, 0.0) * fall), dtype=np.float32)


def tones(length: int, rate_hz: int, chance: Chance) -> Sound:
    """Return a note or a chord of a made-up instrument."""
    time = _time(length, rate_hz)
    root = 440.0 * 2.0 ** (chance.integers(-36, 25) / 12.0)
    chords = ((0,), (0,), (0, 7), (0, 4, 7), (0, 3, 7, 10), (0, 12))
    steps = chords[int(chance.integers(len(chords)))]
    # 0: strings and winds; 1: bells, whose partials are no multiples.
    stretch = chance.uniform(0.0, 0.35) if chance.random() < 0.25 else chance.uniform(0, 0.003)
    slope = chance.uniform(0.6, 2.5)
    fall = chance.choice([0.3, 1.5, 4.0, 9.0])
    start_s = chance.uniform(-0.3, 0.5 * length / rate_hz)
    vibrato = chance.uniform(0.0, 0.006) * np.sin(2 * np.pi * chance.uniform(4, 7) * time)
    result = np.zeros(length)
    for step in steps:
        base = root * 2.0 ** (step / 12.0)
        for order in range(1, 16):
            hz = base * order * (1.0 + stretch * (order - 1))
            if hz > 0.45 * rate_hz:
                break
            level = order**-slope * chance.uniform(0.3, 1.0)
            phase = 2 * np.pi * (hz * (time + np.cumsum(vibrato) / rate_hz) + chance.random())
            fade = np.exp(-np.maximum(time - start_s, 0.0) * fall * 0.15 * order)
            result += level * np.sin(phase) * fade
    rise_s = chance.choice([0.002, 0.01, 0.08])
    made = result * _attack(time, start_s, rise_s, fall)
    return np.asarray(made / peak_of(np.asarray(made, dtype=np.float32)), dtype=np.float32)


def noises(length: int, rate_hz: int, chance: Chance) -> Sound:
    """Return a noise that stays, swells or is gated slowly: wind, rain, hiss, applause."""
    time = _time(length, rate_hz)
    made = noise(length, rate_hz, chance)
    swell = 1.0 + chance.uniform(0, 0.9) * np.sin(
        2 * np.pi * (chance.uniform(0.3, 3.0) * time + chance.random())
    )
    return np.asarray(made * swell / 2.0, dtype=np.float32)


def speech(length: int, rate_hz: int, chance: Chance) -> Sound:
    """Return something like a syllable: glottal pulses through gliding formants, with breath."""
    time = _time(length, rate_hz)
    pitch = chance.uniform(85, 260) * (1 + 0.15 * chance.uniform(-1, 1) * time / time[-1])
    phase = np.cumsum(pitch) / rate_hz
    first, second = (np.array(_VOWELS[int(chance.integers(len(_VOWELS)))]) for _ in range(2))
    size = chance.uniform(0.9, 1.25)
    along = np.clip((time - chance.uniform(0, 0.3)) / 0.15, 0.0, 1.0)
    result = np.zeros(length)
    for order in range(1, 40):
        hz = pitch * order
        if hz.max() > 6_000:
            break
        level = np.full(length, 0.003)
        for start, end, width in zip(first * size, second * size, (90, 110, 170), strict=True):
            centre = start + (end - start) * along
            level = level + 1.0 / (1.0 + ((hz - centre) / width) ** 2)
        result += level / order**0.5 * np.sin(2 * np.pi * order * phase)
    breath = chance.uniform(0.0, 0.08) * noise(length, rate_hz, chance)
    start_s, stop_s = chance.uniform(-0.1, 0.1), chance.uniform(0.2, 0.8)
    shape = np.clip((time - start_s) / 0.03, 0, 1) * np.clip((stop_s - time) / 0.06 + 1, 0, 1)
    made = np.asarray((result / 3.0 + breath) * shape, dtype=np.float32)
    return np.asarray(made / peak_of(made), dtype=np.float32)


def effects(length: int, rate_hz: int, chance: Chance) -> Sound:
    """Return a sweep, a mains hum or a vinyl's crackle."""
    time = _time(length, rate_hz)
    kind = int(chance.integers(3))
    if kind == 0:
        low, high = chance.uniform(100, 800), chance.uniform(1_000, 8_000)
        if chance.random() < 0.5:
            low, high = high, low
        hz = low * (high / low) ** (time / time[-1])
        made = np.sin(2 * np.pi * np.cumsum(hz) / rate_hz)
    elif kind == 1:
        base = chance.choice([50.0, 60.0])
        made = sum(chance.random() / n * np.sin(2 * np.pi * n * base * time) for n in range(1, 12))
    else:
        made = np.where(chance.random(length) < chance.uniform(5, 60) / rate_hz, 1.0, 0.0)
        made = made * chance.standard_normal(length) + 0.02 * chance.standard_normal(length)
    made = np.asarray(made, dtype=np.float32)
    return np.asarray(made / peak_of(made), dtype=np.float32)


FAMILIES: Mapping[str, Callable[[int, int, Chance], Sound]] = {
    "tones": tones,
    "noises": noises,
    "effects": effects,
    "speech": speech,
}


def soundfont_notes(
    path: Path, count: int, length: int, rate_hz: int, chance: Chance
) -> list[Sound]:
    """Return notes and chords of a soundfont's melodic programs.

    Raises
    ------
    groove.midi.synth.SoundfontError
        If it cannot be read.
    """
    from groove.midi.notes import song_from_notes
    from groove.midi.synth import render

    found: list[Sound] = []
    while len(found) < count:
        notes = int(chance.integers(1, 5))
        # Programs 112 and on are percussion and effects: some are drums under another name.
        programs = chance.integers(0, 112, notes)
        starts = np.sort(chance.uniform(0.0, 1.0, notes)) * (chance.random() < 0.7)
        song = song_from_notes(
            starts,
            chance.uniform(0.3, 3.0, notes),
            chance.integers(33, 90, notes),
            chance.integers(50, 120, notes),
            programs,
            np.zeros(notes, dtype=bool),
            tempos=[(0.0, 120.0)],
            meters=[(0.0, 4, 4)],
        )
        audio = render(song, path, rate_hz, tail_s=0.0).mean(axis=0)
        if peak_of(audio) < 1e-4 or len(audio) < length // 2:
            continue
        first = int(chance.uniform(0, max(1, len(audio) - length // 2)) * (chance.random() < 0.6))
        part = np.pad(audio[first : first + length], (0, max(0, length - len(audio) + first)))
        found.append(np.asarray(part / peak_of(part), dtype=np.float32))
    return found
