"""MIDI parsing with exact seconds, against pretty_midi."""

from __future__ import annotations

import io

import numpy as np
import pretty_midi

from benchmarks.corpus import files
from benchmarks.timing import Result, compare
from groove.midi.notes import read_midi


def run() -> list[Result]:
    """Parse every demo song with both; the onsets must agree to a microsecond."""
    songs = list(files("songs", 24).values())
    for data in songs:
        ours = np.sort(read_midi(data).start_s)
        peer = pretty_midi.PrettyMIDI(io.BytesIO(data))
        theirs = np.sort([n.start for i in peer.instruments for n in i.notes])
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    return [
        compare(
            f"MIDI parsing, {len(songs)} songs",
            ("read_midi", lambda: [read_midi(data) for data in songs]),
            ("pretty_midi", lambda: [pretty_midi.PrettyMIDI(io.BytesIO(d)) for d in songs]),
            "onsets to 1 µs",
        )
    ]
