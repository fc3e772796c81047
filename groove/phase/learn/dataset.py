"""Batches: crops of mapped features, drawn so that rare meters and tempos are not forgotten.

A loader only copies what is drawn; what is done to it (:func:`prepare`: augmentation, and reading
between frames) happens where the network is, on a GPU if there is one.

What belongs here: reading, drawing, augmentation of features. What does not: the arrays
(:mod:`groove.phase.learn.features`), what a network has to say of a batch
(:mod:`groove.phase.learn.objective`).
"""

from __future__ import annotations

import functools
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from groove.core.arrays import mapped
from groove.core.digest import seed_of
from groove.core.store import Store
from groove.phase.labels import FRAME_RATE_HZ
from groove.phase.learn.beatless import beatless
from groove.phase.learn.features import FeatureError
from groove.phase.spec import FeatureSpec, PhaseModelSpec

#: Renders whose arrays are mapped at once: each costs an open file.
_OPEN = 200
#: Batches read while the network is busy with others.
_AHEAD = 2


class Draw(NamedTuple):
    """What was drawn for each item of a batch.

    Parameters
    ----------
    shift
        ``(batch,)`` bands that the music is moved up by.
    sounding
        ``(batch, bands)`` 0 where a band is muted.
    rate
        ``(batch,)`` above 1 is faster.
    """

    shift: Tensor
    sounding: Tensor
    rate: Tensor


class Batch(NamedTuple):
    """Crops of chunks.

    Parameters
    ----------
    levels
        ``(batch, frames, bands)``; frame ``k`` is about ``(k + 1) / 50`` s.
    phases
        ``(batch, labels, 2)`` in the bar and in the beat; label ``k`` is at ``k / 50`` s; ``nan``
        where unknown.
    anticipation_s
        ``(batch,)`` how far ahead the phase is asked for, s.
    places
        ``(batch,)`` rows of the table.
    draw
        What is done to the crops; ``None``: nothing.
    beatless
        ``(batch,)`` whether noise stands in for the music; ``None``: nowhere.
    """

    levels: Tensor
    phases: Tensor
    anticipation_s: Tensor
    places: Tensor
    draw: Draw | None = None
    beatless: Tensor | None = None


