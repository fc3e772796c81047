"""The seam of a loop: whether its end leads to its start as the music itself went on.

A loop from bar line *i* to bar line *j* replaces what followed *j* by what followed *i*. It
is seamless if those two sound alike, if what preceded them sounds alike, and if the waveform
played twice makes no event at the joint that the music did not have. Four parts, each 0..1:

=========  ====================================================================
spectrum   level-free log-mel distance of the sound at i and j, before and after
level      distance of the levels at i and j, before and after, in dB
phase      complex-domain deviation (Bello et al. 2004: the error of a spectrum
           predicted from constant magnitude and linear phase) at the joint of
           the loop played twice, over the larger one at i and j in the track
tempo      last bar's length less the first bar's
=========  ====================================================================

The score is their geometric mean: one audible fault cannot be averaged away.

What belongs here: the measurement. What does not: cutting and cross-fading
(:mod:`groove.loops.cut`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PARTS = ("spectrum", "level", "phase", "tempo")

#: Distances at which a part has fallen to 1/e.
_SPECTRUM_DB = 12.0
_LEVEL_DB = 9.0
_PHASE_RATIO = 0.5
_TEMPO_S = 0.02
_FLOOR_DB = -70.0
_BANDS = 40
_FRAME = 1_024
_HOP = 256
_BLOCK = 128


def seam_scores(
    mono: NDArray[np.float32],
    sample_rate: int,
    bar_start_s: Floats,
    start_bar: NDArray[np.int64],
    bars: NDArray[np.int64],
    window_s: float,
) -> dict[str, Floats]:
    """Return ``seam`` and its parts for each candidate, float64 (candidates,) in 0..1.

    Parameters
    ----------
    mono
        The track, (n,).
    sample_rate
        Its rate, Hz.
    bar_start_s
        Bar lines of the grid, s.
    start_bar, bars
        Candidates: first bar and length in bars.
    window_s
        How far the sound on each side of a cut counts, s.
    """
    size = max(round(window_s * sample_rate), 2 * _FRAME)
    lines = np.round(bar_start_s * sample_rate).astype(np.int64)
    padded = np.pad(mono, (size, 2 * size))
    # Sound before and after every bar line, once: (lines, size).
    before = padded[lines[:, None] + np.arange(size)]
    after = padded[lines[:, None] + size + np.arange(size)]
    # Less than half a window of file on a side is no evidence of what the music did there.
    has_before = lines >= size // 2
    has_after = lines + size // 2 <= len(mono)
    first, last = start_bar, start_bar + bars
    before_known = has_before[first].astype(float)
    after_known = has_after[last].astype(float)
    parts = {
        "spectrum": _alike(
            _distance(_shape(before, sample_rate), first, last),
            _distance(_shape(after, sample_rate), first, last),
            before_known,
            after_known,
            _SPECTRUM_DB,
        ),
        "level": _alike(
            _distance(_level(before), first, last),
            _distance(_level(after), first, last),
            before_known,
            after_known,
            _LEVEL_DB,
        ),
        "phase": _phase(before, after, first, last),
    }
    lengths = np.diff(bar_start_s)
    parts["tempo"] = np.exp(-np.abs(lengths[last - 1] - lengths[first]) / _TEMPO_S)
    together = np.prod([np.maximum(parts[name], 1e-6) for name in PARTS], axis=0)
    return {**parts, "seam": together ** (1 / len(PARTS))}


def _alike(
    before: Floats, after: Floats, before_known: Floats, after_known: Floats, scale: float
) -> Floats:
    """Return exp(-distance / scale), the distance averaged over the sides that are known."""
    known = before_known + after_known
    distance = (before * before_known + after * after_known) / np.maximum(known, 1.0)
    # A loop of the whole file has no context to compare with: neither good nor bad.
    return np.asarray(np.where(known > 0, np.exp(-distance / scale), np.exp(-1.0)))


def _distance(values: Floats, first: NDArray[np.int64], last: NDArray[np.int64]) -> Floats:
    return np.asarray(np.sqrt(np.mean(np.square(values[first] - values[last]), axis=1)))


def _level(sound: NDArray[np.float32]) -> Floats:
    power = np.mean(np.square(sound, dtype=np.float64), axis=1, keepdims=True)
    return np.asarray(np.maximum(10 * np.log10(np.maximum(power, 1e-12)), _FLOOR_DB))


def _shape(sound: NDArray[np.float32], sample_rate: int) -> Floats:
    """Return log-mel band levels in dB, the mean of each row removed: (rows, bands)."""
    from groove.audio.mel import filterbank

    size = sound.shape[1]
    power = np.abs(np.fft.rfft(sound * np.hanning(size).astype(np.float32), axis=1)) ** 2
    bank = filterbank(sample_rate, size, _BANDS, 40.0)
    mel = power @ bank.T / size**2
    loudest = np.maximum(mel.max(axis=1, keepdims=True), 1e-12)
    level = 10 * np.log10(np.maximum(mel, 1e-6 * loudest))
    return np.asarray(level - level.mean(axis=1, keepdims=True))


def _phase(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> Floats:
    """Return exp(-excess deviation) at the joint of each loop played twice."""
    lines = np.arange(len(before))
    natural = _deviation(before, after, lines, lines)
    joint = _deviation(before, after, last, first)
    usual = np.maximum(np.maximum(natural[first], natural[last]), 0.05)
    return np.asarray(np.exp(-np.maximum(joint / usual - 1.0, 0.0) / _PHASE_RATIO))


def _deviation(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
) -> Floats:
    """Return the largest complex-domain deviation around the joint of ``left`` and ``right``."""
    size = before.shape[1]
    window = np.hanning(_FRAME).astype(np.float32)
    # Frames that hold the joint, and the two before them that the prediction needs.
    centre = size
    starts = np.arange(centre - _FRAME - 2 * _HOP, centre, _HOP)
    worst = np.zeros(len(left))
    for block in range(0, len(left), _BLOCK):
        part = slice(block, block + _BLOCK)
        sound = np.hstack([before[left[part]], after[right[part]]])
        frames = sound[:, starts[:, None] + np.arange(_FRAME)] * window
        spectrum = np.fft.rfft(frames, axis=-1)
        magnitude = np.abs(spectrum)
        unit = spectrum / np.maximum(magnitude, 1e-9)
        turn = unit[:, 1:-1] * np.conj(unit[:, :-2])
        predicted = magnitude[:, 1:-1] * unit[:, 1:-1] * turn
        error = np.abs(spectrum[:, 2:] - predicted).sum(axis=-1)
        total = (magnitude[:, 2:] + magnitude[:, 1:-1]).sum(axis=-1)
        worst[part] = (error / np.maximum(total, 1e-3)).max(axis=1)
    return worst
