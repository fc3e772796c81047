"""The networks: band levels to what is heard of beat and bar, by causal dilated convolutions.

Two temporal convolutional networks (Bai et al. 2018) of the same shape: residual blocks of two
convolutions each, dilation 1, 2, 4 … from block to block. They see the past only, so they can run
a frame at a time on buffers of their own past (``step``).

:class:`PhaseTcn`
    The phase in the bar, straight: sine and cosine, the anticipation being one more input channel.
:class:`BeatTcn`
    Whether a beat and whether a downbeat was struck :data:`~groove.phase.labels.DELAY` frames
    ago, for the bar-pointer filter, which makes phases of it. On the side it learns the phase
    itself, now and turned on by speed × anticipation: that teaches it to tell bars apart, and is
    what its learning is watched by.

Conventions
-----------
* Input ``(batch, frames, bands)``; :class:`Heard` of ``(batch, frames, …)``.
* Frame ``k`` has heard the samples before ``(k + 1) / 50`` s.
* Before the first frame every layer saw zeros.

What belongs here: architectures. What does not: features (:mod:`groove.phase.model.front`), the
filter (:mod:`groove.phase.model.pointer`), losses (:mod:`groove.phase.learn.loss`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from groove.phase.spec import NetworkSpec

#: Bars per second of typical music, where the predicted speed starts.
_TYPICAL_HZ = 0.5
#: Largest logarithm of how much faster or slower a bar may be: 0.04 to 6 bars per second.
_SPEED_RANGE = 2.5
#: A beat is struck in about a frame of thirty, a downbeat in one of a hundred.
_RARE = (-3.4, -4.6)


class Heard(NamedTuple):
    """What a network makes of the levels.

    Parameters
    ----------
    phase
        ``(batch, frames, 2)`` sine and cosine of 2π phase in the bar, on the unit circle, at the
        end of the frame plus the anticipation.
    struck
        ``(batch, frames, 2)`` logits of a beat and of a downbeat, ``DELAY`` frames ago; nothing,
        ``(batch, frames, 0)``, from a network that doesn't listen for them.
    """

    phase: Tensor
    struck: Tensor


class CausalConv(nn.Module):
    """A dilated convolution over the past, normalised and rectified."""

    def __init__(self, channels: int, kernel: int, dilation: int, norm: nn.Module) -> None:
        super().__init__()
        self.past = (kernel - 1) * dilation
        self.convolution = nn.Conv1d(channels, channels, kernel, dilation=dilation)
        self.norm = norm

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


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of ``(batch, channels, frames)``."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, channels, frames)`` of the same."""
        normalised: Tensor = self.norm(x.transpose(1, 2)).transpose(1, 2)
        return normalised


class Block(nn.Module):
    """Two convolutions of one dilation around which the input is added."""

    def __init__(self, first: CausalConv, second: CausalConv, dropout: float) -> None:
        super().__init__()
        self.first = first
        self.second = second
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


