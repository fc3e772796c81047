"""The circular loss, and what a prediction that looks ahead is held against.

``1 − cos(2π Δ)``: 0 where prediction and label agree, 2 half a bar apart, and exactly 1 on
average for predictions that know nothing.

The network of the bar-pointer filter learns three things at once: the phase, and whether a beat and
a downbeat was struck, by binary cross-entropy.

What belongs here: targets and loss on tensors. What does not: the meaning of a label
(:mod:`groove.phase.labels`), figures in milliseconds (:mod:`groove.phase.judge.evaluation`).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from groove.phase.labels import FRAME_RATE_HZ
from groove.phase.model.network import Heard

#: Entropy per frame is a fifth of the circular loss where neither knows anything.
STRUCK_WEIGHT = 5.0


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


def struck_target(times_s: Tensor, frames: int, delay: int) -> Tensor:
    """Return how much each frame has to say that something was struck.

    1 at the frame whose 20 ms hold it, ``delay`` frames before the frame's own; a half at its two
    neighbours, since neither players nor labels are exact to the frame.

    Parameters
    ----------
    times_s
        ``(events,)`` seconds from the first frame's start.

    Returns
    -------
    Tensor
        ``(frames,)`` in 0..1.
    """
    target = torch.zeros(frames + 2)
    at = (times_s * FRAME_RATE_HZ).floor().long() + delay
    at = at[(at >= -1) & (at <= frames)] + 1
    for shift, value in ((-1, 0.5), (1, 0.5), (0, 1.0)):
        place = (at + shift).clamp(0, frames + 1)
        target[place] = torch.maximum(target[place], torch.full_like(target[place], value))
    return target[1:-1]


def struck_loss(struck: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Return the mean binary cross-entropy per known frame, of beats and downbeats together.

    Parameters
    ----------
    struck
        ``(batch, frames, 2)`` logits.
    target
        ``(batch, frames, 2)`` in 0..1.
    known
        ``(batch, frames)`` whether the frame has a place in a bar at all.
    """
    entropy = functional.binary_cross_entropy_with_logits(struck, target, reduction="none")
    return (entropy.sum(dim=2) * known).sum() / known.sum().clamp(min=1)


def joint_loss(
    heard: Heard, phase: Tensor, struck: Tensor, known: Tensor, warmup: int
) -> dict[str, Tensor]:
    """Return the loss of a network, and its parts by name.

    Parameters
    ----------
    heard
        What it made of ``(batch, frames)``.
    phase
        ``(batch, frames)`` as :func:`target_phase` gives it.
    struck, known
        As for :func:`struck_loss`.
    warmup
        Frames at the start whose phase does not count.

    Returns
    -------
    dict
        ``loss`` to learn by; ``phase_loss``, the circular one; ``struck_loss`` where the network
        listens for beats.
    """
    circular = circular_loss(heard.phase, phase, warmup)
    if heard.struck.shape[2] == 0:
        return {"loss": circular, "phase_loss": circular}
    entropy = struck_loss(heard.struck, struck, known)
    return {
        "loss": circular + STRUCK_WEIGHT * entropy,
        "phase_loss": circular,
        "struck_loss": entropy,
    }
