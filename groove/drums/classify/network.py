"""The drum classifier's network: four convolution blocks over a log-mel picture.

::

    (batch, frames 48, mels 80)
      4 x [3x3 convolution, batch norm, ReLU, 2x2 max pool]   16, 32, 64, 96 channels
      flatten the last map, 96 x 3 x 5
      dropout, linear                                         -> 12 logits

Where in time and frequency a pattern lies is kept up to the last layer: it tells a floor tom
from a rack tom, and the hit at the onset from the one after it. 96,188 parameters at 12
classes, 13 million multiply-adds a clip.

What belongs here: the architecture. What does not: its input (:mod:`groove.drums.classify.features`)
and its training (:mod:`groove.drums.classify.train`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class DrumNetwork(nn.Module):
    """Log-mel pictures (batch, frames, mels) in 0..1 to one logit per class.

    Parameters
    ----------
    frames, mels
        Size of a picture.
    classes
        Number of outputs.
    channels
        Channels of the blocks; each block halves both sides of the picture.
    dropout
        Before the last layer.
    """

    def __init__(
        self, frames: int, mels: int, classes: int, channels: Sequence[int], dropout: float
    ) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        before = 1
        for width in channels:
            blocks += [
                nn.Conv2d(before, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.MaxPool2d(2, ceil_mode=True),
            ]
            before = width
        self.blocks = nn.Sequential(*blocks)
        # Channels last in memory: a third less time for convolutions on a CPU.
        nn.utils.convert_conv2d_weight_memory_format(self.blocks, torch.channels_last)
        halved = 2 ** len(channels)
        fields = -(-frames // halved) * -(-mels // halved)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(before * fields, classes)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes)."""
        # Centred: half of the range is about the mean of a picture.
        maps = self.blocks(pictures.unsqueeze(1) - 0.5)
        return self.head(self.dropout(maps.flatten(1)))  # type: ignore[no-any-return]  # nn.Module.__call__ is untyped
