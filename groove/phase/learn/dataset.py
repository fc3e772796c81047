"""Batches of band levels, phases and anticipations.

What belongs here: decoding chunks, features once per chunk, augmentation of features, batches.
What does not: the features themselves (:mod:`groove.phase.model.front`), the loop.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from groove.audio.waveform import read_audio
from groove.core.digest import seed_of
from groove.core.store import Store
from groove.phase.model.front import FrontEnd
from groove.phase.spec import PhaseTcnSpec

Batch = tuple[Tensor, Tensor, Tensor]


@dataclass
class Chunks:
    """Chunks of one split, decoded when first asked for.

    Levels are kept in half precision: a few thousand chunks stay under a gigabyte.

    Parameters
    ----------
    table
        Rows of ``phase_chunks``.
    store
        Where their audio is.
    front
        The front end, without trained weights.
    """

    table: pd.DataFrame
    store: Store
    front: FrontEnd
    known: dict[int, Tensor] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.table)

    def levels(self, places: list[int]) -> Tensor:
        """Return ``(len(places), frames, bands)`` levels of the rows at ``places``."""
        for place in places:
            if place not in self.known:
                samples = torch.from_numpy(self.samples(place))[None]
                with torch.no_grad():
                    self.known[place] = self.front(samples)[0].half()
        return torch.stack([self.known[place] for place in places]).float()

    def samples(self, place: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """Return the mono samples of one row's audio."""
        sound = read_audio(self.store.read(self.table["audio"].iloc[place]))
        return np.ascontiguousarray(sound.mono(), dtype=np.float32)

    def phases(self, places: list[int]) -> Tensor:
        """Return ``(len(places), labels)`` phases, ``nan`` where unknown."""
        rows = [np.asarray(self.table["phase"].iloc[k], dtype=np.float32) for k in places]
        return torch.from_numpy(np.stack(rows))


@dataclass
class TrainingBatches:
    """Shuffled, augmented batches; each pass draws anew, and the same on every run.

    Parameters
    ----------
    chunks
        The training split.
    spec
        Batch size, anticipation, augmentation and seed.
    """

    chunks: Chunks
    spec: PhaseTcnSpec
    epoch: int = 0

    def __len__(self) -> int:
        return math.ceil(self._drawn / self.spec.batch)

    @property
    def _drawn(self) -> int:
        return min(len(self.chunks), self.spec.chunks_per_epoch)

    def __iter__(self) -> Iterator[Batch]:
        random = torch.Generator().manual_seed(seed_of("phase", self.spec.seed, self.epoch))
        self.epoch += 1
        order = torch.randperm(len(self.chunks), generator=random)[: self._drawn].tolist()
        for first in range(0, len(order), self.spec.batch):
            places = order[first : first + self.spec.batch]
            levels = augmented(self.chunks.levels(places), self.spec, random)
            drawn = torch.rand(1, generator=random, dtype=torch.float64)
            rate = math.exp(self.spec.stretch * (2 * float(drawn) - 1))
            look = torch.rand(len(places), generator=random) * self.spec.anticipation_s
            levels, phase = stretched(levels, self.chunks.phases(places), rate)
            yield levels, phase, look


@dataclass
class FixedBatches:
    """Batches in table order, nothing random: anticipations 0, half and all in turn."""

    chunks: Chunks
    spec: PhaseTcnSpec

    def __len__(self) -> int:
        return math.ceil(len(self.chunks) / self.spec.batch)

    def __iter__(self) -> Iterator[Batch]:
        for first in range(0, len(self.chunks), self.spec.batch):
            places = list(range(first, min(first + self.spec.batch, len(self.chunks))))
            look = torch.tensor([place % 3 / 2 for place in places]) * self.spec.anticipation_s
            yield self.chunks.levels(places), self.chunks.phases(places), look


def augmented(levels: Tensor, spec: PhaseTcnSpec, random: torch.Generator) -> Tensor:
    """Return levels as of transposed and filtered music.

    Each item's bands are shifted by up to ``spec.band_shift`` within the low and the high group
    (pitch without tempo, as playback rates cannot), and a share ``spec.band_drop`` of its bands
    is muted.

    Parameters
    ----------
    levels
        ``(batch, frames, bands)``.
    """
    batch, frames, bands = levels.shape
    place = torch.arange(bands)
    low = torch.where(place < spec.low_bands, 0, spec.low_bands)
    high = torch.where(place < spec.low_bands, spec.low_bands, bands) - 1
    shift = torch.randint(-spec.band_shift, spec.band_shift + 1, (batch, 1), generator=random)
    source = torch.maximum(torch.minimum(place[None] - shift, high[None]), low[None])
    shifted = levels.gather(2, source[:, None].expand(batch, frames, bands))
    sounding = torch.rand(batch, 1, bands, generator=random) >= spec.band_drop
    return shifted * sounding


def stretched(levels: Tensor, phase: Tensor, rate: float) -> tuple[Tensor, Tensor]:
    """Return levels and labels played at ``rate``, pitch unchanged.

    Both are read between frames: levels linearly, phases along the circle. No longer than
    before, and shorter where the music runs out.

    Parameters
    ----------
    levels
        ``(batch, frames, bands)``; frame ``k`` is about ``(k + 1) / 50`` s.
    phase
        ``(batch, labels)``; label ``k`` is at ``k / 50`` s; ``nan`` where unknown.
    rate
        Above 1 is faster.
    """
    place, share = _read_places(levels.shape[1], rate, first=1)
    upper = levels[:, place + 1] * share[:, None]
    levels = levels[:, place] * (1 - share[:, None]) + upper
    place, share = _read_places(phase.shape[1], rate, first=0)
    rise = torch.remainder(phase[:, place + 1] - phase[:, place], 1.0)
    return levels, torch.remainder(phase[:, place] + share * rise, 1.0)


def _read_places(count: int, rate: float, first: int) -> tuple[Tensor, Tensor]:
    """Return (index, share of the next one) of what is read at each of at most ``count`` frames.

    ``first`` is the time of the first frame, in frames.
    """
    times = (torch.arange(count, dtype=torch.float64) + first) * rate - first
    times = times[times <= count - 1].clamp(min=0)
    place = times.floor().long().clamp(max=count - 2)
    return place, (times - place).float()
