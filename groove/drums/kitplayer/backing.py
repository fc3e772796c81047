"""Music to play drums with: a song's other parts, for a while.

What belongs here: an excerpt of a song without its drums, as sound. What does not: synthesis
(:mod:`groove.midi.synth`), level (:mod:`~groove.drums.kitplayer.mix`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from groove.drums.kitplayer.kit import RATE, Samples
from groove.midi.song import Song
from groove.midi.synth import render

_QUIET_DB = -18.0


def without_drums(song: Song, start_s: float, seconds: float) -> Song:
    """Return the notes of a song's pitched parts that sound in an excerpt, with its times.

    Notes that began before start with it. The tempo map is one tempo: only seconds count.
    """
    inside = ~song.drum & (song.end_s > start_s) & (song.start_s < start_s + seconds)
    start = np.maximum(song.start_s[inside] - start_s, 0.0)
    end = np.minimum(song.end_s[inside] - start_s, seconds)
    per_second = 2 * song.ticks_per_quarter
    first = np.rint(start * per_second).astype(np.int64)
    last = np.maximum(np.rint(end * per_second).astype(np.int64), first + 1)
    return replace(
        song,
        start_tick=first,
        end_tick=last,
        start_s=start,
        end_s=end,
        pitch=song.pitch[inside],
        velocity=song.velocity[inside],
        program=song.program[inside],
        drum=song.drum[inside],
        track=song.track[inside],
        tempo_tick=np.zeros(1, dtype=np.int64),
        tempo_bpm=np.full(1, 120.0),
        last_tick=round(seconds * per_second),
    )


def backing(song: Song, start_s: float, seconds: float, soundfont: Path | None) -> Samples | None:
    """Return the pitched parts of an excerpt as sound, ``(2, samples)``; None where none sounds.

    Raises
    ------
    groove.midi.synth.SoundfontError
        If the soundfont cannot be read.
    """
    excerpt = without_drums(song, start_s, seconds)
    if not excerpt.n:
        return None
    sound = render(excerpt, soundfont, RATE, _QUIET_DB, tail_s=0.0)[:, : round(seconds * RATE)]
    return sound if float(np.abs(sound).max(initial=0.0)) > 1e-4 else None
