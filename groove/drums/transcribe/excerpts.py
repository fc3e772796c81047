"""Training excerpts: drawn from recordings, varied, the same for the same seed.

What belongs here: levels and targets of recordings, and batches of them. What does not: where the
recordings are from, the network.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from groove.core.digest import seed_of
from groove.drums.transcribe.levels import depth, targets
from groove.drums.transcribe.recordings import Recording
from groove.drums.transcribe.spec import LevelSpec, TranscriberSpec


class Batch(NamedTuple):
    """Levels ``(batch, frames, mels)``; targets and velocities ``(batch, frames, classes)``.

    A velocity is 0 where there is no hit, or where nobody knows how hard it was.
    """

    levels: torch.Tensor
    onset: torch.Tensor
    velocity: torch.Tensor


def excerpt(
    recording: Recording, start: int, frames: int, speed: float, classes: int, level: LevelSpec
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return levels, targets and velocities of ``frames`` frames, played ``speed`` times as fast.

    What lies after the recording's end is silence.
    """
    last = len(recording.levels)
    place = start + np.arange(frames) * speed
    low = np.floor(place).astype(np.int64)
    share = (place - low).astype(np.float32)[:, None]
    first, end = int(low[0]), int(low[-1]) + 2
    block = np.asarray(recording.levels[first:end], dtype=np.float32)
    block = np.pad(block, ((0, max(0, end - first - len(block))), (0, 0)))
    seen = block[low - first] * (1 - share) + block[low - first + 1] * share
    seen[place >= last] = 0.0
    hit = (recording.hit_s * level.frames_per_s - start) / speed
    inside = (hit > -2) & (hit < frames + 2)
    at, which = hit[inside] / level.frames_per_s, recording.klass[inside]
    onset = targets(at, which, frames, classes, level)
    velocity = np.zeros_like(onset)
    near = np.rint(hit[inside]).astype(np.int64)
    known = (near >= 0) & (near < frames) & np.isfinite(recording.velocity[inside])
    velocity[near[known], which[known]] = recording.velocity[inside][known]
    return seen, onset, velocity


class Drawn:
    """An endless supply of epochs of drawn and varied excerpts.

    Parameters
    ----------
    recordings
        To learn from.
    spec, level, classes
        Settings, settings of the levels, number of classes.
    chance
        How often a recording is drawn; as often as it is long without it.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        spec: TranscriberSpec,
        level: LevelSpec,
        classes: int,
        chance: NDArray[np.float64] | None = None,
    ) -> None:
        self.recordings, self.spec, self.level, self.classes = recordings, spec, level, classes
        lengths = np.array([len(recording.levels) for recording in recordings], dtype=np.float64)
        chance = lengths if chance is None else chance
        self.chance = chance / chance.sum()
        self.epoch = 0

    def __len__(self) -> int:
        """Return the batches of an epoch."""
        return max(1, self.spec.epoch_excerpts // self.spec.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield one epoch's batches."""
        random = np.random.default_rng(seed_of("transcriber excerpts", self.spec.seed, self.epoch))
        self.epoch += 1
        for _ in range(len(self)):
            parts = [self._one(random) for _ in range(self.spec.batch_size)]
            levels, onset, velocity = (np.stack(list(part)) for part in zip(*parts, strict=True))
            seen = self._varied(levels, random)
            yield Batch(*(torch.from_numpy(part) for part in (seen, onset, velocity)))

    def _one(self, random: np.random.Generator) -> tuple[NDArray[np.float32], ...]:
        parts = self._drawn(random)
        if random.random() >= self.spec.mix:
            return parts
        # Power adds up; two recordings at once are one with more going on.
        other = self._drawn(random)
        gain = np.float32(float(random.uniform(-15.0, 0.0)) / self.level.range_db)
        nepers = np.float32(depth(self.level))
        added = np.logaddexp((parts[0] - 1) * nepers, (other[0] + gain - 1) * nepers) / nepers + 1
        # Hits far below the louder recording are not to be heard, so not to be learnt.
        told = other if gain > -10.0 / self.level.range_db else tuple(map(np.zeros_like, other))
        return (
            np.where(other[0] > 0, np.clip(added, 0, 1), parts[0]).astype(np.float32),
            np.maximum(parts[1], told[1]),
            np.maximum(parts[2], told[2]),
        )

    def _drawn(self, random: np.random.Generator) -> tuple[NDArray[np.float32], ...]:
        recording = self.recordings[random.choice(len(self.recordings), p=self.chance)]
        speed = random.uniform(1 - self.spec.stretch, 1 + self.spec.stretch)
        spare = len(recording.levels) - int(self.spec.frames * speed) - 1
        start = int(random.integers(0, max(1, spare + 1)))
        return excerpt(recording, start, self.spec.frames, speed, self.classes, self.level)

    def _varied(
        self, levels: NDArray[np.float32], random: np.random.Generator
    ) -> NDArray[np.float32]:
        """Return a batch with other levels, tones and pitches."""
        batch, _, mels = levels.shape
        spec = self.spec
        shift = random.uniform(-spec.shift_mels, spec.shift_mels, (batch,))
        place = np.clip(np.arange(mels) + shift[:, None], 0, mels - 1)
        low = np.minimum(place.astype(np.int64), mels - 2)
        share = (place - low).astype(np.float32)[:, None, :]
        row = np.arange(batch)[:, None]
        turned = levels.transpose(0, 2, 1)
        moved: NDArray[np.float32] = turned[row, low] * (1 - share.transpose(0, 2, 1)) + turned[
            row, low + 1
        ] * (share.transpose(0, 2, 1))
        slope = random.uniform(-1, 1, (batch, 1)) * np.linspace(-0.5, 0.5, mels) * spec.tilt_db
        # A few broad bumps: another room, another desk.
        bumps = random.normal(0, spec.tilt_db / 4, (batch, 6))
        curve = np.stack([np.interp(np.linspace(0, 5, mels), np.arange(6), bump) for bump in bumps])
        gain: NDArray[np.float64] = (slope + curve) / self.level.range_db
        gain -= np.maximum(gain.max(axis=1, keepdims=True), 0)
        gain -= random.uniform(0, spec.level_db, (batch, 1)) / self.level.range_db
        heard = moved.transpose(0, 2, 1)
        return np.where(
            heard > 0, np.clip(heard + gain[:, None, :].astype(np.float32), 0, 1), 0
        ).astype(np.float32)


class Plain:
    """Excerpts that lie end to end, as they are.

    Parameters
    ----------
    recordings
        To measure on.
    most
        Excerpts at most, evenly spread.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        spec: TranscriberSpec,
        level: LevelSpec,
        classes: int,
        most: int,
    ) -> None:
        self.recordings, self.spec, self.level, self.classes = recordings, spec, level, classes
        places = [
            (number, start)
            for number, recording in enumerate(recordings)
            for start in range(0, max(1, len(recording.levels) - spec.frames // 2), spec.frames)
        ]
        kept = np.linspace(0, len(places) - 1, min(most, len(places))).round().astype(int)
        self.places = [places[place] for place in kept]

    def __len__(self) -> int:
        """Return the number of batches."""
        return math.ceil(len(self.places) / self.spec.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches."""
        for first in range(0, len(self.places), self.spec.batch_size):
            parts = [
                excerpt(
                    self.recordings[number], start, self.spec.frames, 1.0, self.classes, self.level
                )
                for number, start in self.places[first : first + self.spec.batch_size]
            ]
            arrays = (np.stack(list(part)) for part in zip(*parts, strict=True))
            yield Batch(*(torch.from_numpy(part) for part in arrays))
