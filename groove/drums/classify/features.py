"""What the classifier sees of a sound: a level-free log-mel picture around an onset.

::

    clip       samples around the onset, at one sample rate, zeros where the file ends
    level      largest absolute sample made 64, which puts the log's floor far below range_db
    log-mel    natural log of power + 1e-6, (frames, mels)
    picture    1.0 at the loudest point, 0.0 at range_db below it and under, in steps of half
               precision (at most 0.04 dB), so that a picture that was stored is the one it was

One number is taken off the whole picture, so the tone (which drum) stays and the level (which
microphone gain) goes. A file at a low sample rate has no top: its upper bands are 0.0, and
training shows the network such pictures.

What belongs here: the one feature function. Training, evaluation and live use call it;
:mod:`groove.drums.classify.graph` is the same inside the ONNX graph, proved equal by a test. What does
not: variations for training (:mod:`groove.drums.classify.augment`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from groove.audio.mel import log_mel
from groove.audio.waveform import Waveform, resample
from groove.drums.spec import ClipSpec

Clips = NDArray[np.float32]
Pictures = NDArray[np.float32]

#: A clip whose largest sample is no larger than this is silent.
SILENCE = 1e-9

#: What a clip's largest sample becomes before the logarithm.
PEAK = 64.0


def nepers(range_db: float) -> float:
    """Return a range of power in dB as one of its natural logarithm."""
    return range_db * math.log(10.0) / 10.0


def cut(waveform: Waveform, onsets_s: NDArray[np.float64], spec: ClipSpec) -> Clips:
    """Return the clip around each onset, ``(onsets, spec.clip_samples)``.

    Parameters
    ----------
    waveform
        The whole file, at any rate and with any channels.
    onsets_s
        Onsets in seconds; what lies outside of the file is silence.
    """
    samples = resample(waveform, spec.sample_rate_hz).mono()
    first = np.rint(np.asarray(onsets_s) * spec.sample_rate_hz).astype(np.int64)
    places = (first - spec.pre_samples)[:, None] + np.arange(spec.clip_samples)
    inside = (places >= 0) & (places < len(samples))
    # An empty file has no sample to take, even for a place that is masked.
    padded = np.append(samples, np.float32(0.0))
    return np.where(inside, padded[np.where(inside, places, -1)], np.float32(0.0))


def pictures(clips: Clips, spec: ClipSpec) -> Pictures:
    """Return the picture of each clip, ``(clips, frames, mels)`` in 0..1.

    A silent clip's picture is all zeros.
    """
    result = np.zeros((len(clips), spec.frames, spec.n_mels), dtype=np.float32)
    depth = nepers(spec.range_db)
    for picture, clip in zip(result, clips, strict=True):
        peak = float(np.abs(clip).max(initial=0.0))
        if peak <= SILENCE:
            continue
        mel = log_mel(
            clip * np.float32(PEAK / peak),
            spec.sample_rate_hz,
            n_fft=spec.n_fft,
            hop=spec.hop,
            n_mels=spec.n_mels,
            fmin=spec.fmin_hz,
            fmax=spec.fmax_hz,
            center=False,
        )
        picture[:] = np.clip(1.0 + (mel - mel.max()) / depth, 0.0, 1.0).astype(np.float16)
    return result
