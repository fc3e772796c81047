"""Audio files as arrays, and back; sample rate, fades and level.

What belongs here: the border between audio file bytes and :class:`Waveform`, and changes that are
the same for any sound. What does not: how loudness is measured (:mod:`groove.audio.loudness`),
spectra (:mod:`groove.audio.mel`), files by path (a store hands over bytes).

Conventions
-----------
* Samples are ``float32`` of shape ``(channels, n)``; full scale is ±1.0. A floating-point signal
  may go beyond. Integer formats cannot: :func:`encode` refuses to clip.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from groove.audio import loudness

Samples = NDArray[np.float32]
AudioFormat = Literal["wav", "flac", "mp3", "ogg"]

SILENCE_DBFS = loudness.SILENCE_DB
_BLOCK_FRAMES = 65_536
"""libsndfile's Vorbis encoder crashes on one long write."""
_SUBTYPES: dict[AudioFormat, str] = {
    "wav": "PCM_16",
    "flac": "PCM_16",
    "mp3": "MPEG_LAYER_III",
    "ogg": "VORBIS",
}


class AudioError(ValueError):
    """The bytes are no usable audio; the message says why."""


@dataclass(frozen=True)
class AudioLimits:
    """What a file may ask of memory before it is refused."""

    max_seconds: float = 7_200.0
    max_decoded_bytes: int = 512 * 1024 * 1024
    min_sample_rate: int = 4_000
    max_sample_rate: int = 384_000


@dataclass(frozen=True)
class Waveform:
    """Sound: ``samples`` float32 ``(channels, n)``, ``sample_rate`` in Hz."""

    samples: Samples
    sample_rate: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return int(self.samples.shape[1]) / self.sample_rate

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    def mono(self) -> Samples:
        """Return the mean of the channels, ``(n,)``."""
        if self.channels == 1:
            return np.asarray(self.samples[0])
        return np.asarray(self.samples.mean(axis=0), dtype=np.float32)


def read_audio(data: bytes, limits: AudioLimits | None = None) -> Waveform:
    """Return the audio in a WAV, FLAC, OGG, MP3, AIFF … file.

    Raises
    ------
    AudioError
        Not audio, damaged, empty, over a limit, or with samples that are not finite.
    """
    limits = limits or AudioLimits()
    if not data:
        raise AudioError("empty file")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _check_size(file.frames, file.channels, file.samplerate, limits)
            # In one call: soundfile seeks after each one, and seeking makes MP3 lose what it
            # carries from frame to frame, an audible hole at each block.
            frames = file.read(dtype="float32", always_2d=True)
            sample_rate = int(file.samplerate)
    except (RuntimeError, TypeError) as error:  # soundfile's own errors are RuntimeErrors
        raise AudioError(f"not a readable audio file: {_reason(error)}") from error
    samples = np.ascontiguousarray(frames.T)
    if samples.shape[1] == 0:
        raise AudioError("holds no samples")
    if not np.isfinite(samples).all():
        raise AudioError("holds samples that are infinite or not a number")
    return Waveform(samples, sample_rate)


def encode(waveform: Waveform, format: AudioFormat, subtype: str | None = None) -> bytes:  # noqa: A002  # the field's word
    """Return the waveform as a file.

    Parameters
    ----------
    waveform
        What to write.
    format
        Container. WAV and FLAC give the same bytes for the same samples; OGG writes a random
        stream number and does not.
    subtype
        libsndfile's name of the coding: ``PCM_16`` (default of WAV and FLAC), ``PCM_24``,
        ``FLOAT`` (WAV only) …

    Raises
    ------
    AudioError
        The format cannot hold the signal: integer samples would clip, or an unknown subtype.
    """
    chosen = subtype or _SUBTYPES[format]
    peak = float(np.max(np.abs(waveform.samples), initial=0.0))
    if peak > 1.0 and chosen not in ("FLOAT", "DOUBLE"):
        raise AudioError(f"peak {peak:.3f} would clip in {format}/{chosen}; lower the level first")
    out = io.BytesIO()
    frames = np.ascontiguousarray(waveform.samples.T)
    try:
        with soundfile.SoundFile(
            out, "w", waveform.sample_rate, waveform.channels, chosen, format=format.upper()
        ) as file:
            for start in range(0, len(frames), _BLOCK_FRAMES):
                file.write(frames[start : start + _BLOCK_FRAMES])
    except (RuntimeError, ValueError) as error:
        raise AudioError(f"cannot write {format}/{chosen}: {_reason(error)}") from error
    return out.getvalue()


