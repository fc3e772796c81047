"""What the transcriber sees: log-mel levels of a recording, 0 to 1 over the range that counts.

::

    level = 1 + (ln mel power - ln of the recording's loudest) / range, cut at 0

One number is taken off the whole recording, so that how loud a file was saved does not matter,
and how loud a hit is beside the others does.

What belongs here: the one feature function of training, transcription and evaluation, and what it
is to be trained towards. What does not: the same inside the ONNX graph
(:mod:`groove.drums.transcribe.graph`, proved equal by a test).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from groove.audio.mel import log_mel
from groove.audio.waveform import Waveform, resample
from groove.drums.transcribe.spec import LevelSpec

Levels = NDArray[np.float32]
Floats = NDArray[np.float64]

#: Gain before the logarithm, which puts its floor far below the range of all but silence.
GAIN = 1e5
#: No recording's loudest level is taken for lower (nepers of power, some 70 dB below a usual
#: recording's): the logarithm's floor is then below the range, and silence stays silence.
FLOOR = 4.7


def depth(spec: LevelSpec) -> float:
    """Return the range as a natural logarithm of power."""
    return spec.range_db * math.log(10.0) / 10.0


def log_levels(samples: NDArray[np.float32], spec: LevelSpec) -> Levels:
    """Return log-mel power of mono samples at the spec's rate, ``(frames, mels)``.

    Frame ``k`` is centred at ``k * hop`` samples.
    """
    return log_mel(
        samples * np.float32(GAIN),
        spec.sample_rate_hz,
        n_fft=spec.n_fft,
        hop=spec.hop,
        n_mels=spec.n_mels,
        fmin=spec.fmin_hz,
        fmax=spec.fmax_hz,
    )


def reference(logs: Levels) -> float:
    """Return the logarithm that is level 1: the loudest point, or the floor below all of it."""
    return max(float(logs.max(initial=FLOOR)), FLOOR)


def levels(waveform: Waveform, spec: LevelSpec) -> Levels:
    """Return the levels of a whole recording, ``(frames, mels)`` in 0..1."""
    logs = log_levels(resample(waveform, spec.sample_rate_hz).mono(), spec)
    return scaled(logs, reference(logs), spec)


def scaled(logs: Levels, loudest: float, spec: LevelSpec) -> Levels:
    """Return logarithms as levels, ``loudest`` as 1."""
    relative = (logs - np.float32(loudest)) / np.float32(depth(spec))
    return np.asarray(np.clip(1.0 + relative, 0.0, 1.0), dtype=np.float32)


def targets(
    hits_s: Floats, classes: NDArray[np.int64], frames: int, count: int, spec: LevelSpec
) -> NDArray[np.float32]:
    """Return what each class should say at each frame, ``(frames, count)`` in 0..1.

    A triangle around each hit, one at its place and zero two frames off: a peak whose place
    between two frames is kept.

    Parameters
    ----------
    hits_s, classes
        Onset (s) and class of each hit.
    frames, count
        Size of the result.
    """
    found = np.zeros((frames, count), dtype=np.float32)
    place = np.asarray(hits_s) * spec.frames_per_s
    for offset in range(-2, 4):
        frame = np.floor(place).astype(np.int64) + offset - 1
        value = 1.0 - np.abs(frame - place) / 2.0
        use = (value > 0) & (frame >= 0) & (frame < frames)
        np.maximum.at(found, (frame[use], classes[use]), value[use].astype(np.float32))
    return found
