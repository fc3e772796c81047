"""What a track sounds like, frame by frame: computed once, kept as one blob, read by all.

The frames of a track are energy (total, harmonic, percussive), onset strength (total and
percussive), a 128-band log-mel spectrum and a chroma vector, 43 times a second, from one
short-time Fourier transform.

What belongs here: the frame values and their form in bytes. What does not: transforms
(:mod:`groove.audio.percussive`) and what a stretch of frames is worth
(:mod:`groove.loops.features`).

Conventions
-----------
* Frame ``k`` is centred at ``k / rate_hz`` seconds.
* ``mel`` is the natural logarithm of power + 1e-6; levels are linear RMS, full scale 1.
* In bytes: the five scalar columns as little-endian float32 (frames, 5), then mel and chroma
  as little-endian float16 (frames, 140). float16 keeps a log-mel to 0.004 (0.02 dB).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MELS = 128
CHROMA = 12
SCALARS = ("rms", "harmonic_rms", "percussive_rms", "onset", "percussive_onset")
_WIDTH = MELS + CHROMA

Float32s = NDArray[np.float32]


@dataclass(frozen=True)
class TrackFrames:
    """Frame values of one track; all arrays float32 with one entry per frame."""

    rate_hz: float
    rms: Float32s
    harmonic_rms: Float32s
    percussive_rms: Float32s
    onset: Float32s
    percussive_onset: Float32s
    mel: Float32s
    chroma: Float32s

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.rms)

    def to_bytes(self) -> bytes:
        """Return the frames as raw little-endian values (see the module's conventions)."""
        scalars = np.stack([getattr(self, name) for name in SCALARS], axis=1)
        bands = np.hstack([self.mel, self.chroma])
        return scalars.astype("<f4").tobytes() + bands.astype("<f2").tobytes()

    def rounded(self) -> TrackFrames:
        """Return the frames as they are after a round trip through bytes."""
        return frames_from(self.to_bytes(), self.rate_hz)


def frames_from(data: bytes, rate_hz: float) -> TrackFrames:
    """Return the frames that :meth:`TrackFrames.to_bytes` wrote.

    Raises
    ------
    ValueError
        If the size is not a whole number of frames.
    """
    row = 4 * len(SCALARS) + 2 * _WIDTH
    count, rest = divmod(len(data), row)
    if rest:
        raise ValueError(f"{len(data)} bytes are no whole number of {row}-byte frames")
    split = count * 4 * len(SCALARS)
    scalars = np.frombuffer(data[:split], dtype="<f4").reshape(count, len(SCALARS))
    bands = np.frombuffer(data[split:], dtype="<f2").reshape(count, _WIDTH).astype(np.float32)
    columns = {name: scalars[:, place].astype(np.float32) for place, name in enumerate(SCALARS)}
    return TrackFrames(rate_hz, **columns, mel=bands[:, :MELS], chroma=bands[:, MELS:])


def frames_of(samples: Float32s, sample_rate: int) -> TrackFrames:
    """Return the frames of a mono signal (n,).

    Chroma is folded from the harmonic part, without a tuning estimate, each frame scaled to a
    largest value of 1: it is compared from bar to bar, where a common detuning cancels.
    """
    import librosa

    from groove.audio.percussive import analysis

    parts = analysis(samples, sample_rate)
    fold = librosa.filters.chroma(sr=sample_rate, n_fft=parts.n_fft, tuning=0.0)
    chroma = np.sqrt(fold @ np.square(parts.harmonic))
    largest = np.maximum(chroma.max(axis=0, keepdims=True), 1e-6)
    return TrackFrames(
        rate_hz=sample_rate / parts.hop,
        rms=parts.rms,
        harmonic_rms=parts.harmonic_rms,
        percussive_rms=parts.percussive_rms,
        onset=parts.onset_strength,
        percussive_onset=parts.percussive_onset_strength,
        mel=parts.log_mel,
        chroma=np.ascontiguousarray((chroma / largest).T, dtype=np.float32),
    )
