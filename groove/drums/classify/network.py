"""The drum classifier's networks: log-mel pictures in, one logit per class out.

``edge``, small and quick::

    (batch, frames, mels)
      4 x [3x3 convolution, batch norm, ReLU, 2x2 max pool]   16, 32, 64, 96 channels
      flatten the last map
      dropout, linear                                         -> 12 logits

Where in time and frequency a pattern lies is kept up to the last layer: it tells a floor tom
from a rack tom, and the hit at the onset from the one after it. 96,188 parameters on pictures of
48 x 80, 13 million multiply-adds a clip.

``document``, larger, for pictures of any size::

      3 x [3x3 convolution with bias, batch norm, ReLU, 2x2 max pool]   32, 64, 128 channels
      3x3 convolution with bias, batch norm, ReLU, mean over the map    256 channels
      dropout, linear                                                   -> 12 logits

391,884 parameters at 12 classes, whatever the picture's size; at 128 x 128, 230 million
multiply-adds a clip. The mean over the map forgets where a pattern was.

What belongs here: the architectures. What does not: their input
(:mod:`groove.drums.classify.features`) and their training (:mod:`groove.drums.classify.train`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

#: Channels of each network's blocks, unless the settings say otherwise.
CHANNELS = {"edge": (16, 32, 64, 96), "document": (32, 64, 128, 256)}


class DrumNetwork(nn.Module):
    """Blocks of convolutions, then one linear layer.

    Parameters
    ----------
    blocks
        Each a sequence that ends in pooling; they are frozen one by one.
    head
        Inputs of the linear layer, classes.
    dropout
        Before the last layer.
    """

    def __init__(self, blocks: Sequence[nn.Module], head: tuple[int, int], dropout: float) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)
        # Channels last in memory: a third less time for convolutions on a CPU.
        nn.utils.convert_conv2d_weight_memory_format(self.blocks, torch.channels_last)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(*head)
        self.frozen = 0

    def freeze(self, blocks: int) -> None:
        """Learn no more in the first blocks: neither weights nor the statistics of their norms.

        Raises
        ------
        ValueError
            If there are not so many.
        """
        if not 0 <= blocks <= len(self.blocks):
            raise ValueError(
                f"the network has {len(self.blocks)} blocks, {blocks} cannot be frozen"
            )
        self.frozen = blocks
        for block in list(self.blocks)[:blocks]:
            block.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> DrumNetwork:  # torch's signature
        """Go to training mode, all but the frozen blocks."""
        super().train(mode)
        for block in list(self.blocks)[: self.frozen]:
            block.eval()
        return self

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of pictures (batch, frames, mels) in 0..1."""
        # Centred: half of the range is about the mean of a picture.
        maps = self.blocks(pictures.unsqueeze(1) - 0.5)
        return self.head(self.dropout(maps.flatten(1)))  # type: ignore[no-any-return]  # nn.Module.__call__ is untyped


def build(
    name: str,
    frames: int,
    mels: int,
    classes: int,
    channels: Sequence[int] = (),
    dropout: float = 0.0,
) -> DrumNetwork:
    """Return a network by name, with random weights.

    Parameters
    ----------
    name
        ``edge`` or ``document``.
    frames, mels
        Size of a picture.
    classes
        Number of outputs.
    channels
        Of its blocks; none: :data:`CHANNELS`.
    dropout
        Before the last layer.

    Raises
    ------
    ValueError
        If there is no network of that name.
    """
    if name not in CHANNELS:
        raise ValueError(f"no network {name!r}: there are {', '.join(CHANNELS)}")
    widths = tuple(channels) or CHANNELS[name]
    if name == "document":
        return DrumNetwork(_averaging(widths), (widths[-1], classes), dropout)
    blocks = [
        _block(before, width, nn.MaxPool2d(2, ceil_mode=True), bias=False)
        for before, width in zip((1, *widths[:-1]), widths, strict=True)
    ]
    halved = 2 ** len(widths)
    fields = -(-frames // halved) * -(-mels // halved)
    return DrumNetwork(blocks, (widths[-1] * fields, classes), dropout)


def _averaging(widths: Sequence[int]) -> list[nn.Module]:
    poolings = [nn.MaxPool2d(2, ceil_mode=True) for _ in widths[:-1]]
    pairs = zip((1, *widths[:-1]), widths, [*poolings, nn.AdaptiveAvgPool2d(1)], strict=True)
    return [_block(before, width, pooling, bias=True) for before, width, pooling in pairs]


def _block(before: int, width: int, pooling: nn.Module, *, bias: bool) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, width, 3, padding=1, bias=bias), nn.BatchNorm2d(width), nn.ReLU(), pooling
    )
