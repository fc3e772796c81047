"""The network: band levels to bar phase, by causal dilated convolutions.

A temporal convolutional network (Bai et al. 2018): each residual block has two convolutions of
the same dilation, 1, 2, 4 … from block to block. It sees the past only, so it can run a frame
at a time on buffers of its own past (:meth:`PhaseTcn.step`).

The last layer gives the phase now and the bars per second; the phase to come is the phase now
turned on by speed × anticipation. A layer that gets the anticipation as one more input has to
learn that product: half a second ahead its loss on songs not heard was a quarter higher, where
the turned one's was an eighth higher.

Conventions
-----------
* Input ``(batch, frames, bands)``, output ``(batch, frames, 2)``: sine and cosine of 2π phase,
  on the unit circle.
* Frame ``k`` predicts the phase at ``(k + 1) / 50 + anticipation`` seconds.
* Before the first frame every layer saw zeros.

What belongs here: architecture. What does not: features (:mod:`groove.phase.model.front`), loss.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from groove.phase.model.front import FrontEnd
from groove.phase.spec import PhaseTcnSpec

#: Bars per second of typical music, where the predicted speed starts.
_TYPICAL_HZ = 0.5
#: Largest logarithm of how much faster or slower a bar may be: 0.04 to 6 bars per second.
_SPEED_RANGE = 2.5


class CausalConv(nn.Module):
    """A dilated convolution over the past, normalised and rectified."""

    def __init__(self, channels: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.past = (kernel - 1) * dilation
        self.convolution = nn.Conv1d(channels, channels, kernel, dilation=dilation)
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, channels, frames)`` of the same."""
        return self._convolve(functional.pad(x, (self.past, 0)))

    def step(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Return the output of one frame ``(batch, channels, 1)``, and the new past."""
        seen = torch.cat([past, x], dim=2)
        return self._convolve(seen), seen[:, :, 1:]

    def _convolve(self, seen: Tensor) -> Tensor:
        convolved: Tensor = functional.gelu(self.norm(self.convolution(seen)))
        return convolved


class Block(nn.Module):
    """Two convolutions of one dilation around which the input is added."""

    def __init__(self, channels: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.first = CausalConv(channels, kernel, dilation)
        self.second = CausalConv(channels, kernel, dilation)
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, channels, frames)`` of the same."""
        added: Tensor = x + self.dropout(self.second(self.first(x)))
        return added

    def step(self, x: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the output of one frame, and the new pasts of both convolutions."""
        hidden, first = self.first.step(x, first)
        hidden, second = self.second.step(hidden, second)
        return x + hidden, first, second


class PhaseTcn(nn.Module):
    """Band levels and anticipation to the phase to come."""

    def __init__(self, spec: PhaseTcnSpec) -> None:
        super().__init__()
        self.spec = spec
        self.bands = spec.low_bands + spec.high_bands
        self.norm = nn.BatchNorm1d(2 * self.bands)
        self.input = nn.Conv1d(2 * self.bands, spec.channels, 1)
        self.blocks = nn.ModuleList(
            Block(spec.channels, spec.kernel, 2**place, spec.dropout)
            for place in range(spec.blocks)
        )
        self.hidden = nn.Conv1d(spec.channels, spec.channels, 1)
        self.output = nn.Conv1d(spec.channels, 3, 1)

    @property
    def receptive_frames(self) -> int:
        """Frames that one prediction depends on, the current one included."""
        past = sum(block.first.past + block.second.past for block in self._blocks())
        return past + 2  # one frame more for the rise in level

    def forward(self, levels: Tensor, anticipation_s: Tensor) -> Tensor:
        """Return ``(batch, frames, 2)`` of levels and one anticipation per item, ``(batch,)``."""
        x = levels.transpose(1, 2)
        x = self._enter(x, functional.pad(x, (1, 0))[:, :, :-1])
        for block in self._blocks():
            x = block(x)
        return self._leave(x, anticipation_s)

    def start(self, batch: int) -> list[Tensor]:
        """Return the state before the first frame: the last levels, and each layer's past."""
        device = self.output.weight.device
        shapes = [(batch, self.bands, 1)]
        for block in self._blocks():
            past = (batch, self.spec.channels, block.first.past)
            shapes += [past, past]
        return [torch.zeros(shape, device=device) for shape in shapes]

    def step(
        self, levels: Tensor, anticipation_s: Tensor, state: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """Return ``(batch, 2)`` of one frame's levels ``(batch, bands)``, and the new state."""
        x = levels[:, :, None]
        following = [x]
        x = self._enter(x, state[0])
        for place, block in enumerate(self._blocks()):
            x, first, second = block.step(x, *state[2 * place + 1 : 2 * place + 3])
            following += [first, second]
        return self._leave(x, anticipation_s)[:, 0], following

    def _blocks(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]

    def _enter(self, x: Tensor, previous: Tensor) -> Tensor:
        rise = functional.relu(x - previous)
        entered: Tensor = self.input(self.norm(torch.cat([x, rise], dim=1)))
        return entered

    def _leave(self, x: Tensor, anticipation_s: Tensor) -> Tensor:
        sine, cosine, speed = self.output(functional.gelu(self.hidden(x))).unbind(dim=1)
        hz = _TYPICAL_HZ * speed.clamp(-_SPEED_RANGE, _SPEED_RANGE).exp()
        turn = 2 * math.pi * hz * anticipation_s[:, None]
        ahead = [
            sine * turn.cos() + cosine * turn.sin(),
            cosine * turn.cos() - sine * turn.sin(),
        ]
        return functional.normalize(torch.stack(ahead, dim=2), dim=2, eps=1e-6)


class PhaseModel(nn.Module):
    """Front end and network: PCM to phase."""

    def __init__(self, spec: PhaseTcnSpec) -> None:
        super().__init__()
        self.front = FrontEnd(spec.low_bands, spec.high_bands, spec.memory_s)
        self.network = PhaseTcn(spec)

    def forward(self, samples: Tensor, anticipation_s: Tensor) -> Tensor:
        """Return ``(batch, frames, 2)`` of ``(batch, samples)`` and ``(batch,)`` seconds."""
        predicted: Tensor = self.network(self.front(samples), anticipation_s)
        return predicted
