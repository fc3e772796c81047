"""Batches for training: drawn by balance, varied, the same for the same seed.

What belongs here: which events an epoch sees. What does not: how one is varied
(:mod:`groove.drums.classify.augment`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from groove.core.digest import seed_of
from groove.drums.classify.augment import augment
from groove.drums.corpus.loading import Corpus
from groove.drums.spec import ClassifierSpec

Batch = tuple[torch.Tensor, torch.Tensor]


def weights(corpus: Corpus, balance: float) -> NDArray[np.float64]:
    """Return each event's chance to be drawn; they sum to 1.

    An event counts as one of its rarest class, and as one of its kit:
    ``(events of the class * events of the kit) ** -balance``. At balance 0 every event has the
    same chance.
    """
    by_class = corpus.truth.sum(axis=0)
    rarest = np.where(corpus.truth, by_class, np.iinfo(np.int64).max).min(axis=1)
    kits = corpus.events["kit_id"]
    of_kit = kits.map(kits.value_counts()).to_numpy(dtype=np.float64)
    chance = (rarest * of_kit) ** -balance
    return np.asarray(chance / chance.sum())


class Drawn:
    """An endless supply of epochs of ``epoch_events`` drawn events each.

    Parameters
    ----------
    corpus
        Events to learn from.
    spec
        Balance, sizes, seed and variations.
    """

    def __init__(self, corpus: Corpus, spec: ClassifierSpec) -> None:
        self.corpus = corpus
        self.spec = spec
        self.chance = weights(corpus, spec.balance)
        self.targets = torch.from_numpy(corpus.truth.astype(np.float32))
        self.epoch = 0

    def __len__(self) -> int:
        """Return the batches of an epoch."""
        return max(1, self.spec.epoch_events // self.spec.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield one epoch's batches of varied pictures and targets."""
        seed = seed_of("drum batches", self.spec.seed, self.epoch)
        self.epoch += 1
        chance = np.random.default_rng(seed)
        generator = torch.Generator().manual_seed(seed)
        for _ in range(len(self)):
            chosen = chance.choice(len(self.corpus), self.spec.batch_size, p=self.chance)
            seen = torch.from_numpy(self.corpus.pictures[chosen].astype(np.float32))
            yield augment(seen, self.targets[chosen], self.spec, self.corpus.clip, generator)


class Plain:
    """Every event once, in order, as it is."""

    def __init__(self, corpus: Corpus, batch_size: int) -> None:
        self.corpus = corpus
        self.batch_size = batch_size

    def __len__(self) -> int:
        """Return the number of batches."""
        return math.ceil(len(self.corpus) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield pictures and targets."""
        for start in range(0, len(self.corpus), self.batch_size):
            part = slice(start, start + self.batch_size)
            yield (
                torch.from_numpy(self.corpus.pictures[part].astype(np.float32)),
                torch.from_numpy(self.corpus.truth[part].astype(np.float32)),
            )
