"""Rendering in a process of its own, for soundfonts that nobody has vouched for.

The synthesizer trusts the indices in a soundfont; a damaged one makes it read outside its
memory, which ends the process. Here that is an error like any other: the song goes to a child
as MIDI, and its sound comes back as samples.

What belongs here: the child, and what its end means. What does not: levels and formats
(:mod:`groove.ngram.play.audio`).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from groove.midi.notes import Song, read_midi, write_midi
from groove.midi.synth import SoundfontError, render

_REFUSED = 3
_START_S = 60.0
"""For the child to start and to read a large soundfont."""


def render_isolated(
    song: Song, soundfont: Path, sample_rate: int, tail_s: float
) -> NDArray[np.float32]:
    """Return :func:`groove.midi.synth.render` of a song, done in a child process.

    Raises
    ------
    groove.midi.synth.SoundfontError
        If the soundfont cannot be read, or the synthesizer dies of it or does not end.
    """
    # -P: no folder of the user that is named like a package of ours.
    command = [sys.executable, "-P", "-m", __name__, str(soundfont.resolve()), str(sample_rate)]
    limit_s = _START_S + 2 * song.duration_s
    try:
        done = subprocess.run(  # noqa: S603  # our own interpreter and module
            [*command, str(tail_s)],
            input=write_midi(song),
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SoundfontError(f"{soundfont} keeps the synthesizer busy without end") from error
    if done.returncode == _REFUSED:
        raise SoundfontError(done.stderr.decode(errors="replace").strip())
    if done.returncode:
        raise SoundfontError(f"{soundfont} is damaged: the synthesizer cannot play it")
    return np.frombuffer(done.stdout, dtype=np.float32).reshape(2, -1).copy()


def _main(soundfont: str, sample_rate: str, tail_s: str) -> int:
    song = read_midi(sys.stdin.buffer.read())
    try:
        audio = render(song, Path(soundfont), int(sample_rate), tail_s=float(tail_s))
    except SoundfontError as error:
        sys.stderr.write(str(error))
        return _REFUSED
    sys.stdout.buffer.write(np.ascontiguousarray(audio).tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
