"""What makes two MIDI files the same music.

What belongs here: the content hash. What does not: near-duplicates by ear.

Two files are the same content when they have the same pitches at the same places of the beat,
counted from the first onset. Tempo, velocity, programs, durations, titles and the resolution of
the file play no part: they are what an editor changes in passing. A transposed file is other
content here: a melody a fifth higher is another training example.
"""

from __future__ import annotations

import numpy as np

from groove.core.digest import sha256
from groove.midi.song import Song

#: Grid of an onset, per quarter note: 16ths, triplets of 16ths and 64ths fall on it exactly.
GRID_PER_QUARTER = 48


def content_hash(song: Song) -> str:
    """Return a hash of (onset, key) pairs on the 1/48-quarter grid from the first onset on."""
    first = song.start_tick[0]
    place = np.rint((song.start_tick - first) * (GRID_PER_QUARTER / song.ticks_per_quarter))
    key = song.pitch.astype(np.int64) + 128 * song.drum
    pairs = np.unique(np.column_stack([place.astype(np.int64), key]), axis=0)
    return sha256(pairs.astype("<i8").tobytes())
