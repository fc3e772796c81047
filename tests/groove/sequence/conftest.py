"""A small corpus of tunes that can be learnt: scales up and down, in several keys."""

import numpy as np
import pytest

from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.midi.notes import song_from_notes, write_midi
from groove.sequence import corpus
from groove.sequence.spec import TokenSpec
from groove.sequence.tables import TOKEN_CORPUS

STEPS = np.array([0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2])


def tune(number, bars=16):
    """A song of eighth notes along a scale, with a longer note at the end of each bar."""
    draw = np.random.default_rng(number)
    start = np.concatenate([bar * 4 + np.array([0, 0.5, 1, 1.5, 2, 2.5, 3]) for bar in range(bars)])
    length = np.tile([0.5] * 6 + [1.0], bars)
    pitch = 55 + number % 7 + STEPS[(np.arange(len(start)) + draw.integers(14)) % 14]
    velocity = np.where(start % 4 == 0, 100, 70) + draw.integers(-6, 7, len(start))
    return song_from_notes(
        start, length, pitch, velocity, 0, False, tempos=[(0, 100.0)], meters=[(0, 4, 4)]
    )


def item(path, split="train", **more):
    """The row of ``song_index`` that the corpus needs of a file."""
    return {
        "path": path,
        "sha256": "0" * 64,
        "source": "tunes",
        "license": "CC0-1.0",
        "split_group": path,
        "split": split,
        "tempo_bpm": 100.0,
        "meter": "4/4",
        **more,
    }


@pytest.fixture(scope="session")
def token_corpus():
    sides = ["train"] * 8 + ["validation"] * 2 + ["test"] * 3
    store = MemoryStore({f"songs/{n}.mid": write_midi(tune(n)) for n in range(len(sides))})
    rows = [
        {"key": str(number), **row}
        for number, side in enumerate(sides)
        for row in corpus.tokens_of(item(f"songs/{number}.mid", side), TokenSpec(), store)
    ]
    return frame_of(rows, TOKEN_CORPUS)
