"""The classifier as one graph: PCM in, probabilities out.

What belongs here: :mod:`groove.drums.classify.features` and the calibration as torch operations, so that
a browser or a plugin feeds samples and needs no code of ours. What does not: training, which
computes its pictures once and by NumPy.
"""

from __future__ import annotations

import torch
from torch import nn

from groove.audio.mel_torch import MelFrontEnd
from groove.drums.classify.calibration import Calibration
from groove.drums.classify.features import PEAK, SILENCE, nepers
from groove.drums.classify.network import DrumNetwork
from groove.drums.spec import ClipSpec


class DrumGraph(nn.Module):
    """Clips ``(batch, clip samples)`` to calibrated probabilities ``(batch, classes)``.

    Parameters
    ----------
    network
        Trained.
    clip
        Its pictures.
    calibration
        Its logits' meaning.
    """

    def __init__(self, network: DrumNetwork, clip: ClipSpec, calibration: Calibration) -> None:
        super().__init__()
        self.network = network
        self.mel = MelFrontEnd(
            clip.sample_rate_hz,
            n_fft=clip.n_fft,
            hop=clip.hop,
            n_mels=clip.n_mels,
            fmin=clip.fmin_hz,
            fmax=clip.fmax_hz,
            center=False,
        )
        self.depth = nepers(clip.range_db)
        self.calibration = calibration

    def pictures(self, clips: torch.Tensor) -> torch.Tensor:
        """Return pictures (batch, frames, mels) in 0..1; zeros for silence."""
        peak = clips.abs().amax(dim=1, keepdim=True)
        mel: torch.Tensor = self.mel(clips * (PEAK / peak.clamp(min=SILENCE)))
        top = mel.amax(dim=(1, 2), keepdim=True)
        seen = (1.0 + (mel - top) / self.depth).clamp(0.0, 1.0)
        return seen * (peak > SILENCE).to(seen.dtype).unsqueeze(2)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Return probabilities (batch, classes)."""
        scores: torch.Tensor = self.network(self.pictures(clips))
        return torch.sigmoid(self.calibration.scale * scores + self.calibration.bias)
