"""The transcriber as one graph: PCM in, activations out.

What belongs here: :mod:`groove.drums.transcribe.levels` as torch operations. What does not:
peaks, which are the caller's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from groove.audio.mel_torch import MelFrontEnd
from groove.drums.transcribe.levels import GAIN, depth
from groove.drums.transcribe.network import TranscriberNetwork
from groove.drums.transcribe.spec import LevelSpec


class TranscriberGraph(nn.Module):
    """PCM ``(1, samples)`` and its loudest level to onset and velocity ``(1, frames, classes)``.

    Parameters
    ----------
    network
        Trained.
    level
        Its levels.
    """

    def __init__(self, network: TranscriberNetwork, level: LevelSpec) -> None:
        super().__init__()
        self.network = network
        self.mel = MelFrontEnd(
            level.sample_rate_hz,
            n_fft=level.n_fft,
            hop=level.hop,
            n_mels=level.n_mels,
            fmin=level.fmin_hz,
            fmax=level.fmax_hz,
        )
        self.depth = depth(level)

    def levels(self, pcm: Tensor, loudest: Tensor) -> Tensor:
        """Return the levels (batch, frames, mels) in 0..1."""
        logs: Tensor = self.mel(pcm * GAIN)
        return (1.0 + (logs - loudest[:, None, None]) / self.depth).clamp(0.0, 1.0)

    def forward(self, pcm: Tensor, loudest: Tensor) -> tuple[Tensor, Tensor]:
        """Return onset and velocity."""
        logits, velocity = self.network(self.levels(pcm, loudest))
        return torch.sigmoid(logits), velocity
