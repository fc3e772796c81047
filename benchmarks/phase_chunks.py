"""Songs to chunks: at once, in two steps, and by fluidsynth and ffmpeg in subprocesses.

Each way makes the same number of chunks of the same songs at the same playback rates, as FLAC at
16 kHz. The peer does what scripts usually do: fluidsynth to a WAV; in two steps ffmpeg with loudnorm
to an OGG; ffmpeg with asetrate and a limiter to each chunk. Processor seconds are counted, those of
subprocesses too, on one core.

    python -m benchmarks.phase_chunks
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.corpus import files
from benchmarks.timing import Result
from groove.core.digest import sha256
from groove.core.store import MemoryStore
from groove.core.tables import records
from groove.midi.synth import default_soundfont
from groove.phase.corpus import chop, render, storage
from groove.phase.labels import SAMPLE_RATE
from groove.phase.spec import ChunkSpec

_SONGS = 6
_ROUNDS = 2
#: What the peer can do, too: steady rates, nothing damaged.
_PLAIN = ChunkSpec(versions=1, rates=2, wandering=0, damaged_share=0.0)


def run() -> list[Result]:
    """Return our one step against our two steps and against the peer; print seconds per second."""
    songs = files("songs", _SONGS)
    store = MemoryStore(raw=dict(songs))
    index = pd.DataFrame(
        {
            "path": list(songs),
            "sha256": [sha256(data) for data in songs.values()],
            "source": "groove-demo",
            "license": "CC0-1.0",
            "split_group": list(songs),
            "split": "train",
            "duplicate_of": None,
        }
    )
    ways: dict[str, Callable[[], list[Mapping[str, Any]]]] = {
        "one step": lambda: _one_step(index, _PLAIN, store),
        "two steps": lambda: _two_steps(index, _PLAIN, store),
        "one step, ogg": lambda: _one_step(
            index, _PLAIN.model_copy(update={"storage": "ogg"}), store
        ),
        "one step, all effects": lambda: _one_step(index, ChunkSpec(), store),
    }
    chunks = _one_step(index, _PLAIN, store)
    assert _audio(chunks) == _audio(_two_steps(index, _PLAIN, store))  # noqa: S101  # not equal, not comparable
    if missing := [name for name in ("fluidsynth", "ffmpeg") if shutil.which(name) is None]:
        print(f"songs to chunks: {' and '.join(missing)} not installed, peer skipped")
    else:
        ways["scripts, two steps"] = lambda: _by_subprocesses(songs, chunks, two_steps=True)
        ways["scripts, one step"] = lambda: _by_subprocesses(songs, chunks, two_steps=False)
    spent: dict[str, list[float]] = {name: [] for name in ways}
    heard = {}
    for turn in range(_ROUNDS):
        for name, way in ways.items():
            before = _processor_s()
            made = way()
            spent[name].append(_processor_s() - before)
            heard[name] = sum(float(row["end_s"] - row["start_s"]) for row in made)
            if turn == 0 and "audio_bytes" in made[0]:
                _say_size(name, made, heard[name])
    least = {name: min(seconds) / heard[name] for name, seconds in spent.items()}
    for name, seconds in least.items():
        print(f"songs to chunks: {name:<22}{1 / seconds:>8.0f} s of audio per processor second")
    peers = [name for name in ways if name == "two steps" or name.startswith("scripts")]
    return [
        Result(
            f"chunks, {_SONGS} songs",
            "one step",
            name,
            least["one step"] * heard["one step"],
            least[name] * heard["one step"],
            "every byte" if name == "two steps" else "songs, rates and cuts",
        )
        for name in peers
    ]


def _one_step(index: pd.DataFrame, spec: ChunkSpec, store: MemoryStore) -> list[Mapping[str, Any]]:
    items = records(render.items(index, spec))
    return [row for item in items for row in chop.song_chunks(item, spec, store)]


def _two_steps(index: pd.DataFrame, spec: ChunkSpec, store: MemoryStore) -> list[Mapping[str, Any]]:
    items = records(render.items(index, spec))
    renders = [row for item in items for row in render.song_render(item, spec, store)]
    return [row for item in renders for row in chop.song_chunks(item, spec, store)]


def _by_subprocesses(
    songs: Mapping[str, bytes], chunks: list[Mapping[str, Any]], *, two_steps: bool
) -> list[Mapping[str, Any]]:
    """Make the given chunks as scripts around fluidsynth and ffmpeg do."""
    with tempfile.TemporaryDirectory() as scratch:
        for number, (name, data) in enumerate(songs.items()):
            midi, wav = Path(scratch) / f"{number}.mid", Path(scratch) / f"{number}.wav"
            midi.write_bytes(data)
            font = str(default_soundfont())
            _call("fluidsynth", "-ni", "-q", "-r", "22050", "-F", str(wav), font, str(midi))
            source = wav
            if two_steps:
                source = wav.with_suffix(".ogg")
                level = ("-af", "loudnorm=I=-18", "-ac", "1", "-ar", "22050")
                _ffmpeg(str(wav), *level, str(source))
            for place, row in enumerate(row for row in chunks if row["path"] == name):
                rate, start = row["rate"], row["start_s"] * row["rate"]
                speed = f"asetrate={round(22_050 * rate)},aresample={SAMPLE_RATE},alimiter"
                out = Path(scratch) / f"{number}-{place}.flac"
                length = (row["end_s"] - row["start_s"]) * rate
                cut = ("-ss", f"{start:.3f}", "-t", f"{length:.3f}")
                _ffmpeg(str(source), "-af", speed, "-ac", "1", str(out), before=cut)
    return [{"start_s": row["start_s"], "end_s": row["end_s"]} for row in chunks]


def _ffmpeg(source: str, *rest: str, before: tuple[str, ...] = ()) -> None:
    quiet = ("-nostdin", "-y", "-loglevel", "error", "-threads", "1")
    _call("ffmpeg", *quiet, *before, "-i", source, "-threads", "1", *rest)


def _call(program: str, *arguments: str) -> None:
    subprocess.run([program, *arguments], check=True, capture_output=True)


def _audio(chunks: list[Mapping[str, Any]]) -> list[str]:
    return [row["audio"] for row in chunks]


def _say_size(name: str, chunks: list[Mapping[str, Any]], seconds: float) -> None:
    audio = sum(row["audio_bytes"] for row in chunks)
    labels = sum(row["phase"].nbytes + row["bar_start_s"].nbytes for row in chunks)
    hours = storage.hours_per_gb(audio, labels, seconds)
    print(f"songs to chunks: {name:<22}{hours:>8.1f} hours per GB, labels included")


def _processor_s() -> float:
    """Return the processor seconds of this process and of the subprocesses that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    from benchmarks.timing import show

    show(run())
