"""The transcriber's network: convolutions over time and frequency, then over time alone.

::

    (batch, frames, mels 80)
      3x3 convolution                                      16 channels
      3 x [3x3 convolution, every second band kept]        32, 48, 64 channels, 10 bands
      linear over the bands                                128 channels
      8 x [dilated convolution over time, 1 2 4 ... 128]   residual; reaches 2.6 s to each side
      linear                                               12 onset logits, 12 velocities

A hit is told by its attack, its ringing, and by what is played around it: the first layers see
60 ms, the last ones bars of music. At this size, the released model's, 660,328 parameters and 1.2
million multiply-adds a frame.

What belongs here: the architecture. What does not: its input
(:mod:`groove.drums.transcribe.levels`), its training.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class _Over(nn.Module):
    """A residual layer over time: what is ``dilation`` frames before and after."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.wide = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mixed = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, seen: Tensor) -> Tensor:
        inner: Tensor = torch.relu(self.wide(torch.relu(self.norm(seen))))
        added: Tensor = self.dropout(self.mixed(inner))
        return seen + added


class TranscriberNetwork(nn.Module):
    """Levels ``(batch, frames, mels)`` to logits and velocities ``(batch, frames, classes)``.

    Parameters
    ----------
    mels, classes
        Sizes of input and output.
    channels
        Of the convolutions; all but the first halve the bands.
    width, layers, dropout
        Of the layers over time.
    """

    def __init__(
        self,
        mels: int,
        classes: int,
        channels: Sequence[int],
        width: int,
        layers: int,
        dropout: float,
    ) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        before, bands = 1, mels
        for place, channel in enumerate(channels):
            step = 2 if place else 1
            blocks += [
                nn.Conv2d(before, channel, 3, padding=1, stride=(1, step), bias=False),
                nn.BatchNorm2d(channel),
                nn.ReLU(),
            ]
            before, bands = channel, -(-bands // step)
        self.near = nn.Sequential(*blocks)
        nn.utils.convert_conv2d_weight_memory_format(self.near, torch.channels_last)
        self.narrow = nn.Conv1d(before * bands, width, 1)
        self.far = nn.Sequential(*(_Over(width, 2**place, dropout) for place in range(layers)))
        self.norm = nn.BatchNorm1d(width)
        self.head = nn.Conv1d(width, 2 * classes, 1)
        # Hits are rare: begin by saying so.
        nn.init.constant_(self.head.bias, -3.0)  # type: ignore[arg-type]  # a bias is asked for
        self.classes = classes
        #: Frames to each side that a frame's answer hangs on.
        self.reach = len(channels) + 2**layers - 1

    def forward(self, levels: Tensor) -> tuple[Tensor, Tensor]:
        """Return onset logits and velocities (0..1)."""
        maps: Tensor = self.near(levels.unsqueeze(1) - 0.5)
        flat = maps.permute(0, 1, 3, 2).flatten(1, 2)
        seen = self.far(self.narrow(flat))
        out: Tensor = self.head(torch.relu(self.norm(seen))).transpose(1, 2)
        return out[..., : self.classes], torch.sigmoid(out[..., self.classes :])