class Tcn(nn.Module):
    """What both networks share: blocks between a way in and a way out."""

    def __init__(self, spec: NetworkSpec, norm: type[nn.Module]) -> None:
        super().__init__()
        self.spec = spec
        self.bands = spec.low_bands + spec.high_bands

        def conv(place: int) -> CausalConv:
            return CausalConv(spec.channels, spec.kernel, 2**place, norm(spec.channels))

        self.blocks = nn.ModuleList(
            Block(conv(place), conv(place), spec.dropout) for place in range(spec.blocks)
        )

    @property
    def receptive_frames(self) -> int:
        """Frames that one prediction depends on, the current one included."""
        past = sum(block.first.past + block.second.past for block in self._blocks())
        return past + 1 + self.remembered

    #: Frames of levels that the way in looks back.
    remembered = 0

    def forward(self, levels: Tensor, anticipation_s: Tensor) -> Heard:
        """Return what is heard in ``(batch, frames, bands)``, one anticipation per item."""
        x = levels.transpose(1, 2)
        before = functional.pad(x, (self.remembered, 0))
        x = self.enter(x, before[:, :, : x.shape[2]], anticipation_s)
        for block in self._blocks():
            x = block(x)
        return self.leave(x, anticipation_s)

    def start(self, batch: int) -> list[Tensor]:
        """Return the state before the first frame: the last levels, and each layer's past."""
        device = next(self.parameters()).device
        shapes = [(batch, self.bands, 1)] * self.remembered
        for block in self._blocks():
            past = (batch, self.spec.channels, block.first.past)
            shapes += [past, past]
        return [torch.zeros(shape, device=device) for shape in shapes]

    def step(
        self, levels: Tensor, anticipation_s: Tensor, state: list[Tensor]
    ) -> tuple[Heard, list[Tensor]]:
        """Return what is heard in one frame's levels ``(batch, bands)``, and the new state."""
        x = levels[:, :, None]
        following = [x] * self.remembered
        x = self.enter(x, state[0] if self.remembered else x, anticipation_s)
        for place, block in enumerate(self._blocks()):
            at = 2 * place + self.remembered
            x, first, second = block.step(x, *state[at : at + 2])
            following += [first, second]
        return self.leave(x, anticipation_s), following

    def enter(self, x: Tensor, before: Tensor, anticipation_s: Tensor) -> Tensor:
        """Return ``(batch, channels, frames)`` of levels and the levels a frame before."""
        raise NotImplementedError

    def leave(self, x: Tensor, anticipation_s: Tensor) -> Heard:
        """Return what is heard."""
        raise NotImplementedError

    def _blocks(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]


class PhaseTcn(Tcn):
    """Levels and anticipation in, phase out; with layer normalisation."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__(spec, ChannelNorm)
        self.input = nn.Conv1d(self.bands + 1, spec.channels, 1)
        self.output = nn.Conv1d(spec.channels, 2, 1)

    def enter(self, x: Tensor, before: Tensor, anticipation_s: Tensor) -> Tensor:  # noqa: ARG002  # the rise is not heard here
        """Return the input with the anticipation as one more channel."""
        ahead = anticipation_s[:, None, None].expand(-1, 1, x.shape[2])
        entered: Tensor = self.input(torch.cat([x, ahead], dim=1))
        return entered

    def leave(self, x: Tensor, anticipation_s: Tensor) -> Heard:  # noqa: ARG002  # it came in with the levels
        """Return the phase alone."""
        phase = self.output(x).transpose(1, 2)
        return Heard(functional.normalize(phase, dim=2, eps=1e-6), phase[:, :, :0])


class BeatTcn(Tcn):
    """Levels in, beats and downbeats out; the phase beside them."""

    remembered = 1

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__(spec, nn.BatchNorm1d)
        self.norm = nn.BatchNorm1d(2 * self.bands)
        self.input = nn.Conv1d(2 * self.bands, spec.channels, 1)
        self.hidden = nn.Conv1d(spec.channels, spec.channels, 1)
        self.output = nn.Conv1d(spec.channels, 5, 1)
        with torch.no_grad():
            self.output.get_parameter("bias")[3:] = torch.tensor(_RARE)

    def enter(self, x: Tensor, before: Tensor, anticipation_s: Tensor) -> Tensor:  # noqa: ARG002  # turned on at the end
        """Return the input with the rise of each level beside it."""
        rise = functional.relu(x - before)
        entered: Tensor = self.input(self.norm(torch.cat([x, rise], dim=1)))
        return entered

    def leave(self, x: Tensor, anticipation_s: Tensor) -> Heard:
        """Return beats, downbeats, and the phase turned on by speed × anticipation."""
        out = self.output(functional.gelu(self.hidden(x))).transpose(1, 2)
        sine, cosine, speed, struck = out[..., 0], out[..., 1], out[..., 2], out[..., 3:]
        hz = _TYPICAL_HZ * speed.clamp(-_SPEED_RANGE, _SPEED_RANGE).exp()
        turn = 2 * math.pi * hz * anticipation_s[:, None]
        ahead = [
            sine * turn.cos() + cosine * turn.sin(),
            cosine * turn.cos() - sine * turn.sin(),
        ]
        return Heard(functional.normalize(torch.stack(ahead, dim=2), dim=2, eps=1e-6), struck)


NETWORKS: dict[str, Callable[[NetworkSpec], Tcn]] = {"bar_pointer": BeatTcn, "phase_tcn": PhaseTcn}
"""Networks by the name that a spec gives them."""