def resample(waveform: Waveform, rate: int) -> Waveform:
    """Return the waveform at ``rate`` Hz, by soxr at high quality (delay compensated)."""
    if rate == waveform.sample_rate:
        return waveform
    frames = soxr.resample(waveform.samples.T, waveform.sample_rate, rate, quality="HQ")
    return Waveform(np.ascontiguousarray(frames.T, dtype=np.float32), rate)


def fade(samples: Samples, sample_rate: int, in_s: float, out_s: float) -> Samples:
    """Return the samples (last axis is time) faded in and out by a raised cosine.

    The first and last sample become 0 where the fade is at least one sample long. Fades longer
    than the sound share it.
    """
    n = samples.shape[-1]
    fade_in, fade_out = round(in_s * sample_rate), round(out_s * sample_rate)
    if fade_in + fade_out > n:
        fade_in = n * fade_in // (fade_in + fade_out)
        fade_out = n - fade_in
    gain = np.ones(n, dtype=np.float32)
    gain[:fade_in] *= _rise(fade_in)
    gain[n - fade_out :] *= _rise(fade_out)[::-1]
    return np.asarray(samples * gain, dtype=np.float32)


def loudness_lufs(waveform: Waveform) -> float:
    """Return the integrated loudness (ITU-R BS.1770-4); ``SILENCE_DBFS`` if nothing is gated in."""
    return loudness.integrated_lufs(waveform.samples, waveform.sample_rate)


def rms_dbfs(waveform: Waveform) -> float:
    """Return the level of all samples in dB below full scale; a full-scale square wave is 0."""
    return loudness.decibels(float(np.mean(np.square(waveform.samples, dtype=np.float64))))


def true_peak_dbtp(waveform: Waveform) -> float:
    """Return the peak of the signal between its samples too (4 × oversampled), in dBTP."""
    return loudness.true_peak_dbtp(waveform.samples, waveform.sample_rate)


def normalise_rms(waveform: Waveform, target_dbfs: float, limit_dbtp: float = -1.0) -> Waveform:
    """Return the waveform at an RMS level, or as near as the true-peak limit lets it come.

    The gain is one number for the whole sound: dynamics stay as they are, nothing clips. Silence
    stays silence.
    """
    level = rms_dbfs(waveform)
    if level <= SILENCE_DBFS:
        return waveform
    gain_db = min(target_dbfs - level, limit_dbtp - true_peak_dbtp(waveform))
    gain = np.float32(10 ** (gain_db / 20))
    return Waveform(waveform.samples * gain, waveform.sample_rate)


def _check_size(frames: int, channels: int, sample_rate: int, limits: AudioLimits) -> None:
    if not limits.min_sample_rate <= sample_rate <= limits.max_sample_rate:
        low, high = limits.min_sample_rate, limits.max_sample_rate
        raise AudioError(f"sample rate {sample_rate} Hz lies outside {low}..{high} Hz")
    if frames > limits.max_seconds * sample_rate:
        raise AudioError(
            f"{frames / sample_rate:,.1f} s long; the limit is {limits.max_seconds:,.0f} s"
        )
    if frames * channels * 4 > limits.max_decoded_bytes:
        limit_mb = limits.max_decoded_bytes >> 20
        raise AudioError(f"{frames * channels * 4 >> 20} MiB of samples; the limit is {limit_mb}")


def _reason(error: Exception) -> str:
    """Return libsndfile's reason without the address of our buffer."""
    return str(error).rpartition(">: ")[2] or type(error).__name__


def _rise(n: int) -> Samples:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.arange(n) / max(n, 1)), dtype=np.float32)
