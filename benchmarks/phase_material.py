"""Recordings whose bars are known exactly, for ``groove phase evaluate``.

``python -m benchmarks.phase_material clicks DIR`` writes 36 recordings of 45 s: metronomes whose
accent is higher and louder, louder alone, or lower alone, and a plain beat of drums and bass; each in
4/4, 3/4 and 6/8 at 90, 120 and 174 beats a minute (in 6/8 of dotted quarters). Everything is
synthesised here, without a soundfont.

``python -m benchmarks.phase_material songs DIR --songs 40 --seed 77 --soundfont FILE`` writes practice
songs through a soundfont.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from groove.audio.waveform import Waveform, encode
from groove.midi.meter import bar_grid
from groove.midi.synth import render
from groove.phase.labels import tactus
from groove.practice.song import compose
from groove.practice.spec import PracticeSpec
from groove.practice.writing import numbers

RATE = 22_050
SECONDS = 45.0
TEMPOS = (90, 120, 174)
#: Name, beats a bar, clicks a beat.
METERS = (("4-4", 4, 1), ("3-4", 3, 1), ("6-8", 2, 3))
#: Hz and level (dB) of the accent and of the other clicks.
CLICKS = {
    "both": ((1_600.0, 0.0), (1_000.0, -6.0)),
    "level": ((1_000.0, 0.0), (1_000.0, -12.0)),
    "pitch": ((200.0, 0.0), (1_000.0, 0.0)),
}
Samples = NDArray[np.float64]


def main() -> None:
    """Write what is asked for."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("what", choices=["clicks", "songs"])
    asked.add_argument("folder", type=Path)
    asked.add_argument("--songs", type=int, default=40)
    asked.add_argument("--seed", type=int, default=77)
    asked.add_argument("--soundfont", type=Path, default=None)
    given = asked.parse_args()
    for name in ("audio", "beats"):
        (given.folder / name).mkdir(parents=True, exist_ok=True)
    if given.what == "clicks":
        _clicks(given.folder)
    else:
        _songs(given.folder, given.songs, given.seed, given.soundfont)


def _clicks(folder: Path) -> None:
    for meter, beats, divided in METERS:
        for bpm in TEMPOS:
            for kind, ((high, loud), (low, soft)) in CLICKS.items():
                unit = 60.0 / bpm / divided
                places = range(int((SECONDS - 0.5) / unit))
                sounds = [
                    (
                        0.25 + k * unit,
                        _click(high, loud) if k % (beats * divided) == 0 else _click(low, soft),
                    )
                    for k in places
                ]
                _write(folder, f"click-{kind}_{meter}_{bpm}", _laid(sounds), _beats(beats, bpm))
            _write(folder, f"band_{meter}_{bpm}", _band(beats, divided, bpm), _beats(beats, bpm))


def _beats(beats: int, bpm: float) -> list[tuple[float, int]]:
    count = int((SECONDS - 0.5) * bpm / 60.0)
    return [(0.25 + k * 60.0 / bpm, k % beats + 1) for k in range(count)]


def _click(hz: float, level_db: float) -> Samples:
    times = np.arange(int(0.05 * RATE)) / RATE
    return np.sin(2 * np.pi * hz * times) * np.exp(-times / 0.01) * 10 ** (level_db / 20) * 0.6


def _band(beats: int, divided: int, bpm: float) -> Samples:
    """Return bass drum on one (and three of four), snare elsewhere, hats between, a bass on one."""
    random = np.random.default_rng(1)
    times = np.arange(int(0.25 * RATE)) / RATE
    kick = (
        np.sin(2 * np.pi * (50 * times - 8 * np.exp(-times / 0.02))) * np.exp(-times / 0.08) * 0.7
    )
    snare = random.normal(0, 0.25, len(times)) * np.exp(-times / 0.05)
    hat = np.diff(random.normal(0, 0.1, len(times) + 1)) * np.exp(-times / 0.015)
    beat = 60.0 / bpm
    long = np.arange(int(0.9 * beat * RATE)) / RATE
    sounds: list[tuple[float, Samples]] = []
    for number, (at, place) in enumerate(_beats(beats, bpm)):
        on = place == 1 or (beats == 4 and place == 3)
        sounds.append((at, kick if on else snare))
        parts = 2 if divided == 1 else divided
        sounds += [(at + k * beat / parts, hat) for k in range(parts)]
        if place == 1:
            hz = (55.0, 55.0, 73.4, 82.4)[number // beats % 4]
            sounds.append((at, np.sin(2 * np.pi * hz * long) * np.exp(-long / beat) * 0.4))
    return _laid(sounds)


def _laid(sounds: list[tuple[float, Samples]]) -> Samples:
    out = np.zeros(int(SECONDS * RATE))
    for at, sound in sounds:
        start = round(at * RATE)
        room = out[start : start + len(sound)]
        room += sound[: len(room)]
    return out


def _songs(folder: Path, count: int, seed: int, soundfont: Path | None) -> None:
    for number in numbers(count, seed):
        made = compose(number, PracticeSpec(max_duration_s=90))
        sound = render(made.song, soundfont, RATE).mean(axis=0)
        beat_s, beat_in_bar, _ = tactus(bar_grid(made.song))
        name = f"{number}_{made.tags['style']}_{str(made.tags['meter']).replace('/', '-')}"
        pairs = zip(beat_s.tolist(), beat_in_bar.tolist(), strict=True)
        _write(
            folder,
            name.replace(" ", "-"),
            sound,
            list(pairs),
        )


def _write(
    folder: Path, name: str, sound: NDArray[np.floating], beats: list[tuple[float, int]]
) -> None:
    sound = sound / max(float(np.abs(sound).max()), 1e-6) * 0.8
    wave = Waveform(np.asarray(sound, dtype=np.float32)[np.newaxis], RATE)
    (folder / "audio" / f"{name}.flac").write_bytes(encode(wave, "flac", "PCM_16"))
    lines = "".join(f"{at:.6f}\t{place}\n" for at, place in beats)
    (folder / "beats" / f"{name}.beats").write_text(lines)


if __name__ == "__main__":
    main()
