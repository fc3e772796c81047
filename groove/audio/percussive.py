"""Harmonic and percussive parts of a sound, its onsets and its beats, from one STFT.

What belongs here: per-frame analysis that several subjects share. What does not: features of a
loop or a hit (their subjects), mel features for networks (:mod:`groove.audio.mel`).

The separation is median filtering along time and frequency with soft masks (Fitzgerald 2010,
"Harmonic/percussive separation using median filtering"), equal to ``librosa.decompose.hpss``, whose
median filter takes seven times as long. Onset strength is spectral flux of the mel spectrum in dB,
equal to ``librosa.onset.onset_strength``.

Conventions
-----------
* Frame ``k`` is centred at ``k * hop / sample_rate`` seconds.
* Levels are linear RMS, full scale 1, of the windowed signal (the window's own gain undone).
* Onset strength keeps librosa's delay of ``n_fft / (2 * hop)`` frames; :func:`onsets_s` and
  :func:`beats` take out what remains of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from groove.audio.compiled import ready
from groove.audio.mel import filterbank, log_power

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Part = Literal["all", "percussive", "harmonic"]

N_FFT = 2048
HOP = 512
N_MELS = 128
_MEDIAN_FRAMES = 31
_HANN_POWER = 0.375
"""Mean square of a periodic Hann window."""
_LATENCY_HOPS, _LATENCY_WINDOWS = 0.86, 0.13
"""What an onset strength peak comes too late by: fitted on rendered drums and songs with known
onsets, windows of 46 to 93 ms and 4 to 8 hops a window; songs differ by ± 6 ms around it."""


@dataclass(frozen=True)
class Analysis:
    """Frames of a mono sound; ``f`` frames, ``bins = n_fft // 2 + 1``.

    Parameters
    ----------
    sample_rate, n_fft, hop, samples
        Hz; window and step in samples; length of the sound in samples.
    times_s
        Centre of each frame, ``float64[f]``.
    magnitude, harmonic, percussive
        ``|STFT|``, ``float32 (bins, f)``; harmonic + percussive = magnitude.
    rms, harmonic_rms, percussive_rms
        Level per frame, ``float32[f]``.
    onset_strength, harmonic_onset_strength, percussive_onset_strength
        Mean rise of the mel bands in dB, ``float32[f]``.
    log_mel
        ``ln(power + 1e-6)``, ``float32 (f, 128)``.
    """

    sample_rate: int
    n_fft: int
    hop: int
    samples: int
    times_s: Float64s
    magnitude: Float32s
    harmonic: Float32s
    percussive: Float32s
    rms: Float32s
    harmonic_rms: Float32s
    percussive_rms: Float32s
    onset_strength: Float32s
    harmonic_onset_strength: Float32s
    percussive_onset_strength: Float32s
    log_mel: Float32s


def analysis(samples: Float32s, sample_rate: int, n_fft: int = N_FFT, hop: int = HOP) -> Analysis:
    """Return the frames of mono samples ``(n,)``; about 1 s of work per 150 s at 22,050 Hz."""
    from groove.audio.mel import magnitude

    total = magnitude(samples, n_fft, hop)
    harmonic, percussive = separate(total)
    bank = filterbank(sample_rate, n_fft, N_MELS)
    power, harmonic_power, percussive_power = (np.square(m) for m in (total, harmonic, percussive))
    mel = bank @ power
    return Analysis(
        sample_rate=sample_rate,
        n_fft=n_fft,
        hop=hop,
        samples=len(samples),
        times_s=np.arange(total.shape[1], dtype=np.float64) * (hop / sample_rate),
        magnitude=total,
        harmonic=harmonic,
        percussive=percussive,
        rms=_rms(power, n_fft),
        harmonic_rms=_rms(harmonic_power, n_fft),
        percussive_rms=_rms(percussive_power, n_fft),
        onset_strength=_flux(mel, n_fft, hop),
        harmonic_onset_strength=_flux(bank @ harmonic_power, n_fft, hop),
        percussive_onset_strength=_flux(bank @ percussive_power, n_fft, hop),
        log_mel=log_power(mel),
    )


def separate(magnitude: Float32s, power: float = 2.0) -> tuple[Float32s, Float32s]:
    """Return the harmonic and percussive part of a magnitude spectrogram ``(bins, frames)``.

    What is smooth along time is harmonic, what is smooth along frequency is percussive; masks are
    Wiener masks of exponent ``power`` and add up to one.
    """
    import librosa

    along_time = _median(magnitude, axis=1)
    along_frequency = _median(magnitude, axis=0)
    harmonic_mask = librosa.util.softmask(
        along_time, along_frequency, power=power, split_zeros=True
    )
    percussive_mask = librosa.util.softmask(
        along_frequency, along_time, power=power, split_zeros=True
    )
    return magnitude * harmonic_mask, magnitude * percussive_mask


def onsets_s(parts: Analysis, part: Part = "percussive", delta: float = 0.07) -> Float64s:
    """Return the onset times in seconds, increasing.

    Peaks of the onset strength (librosa's peak picking), placed between frames by a parabola
    through the peak, less the calibrated latency.

    Parameters
    ----------
    parts
        The sound.
    part
        Whose onsets. On drums and on full mixes the percussive part finds more, as precisely.
    delta
        How far a peak must stand above its surroundings, as a share of the highest peak.
    """
    import librosa

    strength = {
        "all": parts.onset_strength,
        "percussive": parts.percussive_onset_strength,
        "harmonic": parts.harmonic_onset_strength,
    }[part]
    if len(strength) < 3 or not strength.any():
        return np.zeros(0)
    ready()
    frames = librosa.onset.onset_detect(
        onset_envelope=strength, sr=parts.sample_rate, hop_length=parts.hop, delta=delta
    )
    inner = np.clip(frames, 1, len(strength) - 2)
    before, peak, after = (strength[inner + k].astype(np.float64) for k in (-1, 0, 1))
    bend = before - 2 * peak + after
    shift = np.divide(before - after, 2 * bend, out=np.zeros(len(inner)), where=bend < 0)
    return _placed(frames + np.clip(shift, -0.5, 0.5), parts)


def beats(parts: Analysis, start_bpm: float = 120.0) -> tuple[float, Float64s]:
    """Return the tempo in beats per minute and the beat times in seconds.

    librosa's dynamic programming (Ellis 2007) over the onset strength, less the calibrated latency.
    Its tempo is quantised by the hop, so the tempo is the slope of a line through the beats. Without
    two beats the tempo is 0.
    """
    import librosa

    if not parts.onset_strength.any():
        return 0.0, np.zeros(0)
    ready()
    _, frames = librosa.beat.beat_track(
        onset_envelope=parts.onset_strength,
        sr=parts.sample_rate,
        hop_length=parts.hop,
        start_bpm=start_bpm,
        trim=False,
    )
    times = _placed(frames.astype(np.float64), parts)
    if len(times) < 2:
        return 0.0, times
    slope = np.polyfit(np.arange(len(times)), times, 1)[0]
    return 60.0 / float(slope), times


def _placed(frames: Float64s, parts: Analysis) -> Float64s:
    """Return frames as times inside the sound, the latency taken off; two at 0 become one."""
    late = _LATENCY_HOPS * parts.hop + _LATENCY_WINDOWS * parts.n_fft
    times = (frames * parts.hop - late) / parts.sample_rate
    return np.unique(np.clip(times, 0.0, parts.samples / parts.sample_rate))


def _median(values: Float32s, axis: int) -> Float32s:
    """Return the centred running median; the edges are mirrored."""
    import bottleneck

    half = _MEDIAN_FRAMES // 2
    widths = [(0, 0), (0, 0)]
    widths[axis] = (half, half)
    padded = np.pad(values, widths, mode="symmetric")
    medians = bottleneck.move_median(padded, _MEDIAN_FRAMES, axis=axis)
    kept = medians[:, 2 * half :] if axis == 1 else medians[2 * half :]
    return np.ascontiguousarray(kept)


def _rms(power: Float32s, n_fft: int) -> Float32s:
    """Return the level per frame by Parseval's theorem; the inner bins stand for two."""
    weights = np.full(len(power), 2.0, dtype=np.float32)
    weights[[0, -1]] = 1.0
    mean = weights @ power / np.float32(_HANN_POWER * n_fft * n_fft)
    return np.asarray(np.sqrt(mean), dtype=np.float32)


def _flux(mel: Float32s, n_fft: int, hop: int) -> Float32s:
    import librosa

    delay = 1 + n_fft // (2 * hop)
    level = librosa.power_to_db(mel)
    rise = np.maximum(np.diff(level, axis=1), 0.0).mean(axis=0)
    return np.pad(rise, (delay, 0))[: mel.shape[1]].astype(np.float32)
