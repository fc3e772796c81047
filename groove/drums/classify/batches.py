"""Batches for training: drawn by balance, varied, the same for the same seed.

What belongs here: which pictures an epoch sees. What does not: how one is varied
(:mod:`groove.drums.classify.augment`), how often each is drawn
(:mod:`groove.drums.classify.balance`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from groove.core.digest import seed_of
from groove.drums.classify.augment import augment
from groove.drums.spec import ClassifierSpec, ClipSpec

Batch = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Material:
    """Pictures with their truth.

    Attributes
    ----------
    pictures
        ``(clips, frames, mels)``, in half precision.
    truth
        ``(clips, classes)``; no mark where no drum is struck.
    """

    pictures: NDArray[np.float16]
    truth: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.pictures)

    def __add__(self, other: Material) -> Material:
        """Return both, one after the other."""
        return Material(
            np.concatenate([self.pictures, other.pictures]),
            np.concatenate([self.truth, other.truth]),
        )


class Drawn:
    """An endless supply of epochs of ``spec.epoch_events`` drawn clips each.

    Parameters
    ----------
    material
        Clips to learn from.
    clip
        What their pictures show.
    spec
        Sizes, seed and variations.
    chance
        Each clip's chance to be drawn; none: every clip equally often, in a new order each time
        that all have been seen.
    """

    def __init__(
        self,
        material: Material,
        clip: ClipSpec,
        spec: ClassifierSpec,
        chance: NDArray[np.float64] | None = None,
    ) -> None:
        self.material = material
        self.clip = clip
        self.spec = spec
        self.chance = chance
        self.targets = torch.from_numpy(material.truth.astype(np.float32))
        self.epoch = 0

    def __len__(self) -> int:
        """Return the batches of an epoch."""
        return max(1, self.spec.epoch_events // self.spec.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield one epoch's batches of varied pictures and targets."""
        seed = seed_of("drum batches", self.spec.seed, self.epoch)
        self.epoch += 1
        generator = torch.Generator().manual_seed(seed)
        for chosen in self._order(np.random.default_rng(seed)):
            seen = torch.from_numpy(self.material.pictures[chosen].astype(np.float32))
            yield augment(seen, self.targets[chosen], self.spec, self.clip, generator)

    def _order(self, chance: np.random.Generator) -> NDArray[np.int64]:
        """Return the places of an epoch's clips (batches, batch size)."""
        wanted = len(self) * self.spec.batch_size
        count = len(self.material)
        if self.chance is not None:
            chosen = chance.choice(count, wanted, p=self.chance)
        else:
            rounds = [chance.permutation(count) for _ in range(math.ceil(wanted / count))]
            chosen = np.concatenate(rounds)[:wanted]
        return np.asarray(chosen.reshape(len(self), -1), dtype=np.int64)


class Plain:
    """Every clip once, in order, as it is."""

    def __init__(self, material: Material, batch_size: int) -> None:
        self.material = material
        self.batch_size = batch_size

    def __len__(self) -> int:
        """Return the number of batches."""
        return math.ceil(len(self.material) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield pictures and targets."""
        for start in range(0, len(self.material), self.batch_size):
            part = slice(start, start + self.batch_size)
            yield (
                torch.from_numpy(self.material.pictures[part].astype(np.float32)),
                torch.from_numpy(self.material.truth[part].astype(np.float32)),
            )
