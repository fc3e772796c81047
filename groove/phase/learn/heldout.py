"""How far off a network is on music that it never heard, from features alone.

These are figures of the network's own phase: what a training can afford to know of itself. The
whole model, filter and stream included, is judged by :mod:`groove.phase.judge.evaluation`.

What belongs here: running a network over features and summing up. What does not: the figures'
definitions (:mod:`groove.phase.judge.metrics`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from groove.phase.judge.metrics import Matches, downbeats_of, match
from groove.phase.labels import FRAME_RATE_HZ, Phase, circular_loss, phase_distance
from groove.phase.learn.dataset import Features, FixedBatches, prepare
from groove.phase.learn.loss import target_phase
from groove.phase.learn.objective import groups_of
from groove.phase.spec import PhaseModelSpec


def figures_on(network: nn.Module, features: Features, spec: PhaseModelSpec) -> dict[str, float]:
    """Return the figures of a network on whole chunks, after the warm-up.

    Returns
    -------
    dict
        ``phase_loss`` (mean over anticipations 0, half and the longest), the same at each of them,
        per meter and per class of tempo; ``median_phase_error_ms`` and ``p90_phase_error_ms`` over
        all frames and anticipations; ``downbeat_f_measure`` (within 70 ms, without anticipation).
        Figures of which nothing is known are left out.
    """
    groups = groups_of(features.table)
    looks = sorted({0.0, spec.anticipation_s / 2, spec.anticipation_s})
    figures: dict[str, float] = {}
    losses: list[Phase] = []
    errors: list[Phase] = []
    downbeats = Matches(0, 0, 0)
    for look in looks:
        said, true = _phases(network, features, spec, look)
        losses.append(np.nanmean(circular_loss(said, true), axis=1, where=_known(true)))
        errors.append(_errors_ms(said, true))
        figures[f"phase_loss_at_{round(look * 1000)}_ms"] = _mean(losses[-1])
        if look == 0:
            downbeats = sum(map(_downbeats, said, true), start=downbeats)
    by_chunk = np.stack(losses).mean(axis=0)
    for name in sorted({name for names in groups for name in names}):
        inside = [name in names for names in groups]
        figures[f"phase_loss_{name}"] = _mean(by_chunk[inside])
    pooled = np.concatenate(errors)
    figures |= {
        "phase_loss": _mean(by_chunk),
        "median_phase_error_ms": _quantile(pooled, 0.5),
        "p90_phase_error_ms": _quantile(pooled, 0.9),
        "downbeat_f_measure": downbeats.f_measure,
    }
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def _phases(
    network: nn.Module, features: Features, spec: PhaseModelSpec, look: float
) -> tuple[Phase, Phase]:
    """Return ``(chunks, frames)`` phases said and true, without the warm-up."""
    batches, said, true = FixedBatches(features, spec), [], []
    with torch.no_grad():
        for first in range(0, len(features), spec.batch):
            places = range(first, min(first + spec.batch, len(features)))
            batch = prepare(batches.of(places, look), spec)
            heard = network(batch.levels, batch.anticipation_s).phase
            target = target_phase(batch.phases[..., 0], batch.anticipation_s, heard.shape[1])
            said.append(torch.atan2(heard[..., 0], heard[..., 1]).double() / (2 * np.pi) % 1.0)
            true.append(target.double())
    scored = slice(round(spec.warmup_s * FRAME_RATE_HZ), None)
    return torch.cat(said).numpy()[:, scored], torch.cat(true).numpy()[:, scored]


def _known(true: Phase) -> NDArray[np.bool_]:
    """Return which frames count; all of a chunk without any, whose mean is then unknown."""
    known = np.isfinite(true)
    return np.asarray(known | ~known.any(axis=1, keepdims=True))


def _errors_ms(said: Phase, true: Phase) -> Phase:
    """Return all known errors: distance on the circle over bars per second."""
    bars_per_s = (true[:, 1:] - true[:, :-1]) % 1.0 * FRAME_RATE_HZ
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = phase_distance(said, true)[:, :-1] / bars_per_s * 1000.0
    return errors[np.isfinite(errors)]


def _downbeats(said: Phase, true: Phase) -> Matches:
    known = np.isfinite(true)
    times = np.arange(len(true))[known] / FRAME_RATE_HZ
    return match(downbeats_of(true[known], times), downbeats_of(said[known], times))


def _mean(values: Phase) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _quantile(values: Phase, share: float) -> float:
    return float(np.quantile(values, share)) if values.size else float("nan")


def prefixed(figures: Mapping[str, float], prefix: str) -> dict[str, float]:
    """Return figures under names that say what they are of."""
    return {f"{prefix}_{name}": value for name, value in figures.items()}
