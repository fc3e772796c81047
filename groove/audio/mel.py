"""Log-mel spectrograms, the reference form.

What belongs here: mel features in numpy. What does not: the same features inside a network or an
exported model (:mod:`groove.audio.mel_torch`, equal to these), onset and percussive features
(:mod:`groove.audio.percussive`).

Conventions
-----------
* Power is ``|STFT|²`` with a periodic Hann window, not normalised; the filterbank is Slaney's, area
  normalised (librosa's default). Values are ``ln(power + 1e-6)``.
* Centred (default): frame ``k`` is centred at sample ``k * hop``, zeros lie beyond the ends, and
  ``n`` samples give ``1 + n // hop`` frames. Not centred: frame ``k`` starts at ``k * hop`` and
  there are ``1 + (n - n_fft) // hop``, at least one (short sounds are padded with zeros).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

LOG_FLOOR = 1e-6

Samples = NDArray[np.float32]
Frames = NDArray[np.float32]


def log_mel(
    samples: Samples,
    sample_rate: int,
    n_fft: int = 2048,
    hop: int = 512,
    n_mels: int = 128,
    fmin: float = 0.0,
    fmax: float | None = None,
    *,
    center: bool = True,
) -> Frames:
    """Return the log-mel spectrogram of mono samples, ``float32 (frames, n_mels)``.

    Parameters
    ----------
    samples
        Mono, ``(n,)``.
    sample_rate
        Hz.
    n_fft, hop
        Window length and step in samples.
    n_mels, fmin, fmax
        Bands, lowest and highest frequency in Hz (``None``: half the sample rate).
    center
        See the module's conventions.
    """
    power = np.square(magnitude(samples, n_fft, hop, center=center))
    bank = filterbank(sample_rate, n_fft, n_mels, fmin, fmax)
    return log_power(bank @ power)


def magnitude(samples: Samples, n_fft: int, hop: int, *, center: bool = True) -> Frames:
    """Return ``|STFT|`` of mono samples, ``float32 (n_fft // 2 + 1, frames)``."""
    import librosa

    count = 1 + len(samples) // hop if center else None
    short = n_fft - len(samples)
    if short > 0:
        samples = np.pad(samples, (0, short))
    stft = librosa.stft(
        samples.astype(np.float32, copy=False), n_fft=n_fft, hop_length=hop, center=center
    )
    return np.asarray(np.abs(stft[:, :count]), dtype=np.float32)


@lru_cache(maxsize=16)
def filterbank(
    sample_rate: int, n_fft: int, n_mels: int, fmin: float = 0.0, fmax: float | None = None
) -> Frames:
    """Return the mel filterbank, ``float32 (n_mels, n_fft // 2 + 1)``. Do not write into it."""
    import librosa

    bank = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    bank.setflags(write=False)
    return np.asarray(bank)


def log_power(mel_power: Frames) -> Frames:
    """Return ``ln(power + 1e-6)`` with time first: ``(bands, frames)`` to ``(frames, bands)``."""
    return np.ascontiguousarray(np.log(mel_power.T + np.float32(LOG_FLOOR)), dtype=np.float32)
