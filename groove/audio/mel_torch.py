"""The log-mel front end as a torch module, so that an exported model takes samples.

What belongs here: :class:`MelFrontEnd`. What does not: the reference form
(:mod:`groove.audio.mel`), which it equals to 1e-4 on music and noise. Next to a lone full-scale
tone, bands 90 dB down differ by 2e-3: there a float32 sum of products has no more digits.

The Fourier transform is a strided convolution with a windowed cosine and sine per bin: every ONNX
runtime has it, browsers too, and bins outside the mel range cost nothing.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from groove.audio.mel import LOG_FLOOR, filterbank


class MelFrontEnd(nn.Module):
    """Samples ``(batch, n)`` to log-mel ``(batch, frames, n_mels)``; nothing to train.

    Parameters
    ----------
    sample_rate, n_fft, hop, n_mels, fmin, fmax, center
        As in :func:`groove.audio.mel.log_mel`. Without ``center`` give at least ``n_fft`` samples.
    """

    basis: Tensor
    bank: Tensor

    def __init__(
        self,
        sample_rate: int,
        n_fft: int = 2048,
        hop: int = 512,
        n_mels: int = 128,
        fmin: float = 0.0,
        fmax: float | None = None,
        *,
        center: bool = True,
    ) -> None:
        super().__init__()
        self.n_fft, self.hop, self.n_mels, self.center = n_fft, hop, n_mels, center
        # One filterbank for both forms. torchaudio's is the same one, but computed in float32,
        # which is off by 3e-4 in a logarithm.
        reference = filterbank(sample_rate, n_fft, n_mels, fmin, fmax)
        bank = torch.from_numpy(reference.T.copy())
        used = torch.nonzero(bank.sum(dim=1) > 0).flatten()
        low, high = int(used.min()), int(used.max()) + 1
        time = torch.arange(n_fft, dtype=torch.float64)
        # Whole turns are taken off before the product grows: cos of a large angle loses digits.
        turns = torch.outer(torch.arange(low, high, dtype=torch.float64), time) % n_fft
        angle = turns * (2 * math.pi / n_fft)
        window = torch.hann_window(n_fft, periodic=True, dtype=torch.float64)
        basis = torch.cat([torch.cos(angle) * window, torch.sin(angle) * window])
        # Derived from the settings, so not part of a checkpoint.
        self.register_buffer("basis", basis.float().unsqueeze(1), persistent=False)
        self.register_buffer("bank", bank[low:high].contiguous(), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return the log-mel spectrogram of ``(batch, n)`` samples."""
        signal = samples.unsqueeze(1)
        if self.center:
            signal = nn.functional.pad(signal, (self.n_fft // 2, self.n_fft // 2))
        spectrum = nn.functional.conv1d(signal, self.basis, stride=self.hop)
        real, imaginary = spectrum.chunk(2, dim=1)
        power = (real.square() + imaginary.square()).transpose(1, 2)
        return torch.log(power @ self.bank + LOG_FLOOR)
