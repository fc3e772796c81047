"""Training batches: windows of loops, cut anew each time, some of what is known hidden.

While training, tags are left out now and then, all or some, so that the network can do without
them; so are positions, which a meter never met has not; and sets heard in one group of loops
only are taken for new ones now and then, so that the network learns where new ones come.

What belongs here: which windows there are, and batches of them. What does not: what is done with
a batch (:mod:`groove.ngram.neural.training`). This module imports torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from groove.ngram.language.context import Ints
from groove.ngram.neural.inputs import Steps


class Batch(NamedTuple):
    """Windows of steps; int64 (windows, time) unless said otherwise.

    Parameters
    ----------
    heard
        int64 (windows, time, HEARD).
    tags
        float32 (windows, time, tags).
    inside
        bool: False behind the end of a window.
    """

    heard: Tensor
    place: Tensor
    position: Tensor
    tags: Tensor
    target: Tensor
    symbol: Tensor
    inside: Tensor


@dataclass(frozen=True)
class Hiding:
    """How often something known is left out in training.

    Parameters
    ----------
    all_tags, tag, position
        Shares of windows without any tag, of tags of the others, and of steps without position.
    rare
        Share of rare sets taken for new ones.
    rare_symbols
        ``bool[symbols]``: which sets are rare.
    """

    all_tags: float
    tag: float
    position: float
    rare: float
    rare_symbols: NDArray[np.bool_]


def batch_of(steps: Steps, start: Ints, length: Ints) -> Batch:
    """Return windows of steps as one batch, as wide as the longest.

    Parameters
    ----------
    steps
        Loops.
    start, length
        ``int64[windows]``: first step and number of steps.
    """
    within = np.arange(int(length.max()))
    inside = within < length[:, None]
    at = np.where(inside, start[:, None] + within, 0)

    def picked(column: Ints) -> Tensor:
        return torch.from_numpy(column[at])

    return Batch(
        heard=picked(steps.heard),
        place=picked(steps.place),
        position=picked(steps.position),
        tags=torch.from_numpy(steps.tags[steps.bar[at]]),
        target=picked(steps.target),
        symbol=picked(steps.symbol),
        inside=torch.from_numpy(inside),
    )


def cut(offsets: Ints, window: int, shift: Ints) -> tuple[Ints, Ints]:
    """Return (start, length) of windows that cover every loop.

    Parameters
    ----------
    offsets
        Where loops start; the last entry closes the last one.
    window
        Steps of a window; at a loop's ends it may be shorter.
    shift
        ``int64[loops]``, less than ``window``: by how much the first window is shorter.
    """
    starts, ends = [], []
    for begin, end, by in zip(offsets[:-1], offsets[1:], shift, strict=True):
        inner = np.arange(begin + window - by, end, window)
        edges = np.concatenate([[begin], inner, [end]])
        starts.append(edges[:-1])
        ends.append(edges[1:])
    first, last = np.concatenate(starts), np.concatenate(ends)
    return first, last - first


@dataclass
class Windows:
    """Batches of windows.

    Parameters
    ----------
    steps
        Loops.
    window
        Steps of a window.
    batch
        Windows per batch.
    most
        Windows per pass at most; 0 takes all.
    hiding
        What is left out; ``None`` leaves nothing out and cuts the same windows each pass.
    seed
        Of shuffling, cutting and leaving out.
    """

    steps: Steps
    window: int
    batch: int
    most: int = 0
    hiding: Hiding | None = None
    seed: int = 0
    passes: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        lengths = np.diff(self.steps.offsets)
        number = -(-lengths // self.window)
        # By so much the first window of a loop may be shorter without making one more of them.
        self.slack = np.where(number > 1, number * self.window - lengths, 0)
        self.count = min(int(number.sum()), self.most or int(number.sum()))

    def __len__(self) -> int:
        """Batches per pass."""
        return math.ceil(self.count / self.batch)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of one pass."""
        draw = np.random.default_rng([self.seed, self.passes])
        self.passes += 1
        loops = len(self.steps.offsets) - 1
        if self.hiding is None:
            start, length = cut(self.steps.offsets, self.window, np.zeros(loops, np.int64))
            # Windows of like lengths together: little of a batch is padding.
            chosen = np.linspace(0, len(start) - 1, self.count).round().astype(np.int64)
            chosen = chosen[np.argsort(-length[chosen], kind="stable")]
        else:
            shift = draw.integers(0, self.slack, endpoint=True)
            start, length = cut(self.steps.offsets, self.window, shift)
            chosen = draw.permutation(len(start))[: self.count]
        for first in range(0, len(chosen), self.batch):
            picked = chosen[first : first + self.batch]
            made = batch_of(self.steps, start[picked], length[picked])
            yield made if self.hiding is None else _hidden(made, self.hiding, draw)


def _hidden(batch: Batch, hiding: Hiding, draw: np.random.Generator) -> Batch:
    windows, time = batch.place.shape
    kept = draw.random((windows, 1, batch.tags.shape[-1])) >= hiding.tag
    kept &= draw.random((windows, 1, 1)) >= hiding.all_tags
    placed = draw.random((windows, time)) >= hiding.position
    taken = draw.random((windows, time)) < hiding.rare
    target = batch.target
    rare = torch.from_numpy(hiding.rare_symbols)[target.clamp(min=0)] & torch.from_numpy(taken)
    return batch._replace(
        tags=batch.tags * torch.from_numpy(kept),
        position=batch.position * torch.from_numpy(placed),
        target=target.masked_fill(rare, -1),
    )
