"""What a trained model is worth on held-out chunks, and what counting beats would be worth.

Conventions
-----------
* A chunk starts in mid-song, and everything that a tracker knew before is gone: nothing counts
  before its warm-up is over, neither phases nor beats.
* Labels are computed from the bar lines themselves at the times that were predicted.

What belongs here: running models over chunks, a row of figures per chunk and anticipation, and
sums over them. What does not: the figures (:mod:`groove.phase.judge.figures`), recordings in
files (:mod:`groove.phase.judge.recordings`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from groove.audio.waveform import Samples
from groove.phase.judge.figures import Errors, Said, Span, errors_of, figures_of, matches_of
from groove.phase.judge.metrics import Matches
from groove.phase.judge.others import counted
from groove.phase.judge.ours import said_by
from groove.phase.judge.reference import CHANGING, Reference, of_bars
from groove.phase.judge.summary import tempo_class
from groove.phase.labels import FRAME_RATE_HZ, Phase
from groove.phase.model.registry import PhaseModel, Told
from groove.phase.play.estimates import Estimates, empty

#: Chunks run at once; with more the filter's states leave the cache.
_BATCH = 8


class HeldOut(Protocol):
    """Chunks to be judged: rows of ``phase_chunks``, and their 16 kHz mono samples."""

    @property
    def table(self) -> pd.DataFrame:
        """The rows."""

    def samples(self, place: int) -> Samples:
        """Return the samples of the row at ``place``."""


@dataclass(frozen=True)
class Heard:
    """What was said of one chunk at one anticipation, and what is true.

    Parameters
    ----------
    place
        Row of the chunk.
    anticipation_s
        How far ahead it was said.
    reference
        What is known of the chunk.
    said
        What was said.
    span
        What is scored.
    """

    place: int
    anticipation_s: float
    reference: Reference
    said: Said
    span: Span

    @property
    def figures(self) -> Mapping[str, float]:
        """The chunk's figures."""
        return figures_of(self.reference, self.said, self.span)


def phase_of(predicted: Tensor) -> Phase:
    """Return phases in ``[0, 1)`` of ``(..., 2)`` sines and cosines."""
    values = predicted.double().numpy()
    phase = np.arctan2(values[..., 0], values[..., 1]) / (2 * np.pi) % 1.0
    return np.where(phase < 1.0, phase, 0.0)


def reference_of(table: pd.DataFrame, place: int) -> Reference:
    """Return what is known of the chunk in row ``place``."""
    row = table.iloc[place]
    return of_bars(
        np.asarray(row["bar_start_s"], dtype=np.float64), np.asarray(row["beat_s"], dtype=float)
    )


def meter_of(table: pd.DataFrame, place: int) -> str:
    """Return a chunk's meter as written, or that it changes within the chunk."""
    changes = reference_of(table, place).meter == CHANGING
    return CHANGING if changes else str(table["meter"].iloc[place])


