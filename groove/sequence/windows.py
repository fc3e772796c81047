"""Training windows: fixed-length cuts of songs, drawn at random and moved to other keys.

What belongs here: which windows there are, and batches of them. What does not: what is done
with a batch (:mod:`groove.sequence.gru_training`). This module imports torch.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from groove.sequence.streams import Stream
from groove.sequence.vocabulary import NOTE_ON, PAD, TIME_SHIFT, Ints

Batch = tuple[Tensor, Tensor, Tensor]


def window_starts(offsets: Ints, window: int, hop: int) -> tuple[Ints, Ints]:
    """Return (start, length) of every window in a stream.

    Windows of a song start every ``hop`` tokens; the last one ends with the song, so that
    every token is in one. A song shorter than a window is one shorter window.
    """
    starts, lengths = [], []
    for begin, end in itertools.pairwise(offsets):
        last = max(int(begin), int(end) - window)
        mine = np.unique(np.append(np.arange(begin, last, hop), last))
        starts.append(mine)
        lengths.append(np.minimum(end - mine, window))
    return np.concatenate(starts).astype(np.int64), np.concatenate(lengths).astype(np.int64)


def transposed(tokens: Ints, semitones: Ints) -> Ints:
    """Return windows moved by semitones, each as far as its notes stay within MIDI's range.

    Parameters
    ----------
    tokens
        int64 (windows, time).
    semitones
        int64 (windows,).
    """
    sounding = (tokens >= NOTE_ON) & (tokens < TIME_SHIFT)
    pitch = (tokens - NOTE_ON) % 128
    lowest = np.where(sounding, pitch, 127).min(axis=1)
    highest = np.where(sounding, pitch, 0).max(axis=1)
    shift = np.clip(semitones, -lowest, 127 - highest)
    return np.asarray(tokens + np.where(sounding, shift[:, None], 0))


@dataclass
class Windows:
    """Batches of (inputs, slots, targets), each int64 (windows, time); PAD is no target.

    Parameters
    ----------
    stream
        Songs.
    window, hop
        In tokens to predict; a window holds one more.
    batch
        Windows per batch.
    count
        Windows per pass. When drawing, they are drawn anew each time; otherwise they are
        spread evenly over all windows and the same each time.
    transpose
        Largest transposition, in semitones; 0 when not drawing.
    seed
        Draws windows and keys; ``None`` does not draw.
    """

    stream: Stream
    window: int
    hop: int
    batch: int
    count: int
    transpose: int = 0
    seed: int | None = None
    passes: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.starts, self.lengths = window_starts(self.stream.offsets, self.window + 1, self.hop)
        if self.seed is None:
            self.count = min(self.count, len(self.starts))

    def __len__(self) -> int:
        """Batches per pass."""
        return math.ceil(self.count / self.batch)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of one pass."""
        if self.seed is None:
            chosen = np.linspace(0, len(self.starts) - 1, self.count).round().astype(np.int64)
            shift = np.zeros(self.count, dtype=np.int64)
        else:
            draw = np.random.default_rng([self.seed, self.passes])
            chosen = self._drawn(draw)
            shift = draw.integers(-self.transpose, self.transpose + 1, self.count)
        self.passes += 1
        for first in range(0, self.count, self.batch):
            part = slice(first, first + self.batch)
            yield self._batch(chosen[part], shift[part])

    def _drawn(self, draw: np.random.Generator) -> Ints:
        # As many whole shuffles as fit, then a part of one: no window twice before all once.
        rounds = math.ceil(self.count / len(self.starts))
        orders = [draw.permutation(len(self.starts)) for _ in range(rounds)]
        return np.concatenate(orders)[: self.count].astype(np.int64)

    def _batch(self, chosen: Ints, shift: Ints) -> Batch:
        within = np.arange(self.window + 1)
        inside = within < self.lengths[chosen][:, None]
        places = np.where(inside, self.starts[chosen][:, None] + within, 0)
        tokens = transposed(np.where(inside, self.stream.tokens[places], PAD), shift)
        slots = np.where(inside, self.stream.slots[places], 0)
        return (
            torch.from_numpy(tokens[:, :-1].copy()),
            torch.from_numpy(slots[:, :-1].copy()),
            torch.from_numpy(tokens[:, 1:].copy()),
        )
