"""Variations of log-mel pictures: what changes in a sound while its drum stays the same.

A picture is level-free: 1.0 is the clip's loudest point and 0.0 is ``range_db`` below it.
Every variation ends with the loudest point at 1.0 again, as :mod:`groove.drums.classify.features`
makes it.

What belongs here: variations of pictures in training. What does not: anything that
validation or inference sees.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from groove.drums.spec import AugmentSpec, ClipSpec


def augment(
    pictures: torch.Tensor,
    targets: torch.Tensor,
    spec: AugmentSpec,
    clip: ClipSpec,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return varied pictures and their targets.

    Parameters
    ----------
    pictures
        (batch, frames, mels) in 0..1.
    targets
        (batch, classes), 0 or 1.
    spec, clip
        How much is varied; what a picture shows.
    generator
        The only source of chance.

    Returns
    -------
    tuple
        New tensors of the same shapes. A clip that got a second hit has both hits' classes.
    """
    pictures = _warp(pictures, spec, generator)
    pictures, targets = _mix(pictures, targets, spec, clip.range_db, generator)
    pictures = _tilt(pictures, spec.tilt_db / clip.range_db, generator)
    pictures = _noise(pictures, spec, clip.range_db, generator)
    pictures = _band_limit(pictures, spec, clip, generator)
    top = pictures.amax(dim=(1, 2), keepdim=True)
    return (pictures + (1.0 - top)).clamp(0.0, 1.0), targets


def _uniform(
    shape: tuple[int, ...], low: float, high: float, generator: torch.Generator
) -> torch.Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator)


def _warp(pictures: torch.Tensor, spec: AugmentSpec, generator: torch.Generator) -> torch.Tensor:
    """Shift the onset and the pitch, stretch the time after the onset."""
    count, frames, mels = pictures.shape
    rate = _uniform((count,), -spec.stretch, spec.stretch, generator).exp()
    onset = _uniform((count,), -spec.shift_frames, spec.shift_frames, generator)
    pitch = _uniform((count,), -spec.shift_mels, spec.shift_mels, generator)
    # Sampling positions in grid_sample's units, -1..1 from edge to edge. Time is stretched
    # about the clip's start, so that the onset stays where it is.
    along = torch.arange(frames, dtype=torch.float32)
    time = along * rate[:, None] + onset[:, None]
    band = torch.arange(mels, dtype=torch.float32) + pitch[:, None]
    size = (count, frames, mels)
    across = ((2 * band + 1) / mels - 1)[:, None, :].expand(size)
    down = ((2 * time + 1) / frames - 1)[:, :, None].expand(size)
    grid = torch.stack((across, down), dim=-1)
    return functional.grid_sample(
        pictures.unsqueeze(1), grid, padding_mode="border", align_corners=False
    ).squeeze(1)


def _mix(
    pictures: torch.Tensor,
    targets: torch.Tensor,
    spec: AugmentSpec,
    range_db: float,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Add a second hit's power to a share of the clips."""
    count = len(pictures)
    other = torch.randperm(count, generator=generator)
    chosen = torch.rand(count, generator=generator) < spec.mix
    level = _uniform((count, 1, 1), -spec.mix_db, 0.0, generator)
    nepers = math.log(10.0) / 10.0 * range_db
    added = pictures[other] + level / range_db
    mixed = torch.logaddexp(pictures * nepers, added * nepers) / nepers
    both = torch.maximum(targets, targets[other])
    return (
        torch.where(chosen[:, None, None], mixed, pictures),
        torch.where(chosen[:, None], both, targets),
    )


def _tilt(pictures: torch.Tensor, largest: float, generator: torch.Generator) -> torch.Tensor:
    """Change the tone: a slope over frequency, as microphones and equalisers make it."""
    slope = _uniform((len(pictures), 1, 1), -largest, largest, generator)
    band = torch.linspace(-0.5, 0.5, pictures.shape[2])
    # What lies at the floor was not heard; it stays there.
    return torch.where(pictures > 0, pictures + slope * band, pictures)


def _noise(
    pictures: torch.Tensor, spec: AugmentSpec, range_db: float, generator: torch.Generator
) -> torch.Tensor:
    """Raise the floor to that of a noise whose bands scatter as a short noise's do."""
    lowest = 1.0 - spec.noise_db / range_db
    level = _uniform((len(pictures), 1, 1), -lowest, lowest, generator).clamp(min=0.0)
    # Log of an exponential variable: the power of one band of noise in one frame.
    power = -torch.log(torch.rand(pictures.shape, generator=generator).clamp(1e-6, 1 - 1e-6))
    scatter = 10.0 * torch.log10(power) / range_db
    return torch.where(level > 0, torch.maximum(pictures, level + scatter), pictures)


def _band_limit(
    pictures: torch.Tensor, spec: AugmentSpec, clip: ClipSpec, generator: torch.Generator
) -> torch.Tensor:
    """Empty the bands above a cut-off."""
    count, _, mels = pictures.shape
    chosen = torch.rand(count, generator=generator) < spec.band_limit
    low, high, top = (_mel(hz) for hz in (clip.fmin_hz, spec.band_limit_hz, clip.fmax_hz))
    first = mels * (min(high, top) - low) / (top - low)
    cut = _uniform((count,), first, float(mels), generator)
    empty = torch.arange(mels)[None, :] >= cut[:, None]
    return torch.where((chosen[:, None] & empty)[:, None, :], torch.zeros(()), pictures)


def _mel(hz: float) -> float:
    """Return Slaney's mel scale (Auditory Toolbox, 1998): linear to 1 kHz, then logarithmic."""
    if hz < 1000.0:
        return hz * 3.0 / 200.0
    return 15.0 + 27.0 * math.log(hz / 1000.0) / math.log(6.4)
