"""The circular loss, and what a prediction that looks ahead is held against.

``1 − cos(2π Δ)``: 0 where prediction and label agree, 2 half a bar apart, and exactly 1 on
average for predictions that know nothing.

What belongs here: targets and loss on tensors. What does not: the meaning of a label
(:mod:`groove.phase.labels`), figures in milliseconds (:mod:`groove.phase.judge.evaluation`).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from groove.phase.labels import FRAME_RATE_HZ


def target_phase(phase: Tensor, anticipation_s: Tensor, frames: int) -> Tensor:
    """Return the phase that each frame has to predict.

    Frame ``k`` has heard everything before ``(k + 1) / 50`` s and predicts the phase
    ``anticipation_s`` later; between two labels the phase is interpolated along the circle.

    Parameters
    ----------
    phase
        ``(batch, labels)``, at 50 Hz, ``nan`` where unknown. Past its end nothing is known.
    anticipation_s
        ``(batch,)`` seconds, not negative.
    frames
        How many frames predict.

    Returns
    -------
    Tensor
        ``(batch, frames)`` in ``[0, 1)``, ``nan`` where either neighbour is unknown.
    """
    steps = torch.arange(1, frames + 1, device=phase.device, dtype=torch.float64)
    place = steps[None] + anticipation_s[:, None].double() * FRAME_RATE_HZ
    left = place.floor()
    share = (place - left).to(phase.dtype)
    known = left < phase.shape[1]
    index = left.long().clamp(max=phase.shape[1] - 1)
    before = phase.gather(1, index)
    after = phase.gather(1, (index + 1).clamp(max=phase.shape[1] - 1))
    # Phase only rises: a fall from one label to the next is a bar line.
    rise = torch.remainder(after - before, 1.0)
    there = torch.where(share > 0, before + share * rise, before)
    there = torch.remainder(there, 1.0)
    return torch.where(known, there, torch.nan)


def circular_loss(predicted: Tensor, phase: Tensor, warmup: int) -> Tensor:
    """Return the mean of ``1 − cos Δ`` over the frames that count.

    Parameters
    ----------
    predicted
        ``(batch, frames, 2)``: sine and cosine, on the unit circle.
    phase
        ``(batch, frames)`` target phases; ``nan`` does not count.
    warmup
        Frames at the start that do not count.

    Returns
    -------
    Tensor
        Scalar. 0 (with a gradient) if no frame counts.
    """
    predicted, phase = predicted[:, warmup:], phase[:, warmup:]
    counts = ~phase.isnan()
    angle = 2 * math.pi * torch.where(counts, phase, 0.0)
    agreement = predicted[..., 0] * torch.sin(angle) + predicted[..., 1] * torch.cos(angle)
    return ((1.0 - agreement) * counts).sum() / counts.sum().clamp(min=1)
