"""Sound without a beat, so that a network learns to hear none where there is none.

Each band is held against its own past level, so noise of any colour and loudness sounds to a network
like white noise: a bank of it is made once, and stretches of it stand in for music now and then.
What has to be said there is what may be expected of any frame before it is heard: then no place in
the bar gains by it, and the filter's confidence fades.

What belongs here: that sound, and what has to be said of it. What does not: noise beside music
(:mod:`groove.phase.corpus.damage`).
"""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor

from groove.core.digest import seed_of
from groove.phase.labels import FRAME_RATE_HZ, SAMPLE_RATE
from groove.phase.model.front import FrontEnd
from groove.phase.spec import PhaseModelSpec

#: Long enough for crops that hardly ever are the same.
_SECONDS = 120
_LOUDNESS = 0.1


def beatless(spec: PhaseModelSpec, frames: int, random: np.random.Generator, count: int) -> Tensor:
    """Return ``(count, frames, bands)`` levels of noise, in half precision as music's are."""
    bank = _bank(spec.low_bands, spec.high_bands, spec.memory_s, spec.seed)
    starts = random.integers(0, len(bank), count)
    return bank[(torch.from_numpy(starts)[:, None] + torch.arange(frames)) % len(bank)]


@functools.lru_cache(2)
def _bank(low_bands: int, high_bands: int, memory_s: float, seed: int) -> Tensor:
    """Return ``(frames, bands)``, without the start, in which levels settle."""
    random = np.random.default_rng(seed_of("beatless", seed))
    noise = random.normal(0, _LOUDNESS, _SECONDS * SAMPLE_RATE).astype(np.float32)
    with torch.no_grad():
        heard: Tensor = FrontEnd(low_bands, high_bands, memory_s)(torch.from_numpy(noise)[None])
    settled = round(min(3 * memory_s, _SECONDS / 2) * FRAME_RATE_HZ)
    return heard[0, settled:].half()


def expected_struck(target: Tensor, known: Tensor, where: Tensor, spec: PhaseModelSpec) -> None:
    """Write into targets what is to be said of the beatless items of a batch.

    Parameters
    ----------
    target
        ``(batch, frames, 2)`` of beat and downbeat.
    known
        ``(batch, frames)``.
    where
        ``(batch,)`` whether an item is beatless.
    """
    target[where] = target.new_tensor([spec.beat_share, spec.downbeat_share])
    known[where] = 1.0