def heard_by(
    model: PhaseModel, chunks: HeldOut, looks: Sequence[float], warmup_s: float
) -> Iterator[Heard]:
    """Yield what a model says of each chunk at each anticipation, chunks in order."""
    for first in range(0, len(chunks.table), _BATCH):
        places = range(first, min(first + _BATCH, len(chunks.table)))
        samples = [chunks.samples(place) for place in places]
        longest = max(len(one) for one in samples)
        batch = torch.from_numpy(
            np.stack([np.pad(one, (0, longest - len(one))) for one in samples])
        )
        told = told_at(model, batch, looks)
        for at, (place, sound) in enumerate(zip(places, samples, strict=True)):
            reference, span = reference_of(chunks.table, place), _span(chunks, place, warmup_s)
            for look, one in zip(looks, told, strict=True):
                rows = rows_of(one, at, model.spec.meters)[: len(sound) * FRAME_RATE_HZ // 16_000]
                yield Heard(place, look, reference, said_by(rows, look), span)


def heard_by_counting(chunks: HeldOut, warmup_s: float) -> Iterator[Heard]:
    """Yield what counting to four at librosa's beats says of each chunk."""
    for place in range(len(chunks.table)):
        said, span = counted(chunks.samples(place)), _span(chunks, place, warmup_s)
        yield Heard(place, 0.0, reference_of(chunks.table, place), said, span)


def told_at(model: PhaseModel, samples: Tensor, looks: Sequence[float]) -> list[Told]:
    """Return what a model tells of ``(batch, samples)`` at each anticipation in seconds.

    The same as running it once for each; what does not depend on the anticipation runs once.
    """
    with torch.no_grad():
        levels, silence = model.front.both(samples)
        ahead = [torch.full((len(samples),), look) for look in looks]
        if model.pointer is None:
            return [Told(model.heard(levels, look).phase) for look in ahead]
        return model.told(model.heard(levels, ahead[0]), silence, ahead)


def rows_of(told: Told, item: int, meters: Sequence[int]) -> Estimates:
    """Return what is told of one item of a batch, as the tracker's rows."""
    bar = told.bar[item]
    rows = empty(len(bar))
    rows.time_s[:] = np.arange(1, len(bar) + 1) / FRAME_RATE_HZ
    rows.bar_phase[:] = phase_of(bar)
    rows.confidence[:] = bar.norm(dim=1).clamp(0, 1).numpy()
    if told.beat is not None:
        rows.beat_phase[:] = phase_of(told.beat[item])
    if told.tempo_bpm is not None:
        rows.tempo_bpm[:] = told.tempo_bpm[item].numpy()
    if told.meters is not None:
        rows.beats_per_bar[:] = np.asarray(meters)[told.meters[item].argmax(dim=1).numpy()]
    if told.confidence is not None:
        rows.confidence[:] = told.confidence[item].numpy()
    if told.activations is not None:
        rows.activations[:] = told.activations[item].numpy()
    if told.silence is not None:
        rows.silence[:] = told.silence[item].numpy()
    return rows


def evaluate(
    model: PhaseModel, chunks: HeldOut, warmup_s: float, longest_s: float
) -> Mapping[str, float]:
    """Return the figures of a model on chunks, at anticipations 0, half and ``longest_s``.

    Losses are means and errors quantiles over frames; beats and downbeats are counted over all
    chunks, without anticipation. What nothing is known of is left out.

    Returns
    -------
    Mapping
        ``phase_loss`` (all anticipations), ``phase_loss_at_<ms>_ms``, ``phase_loss_<meter>``,
        ``phase_loss_<tempo>_bpm``, ``median_phase_error_ms``, ``p90_phase_error_ms``,
        ``median_phase_error_bars``, ``p90_phase_error_bars``, ``downbeat_f_measure``,
        ``beat_f_measure``.
    """
    looks = sorted({0.0, longest_s / 2, longest_s})
    return summed(heard_by(model, chunks, looks, warmup_s), chunks.table)


def every_fourth_beat(chunks: HeldOut, warmup_s: float) -> Mapping[str, float]:
    """Return phase loss and F-measures of a beat tracker that counts to four."""
    figures = summed(heard_by_counting(chunks, warmup_s), chunks.table)
    wanted = ("phase_loss", "downbeat_f_measure", "beat_f_measure")
    return {f"every_fourth_beat_{name}": figures[name] for name in wanted if name in figures}


def summed(heard: Iterator[Heard], table: pd.DataFrame) -> dict[str, float]:
    """Return figures over everything that was said; see :func:`evaluate`."""
    losses: dict[str, list[NDArray[np.float64]]] = {}
    errors: list[Errors] = []
    beats, downbeats = Matches(0, 0, 0), Matches(0, 0, 0)
    for one in heard:
        found = errors_of(one.reference, one.said, one.span)
        errors.append(found)
        names = (
            "phase_loss",
            f"phase_loss_at_{round(one.anticipation_s * 1000)}_ms",
            f"phase_loss_{meter_of(table, one.place).replace('/', '_')}",
            f"phase_loss_{tempo_class(one.reference.tempo_bpm).replace('-', '_to_')}_bpm",
        )
        for name in names:
            losses.setdefault(name, []).append(found.loss)
        if one.anticipation_s == 0:
            more = matches_of(one.reference, one.said, one.span)
            beats, downbeats = beats + more[0], downbeats + more[1]
    figures = {name: _mean(np.concatenate(parts)) for name, parts in sorted(losses.items())}
    milliseconds = 1000 * np.concatenate([np.empty(0), *(one.seconds for one in errors)])
    bars = np.concatenate([np.empty(0), *(one.bars for one in errors)])
    figures |= {
        "median_phase_error_ms": _quantile(milliseconds, 0.5),
        "p90_phase_error_ms": _quantile(milliseconds, 0.9),
        "median_phase_error_bars": _quantile(bars, 0.5),
        "p90_phase_error_bars": _quantile(bars, 0.9),
        "downbeat_f_measure": downbeats.f_measure,
        "beat_f_measure": beats.f_measure,
    }
    return {name: value for name, value in figures.items() if math.isfinite(value)}


def _span(chunks: HeldOut, place: int, warmup_s: float) -> Span:
    """Return what is scored of a chunk: from the warm-up to where sound or bars end."""
    row = chunks.table.iloc[place]
    sound = float(row["end_s"]) - float(row["start_s"])
    bars = np.asarray(row["bar_start_s"], dtype=np.float64)
    return Span(warmup_s, warmup_s, min(sound, float(bars[-1]) if len(bars) else 0.0))


def _mean(values: Phase) -> float:
    return float(values.mean()) if values.size else float("nan")


def _quantile(values: Phase, share: float) -> float:
    return float(np.quantile(values, share)) if values.size else float("nan")
