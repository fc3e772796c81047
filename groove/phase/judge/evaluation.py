"""What a trained network is worth on held-out songs, and what counting beats would be worth.

What belongs here: running predictions over chunks and summing figures up. What does not: the
figures' definitions (:mod:`groove.phase.judge.metrics`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from groove.audio.compiled import ready
from groove.phase.judge.metrics import Matches, downbeats_of, error_ms, match
from groove.phase.labels import (
    FRAME_RATE_HZ,
    SAMPLE_RATE,
    Phase,
    Times,
    bar_length_s,
    bar_phase,
    circular_loss,
)
from groove.phase.learn.dataset import Chunks

NOTHING = Matches(0, 0, 0)
_BEATS_GUESSED = 4
_BATCH = 16


def phase_of(predicted: torch.Tensor) -> Phase:
    """Return phases in ``[0, 1)`` of ``(..., 2)`` sines and cosines."""
    values = predicted.double().numpy()
    return np.asarray(np.arctan2(values[..., 0], values[..., 1]) / (2 * np.pi) % 1.0)


def predict_chunks(network: torch.nn.Module, chunks: Chunks, anticipation_s: float) -> Phase:
    """Return ``(chunks, frames)`` predicted phases."""
    pieces = []
    with torch.no_grad():
        for first in range(0, len(chunks), _BATCH):
            levels = chunks.levels(list(range(first, min(first + _BATCH, len(chunks)))))
            look = torch.full((len(levels),), anticipation_s)
            pieces.append(phase_of(network(levels, look)))
    return np.concatenate(pieces)


def scored_times(frames: int, warmup_s: float, anticipation_s: float) -> tuple[slice, Times]:
    """Return which frames are scored, and the times that they predict."""
    first = round(warmup_s * FRAME_RATE_HZ)
    times = (np.arange(first, frames) + 1) / FRAME_RATE_HZ + anticipation_s
    return slice(first, frames), times


def evaluate(
    network: torch.nn.Module, chunks: Chunks, warmup_s: float, longest_s: float
) -> Mapping[str, float]:
    """Return the figures of a network on chunks, at anticipations 0, half and ``longest_s``.

    Labels are computed from the bar lines themselves at the predicted times. Losses and errors
    are means and quantiles over frames; downbeats are read off the prediction without
    anticipation.
    """
    losses: list[Phase] = []
    errors: list[Phase] = []
    downbeats = NOTHING
    figures: dict[str, float] = {}
    for look in sorted({0.0, longest_s / 2, longest_s}):
        predicted = predict_chunks(network, chunks, look)
        scored, times = scored_times(predicted.shape[1], warmup_s, look)
        rows = []
        for place, phase in enumerate(predicted[:, scored]):
            bars = _bars(chunks, place)
            label = bar_phase(times, bars)
            rows.append(circular_loss(phase, label))
            errors.append(error_ms(phase, label, bar_length_s(times, bars)))
            if look == 0:
                downbeats += _downbeats(phase, bars, times)
        losses.append(np.stack(rows))
        figures[f"phase_loss_at_{round(look * 1000)}_ms"] = _mean(losses[-1])
    pooled = np.stack(losses)
    meters = chunks.table["meter"].to_numpy()
    for meter in sorted(set(meters)):
        figures[f"phase_loss_{meter.replace('/', '_')}"] = _mean(pooled[:, meters == meter])
    found = np.concatenate(errors)
    figures |= {
        "phase_loss": _mean(pooled),
        "median_phase_error_ms": _quantile(found, 0.5),
        "p90_phase_error_ms": _quantile(found, 0.9),
        "downbeat_f_measure": downbeats.f_measure,
    }
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def every_fourth_beat(chunks: Chunks, warmup_s: float) -> Mapping[str, float]:
    """Return phase loss and downbeat F-measure of a beat tracker that counts to four.

    The tracker (librosa's, Ellis 2007) hears each chunk whole, future included; every fourth
    beat from the first on is taken for a downbeat. Beyond its first and last beat its tempo goes
    on. A chunk without two beats scores by chance.
    """
    losses, downbeats = [], NOTHING
    for place in range(len(chunks)):
        samples = chunks.samples(place)
        _, times = scored_times(len(samples) * FRAME_RATE_HZ // SAMPLE_RATE, warmup_s, 0.0)
        bars = _bars(chunks, place)
        label = bar_phase(times, bars)
        phase = _counted(_beats(samples), times)
        losses.append(
            np.where(np.isnan(phase) & ~np.isnan(label), 1.0, circular_loss(phase, label))
        )
        downbeats += _downbeats(phase, bars, times)
    figures = {
        "every_fourth_beat_phase_loss": _mean(np.concatenate(losses)),
        "every_fourth_beat_downbeat_f_measure": downbeats.f_measure,
    }
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def _beats(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Times:
    import librosa

    ready()
    _, beats = librosa.beat.beat_track(y=samples, sr=SAMPLE_RATE, hop_length=256, units="time")
    return np.asarray(beats, dtype=np.float64)


def _counted(beats: Times, times: Times) -> Phase:
    """Return the phase of counting to four at the beats, their tempo going on at both ends."""
    if len(beats) < 2:
        return np.full(len(times), np.nan)
    count = np.interp(times, beats, np.arange(len(beats)))
    interval = float(np.median(np.diff(beats)))
    count += np.minimum(times - beats[0], 0) / interval
    count += np.maximum(times - beats[-1], 0) / interval
    return np.asarray(count / _BEATS_GUESSED % 1.0)


def _bars(chunks: Chunks, place: int) -> Times:
    return np.asarray(chunks.table["bar_start_s"].iloc[place], dtype=np.float64)


def _downbeats(phase: Phase, bars: Times, times: Times) -> Matches:
    """Match downbeats within the scored span, as far as the bars are known."""
    end = min(float(times[-1]), float(bars[-1]))
    reference = bars[(bars >= times[0]) & (bars <= end)]
    inside = times <= end
    return match(reference, downbeats_of(phase[inside], times[inside]))


def _mean(values: Phase) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _quantile(values: Phase, share: float) -> float:
    return float(np.quantile(values, share)) if values.size else float("nan")