@dataclass
class Features:
    """Chunks of ``phase_features``.

    Parameters
    ----------
    table
        Its rows.
    store
        Where their arrays are.
    """

    table: pd.DataFrame
    store: Store
    _array: Callable[[str], NDArray[Any]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.table = self.table.reset_index(drop=True)
        self._array = functools.lru_cache(_OPEN)(functools.partial(mapped, self.store))
        self._rows = self.table["place"].to_numpy()
        self._levels = self.table["levels"].tolist()
        self._phases = self.table["phases"].tolist()

    def __len__(self) -> int:
        return len(self.table)

    @property
    def frames(self) -> int:
        """Frames of the shortest chunk."""
        return round(float(self.table["seconds"].min()) * FRAME_RATE_HZ)

    def levels(self, places: Sequence[int], starts: Sequence[int], frames: int) -> Tensor:
        """Return ``(len(places), frames, bands)`` from the frames ``starts`` on, half precision."""
        rows = [
            self._array(self._levels[place])[self._rows[place], start : start + frames]
            for place, start in zip(places, starts, strict=True)
        ]
        return torch.from_numpy(np.stack(rows))

    def phases(self, places: Sequence[int], starts: Sequence[int], labels: int) -> Tensor:
        """Return ``(len(places), labels, 2)``, ``nan`` past the end of a chunk's labels."""
        held = np.full((len(places), labels, 2), np.nan, dtype=np.float32)
        for place, start, row in zip(places, starts, held, strict=True):
            found = self._array(self._phases[place])[self._rows[place], start : start + labels]
            row[: len(found)] = found
        return torch.from_numpy(held)


@dataclass
class TrainingBatches:
    """Crops drawn anew each epoch, and the same on every run.

    Parameters
    ----------
    features
        The training split.
    spec
        Batch size, crop, balance, anticipation, augmentation and seed.
    epoch
        The next one.
    """

    features: Features
    spec: PhaseModelSpec
    epoch: int = 0

    def __post_init__(self) -> None:
        self.shares = sampling_shares(self.features.table, self.spec.balance)

    def __len__(self) -> int:
        return math.ceil(self._drawn / self.spec.batch)

    @property
    def _drawn(self) -> int:
        return min(len(self.features), self.spec.chunks_per_epoch)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of the next epoch, the coming ones being read meanwhile."""
        # A generator: an iterator that is made and never asked for anything draws no epoch.
        random = np.random.default_rng(seed_of("phase", self.spec.seed, self.epoch))
        self.epoch += 1
        order = drawn(self.shares, self._drawn, random)
        size = self.spec.batch
        batches = [order[first : first + size] for first in range(0, len(order), size)]
        yield from ahead(self._batch(places, random) for places in batches)

    def _batch(self, places: NDArray[np.int64], random: np.random.Generator) -> Batch:
        spec, features, count = self.spec, self.features, len(places)
        rate = np.exp(spec.stretch * random.uniform(-1, 1, count))
        frames = min(features.frames, round(spec.crop_s * FRAME_RATE_HZ))
        labels = frames + math.ceil(spec.anticipation_s * FRAME_RATE_HZ) + 2
        # As much as the fastest item needs, as far as chunks go.
        heard = min(features.frames, math.ceil(frames * rate.max()) + 1)
        starts = random.integers(0, features.frames - heard + 1, count)
        shift = random.integers(-spec.band_shift, spec.band_shift + 1, count)
        bands = spec.low_bands + spec.high_bands
        sounding = random.random((count, bands)) >= spec.band_drop
        look = random.uniform(0, spec.anticipation_s, count)
        noise = torch.from_numpy(random.random(count) < spec.beatless_share)
        draw = Draw(
            torch.from_numpy(shift), torch.from_numpy(sounding).float(), torch.from_numpy(rate)
        )
        levels = features.levels(places.tolist(), starts.tolist(), heard)
        most = math.ceil(labels * rate.max()) + 1
        phases = features.phases(places.tolist(), starts.tolist(), most)
        if noise.any():
            levels[noise] = beatless(spec, heard, random, int(noise.sum()))
            phases[noise] = torch.nan
        look_ahead = torch.from_numpy(look.astype(np.float32))
        return Batch(levels, phases, look_ahead, torch.from_numpy(places), draw, noise)


@dataclass
class FixedBatches:
    """Whole chunks in table order, nothing random: anticipations 0, half and all in turn."""

    features: Features
    spec: PhaseModelSpec

    def __len__(self) -> int:
        return math.ceil(len(self.features) / self.spec.batch)

    def __iter__(self) -> Iterator[Batch]:
        """Return the batches."""
        size = self.spec.batch
        count = len(self.features)
        starts = range(0, count, size)
        return ahead(self.of(range(first, min(first + size, count))) for first in starts)

    def of(self, places: Sequence[int], anticipation_s: float | None = None) -> Batch:
        """Return one batch, at one anticipation or at the three in turn."""
        features, zeros = self.features, [0] * len(places)
        thirds = torch.tensor([place % 3 / 2 for place in places]) * self.spec.anticipation_s
        look = thirds if anticipation_s is None else torch.full_like(thirds, anticipation_s)
        labels = features.frames + math.ceil(self.spec.anticipation_s * FRAME_RATE_HZ) + 2
        return Batch(
            features.levels(places, zeros, features.frames),
            features.phases(places, zeros, labels),
            look,
            torch.tensor(list(places)),
        )


def require_same_features(table: pd.DataFrame, spec: FeatureSpec) -> None:
    """Raise unless features were made as a network of ``spec`` will hear them.

    Raises
    ------
    FeatureError
        If they were not.
    """
    for name in FeatureSpec.model_fields:
        asked, found = getattr(spec, name), sorted(set(table[name]))
        if found and found != [asked]:
            raise FeatureError(
                f"features were made with {name} {', '.join(map(str, found))}, the network is to "
                f"have {asked}: give both stages the same"
            )


def sampling_shares(table: pd.DataFrame, balance: float) -> NDArray[np.float64]:
    """Return how often each chunk is drawn, as shares that sum to one.

    Chunks of ``n`` in their class of beats per bar and tempo (classes of a third of an octave) are
    drawn ``n ** -balance`` as often.
    """
    tempo = table["tempo_bpm"].astype(float).fillna(0.0).clip(lower=1.0)
    classes = [table["beats_per_bar"], (np.log2(tempo) * 3).round()]
    weights = table.groupby(classes)["place"].transform("size").to_numpy(float) ** -balance
    return np.asarray(weights / weights.sum())


def drawn(
    shares: NDArray[np.float64], count: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Return ``count`` places in random order, each as often as its share says, to within one.

    Systematic sampling over a random order: equal shares and a count of all give each place once.
    """
    order = random.permutation(len(shares))
    ends = np.cumsum(shares[order])
    points = (random.random() + np.arange(count)) / count * ends[-1]
    chosen = order[np.searchsorted(ends, points, side="right").clip(max=len(shares) - 1)]
    return random.permutation(chosen).astype(np.int64)


def ahead(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Yield the same batches, the next ones made by a thread while one is used."""
    source = iter(batches)
    with ThreadPoolExecutor(1, "batches ahead") as pool:
        waiting = deque(pool.submit(next, source, None) for _ in range(_AHEAD))
        while (batch := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, source, None))
            yield batch


def prepare(batch: Batch, spec: PhaseModelSpec) -> Batch:
    """Return a batch in single precision, with what was drawn for it done to it."""
    levels = batch.levels.float()
    if batch.draw is None:
        return batch._replace(levels=levels)
    frames = min(levels.shape[1], round(spec.crop_s * FRAME_RATE_HZ))
    labels = frames + math.ceil(spec.anticipation_s * FRAME_RATE_HZ) + 2
    levels = transposed(levels, batch.draw.shift, spec.low_bands)
    levels = levels * batch.draw.sounding[:, None]
    levels, phases = stretched(levels, batch.phases, batch.draw.rate, frames, labels)
    return batch._replace(levels=levels, phases=phases, draw=None)


def transposed(levels: Tensor, shift: Tensor, low_bands: int) -> Tensor:
    """Return levels as of transposed music: pitch without tempo, as playback rates cannot.

    Bands move within the low and the high group; what moves out is lost, the outermost band
    follows.

    Parameters
    ----------
    levels
        ``(batch, frames, bands)``.
    shift
        ``(batch,)`` bands up.
    low_bands
        How many bands the low group has.
    """
    batch, frames, bands = levels.shape
    place = torch.arange(bands, device=levels.device)
    first = torch.where(place < low_bands, 0, low_bands)
    last = torch.where(place < low_bands, low_bands, bands) - 1
    source = torch.maximum(torch.minimum(place[None] - shift[:, None], last[None]), first[None])
    return levels.gather(2, source[:, None].expand(batch, frames, bands))


def stretched(
    levels: Tensor, phases: Tensor, rate: Tensor, frames: int, labels: int
) -> tuple[Tensor, Tensor]:
    """Return levels and labels played at ``rate``, pitch unchanged.

    Both are read between frames: levels linearly, phases along the circle. Where the music has run
    out, levels stay and phases are unknown.

    Parameters
    ----------
    levels
        ``(batch, n, bands)``; frame ``k`` is about ``(k + 1) / 50`` s.
    phases
        ``(batch, m, kinds)``; label ``k`` is at ``k / 50`` s; ``nan`` where unknown.
    rate
        ``(batch,)`` above 1 is faster.
    frames, labels
        How many of each to return.
    """
    place, share, _ = _read_places(levels.shape[1], rate, frames, first=1)
    upper = _at(levels, place + 1)
    levels = torch.lerp(_at(levels, place), upper, share[:, :, None].to(levels.dtype))
    place, share, there = _read_places(phases.shape[1], rate, labels, first=0)
    before, after = _at(phases, place), _at(phases, place + 1)
    rise = torch.remainder(after - before, 1.0)
    moved = before + share[:, :, None].to(phases.dtype) * rise
    moved = torch.where(share[:, :, None] > 0, torch.remainder(moved, 1.0), before)
    return levels, torch.where(there[:, :, None], moved, torch.nan)


def _at(values: Tensor, place: Tensor) -> Tensor:
    return values.gather(1, place[:, :, None].expand(-1, -1, values.shape[2]))


def _read_places(
    count: int, rate: Tensor, wanted: int, first: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return (index, share of the next one, whether it is there) of ``wanted`` frames.

    ``first`` is the time of the first frame, in frames.
    """
    steps = torch.arange(wanted, dtype=torch.float64, device=rate.device) + first
    times = (steps[None] * rate.double()[:, None] - first).clamp(min=0)
    there = times <= count - 1
    times = times.clamp(max=count - 1)
    place = times.floor().long().clamp(max=count - 2)
    return place, times - place, there
