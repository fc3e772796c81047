"""MIDI to audio, against fluidsynth in a subprocess (skipped where it is not installed)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks.corpus import files
from benchmarks.timing import Result, compare
from groove.midi.notes import read_midi
from groove.midi.synth import default_soundfont, render

_RATE = 22_050


def run() -> list[Result]:
    """Render three songs with both."""
    program = shutil.which("fluidsynth")
    if program is None:
        print("rendering: fluidsynth is not installed, skipped")
        return []
    songs = list(files("songs", 3).values())
    with tempfile.TemporaryDirectory() as scratch:
        paths = []
        for number, data in enumerate(songs):
            path = Path(scratch) / f"{number}.mid"
            path.write_bytes(data)
            paths.append(path)

        def peer() -> None:
            for path in paths:
                out = path.with_suffix(".wav")
                command = [program, "-ni", "-q", "-r", str(_RATE), "-F", str(out)]
                subprocess.run(
                    [*command, str(default_soundfont()), str(path)], check=True, capture_output=True
                )

        def ours() -> None:
            for data in songs:
                render(read_midi(data), sample_rate=_RATE)

        return [
            compare(
                f"rendering, {len(songs)} songs",
                ("render (tinysoundfont)", ours),
                ("fluidsynth, to a file", peer),
                "soundfont and rate",
            )
        ]
