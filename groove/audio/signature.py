"""Audio fingerprints that find the same recording again: other coding, rate or gain, same content.

What belongs here: one fixed-length vector per sound, and clusters of vectors. What does not: which
file of a cluster is kept, and splits (:mod:`groove.core.splits`). It finds copies, not similar
sounds: two hits of one drum, two takes of a loop or two mixes of a song are different.

A signature describes the sounding part of a sound (from the first to the last 2 ms that are less
than 40 dB below the loudest ones), at 16 kHz, without its gain::

    excerpt   first 1,024 samples, as a unit vector
    attack    8 frames of 32 ms × 24 mel bands, dB
    course    64 overlapping parts × 8 mel bands, dB
    length    seconds

Two sounds are one recording if the lengths agree to 60 ms or 2 %, the excerpts correlate, and
attack and course differ by less than so many dB (root mean square over the grid, levels down to
35 dB below the loudest). The excerpt tells two hits of one drum apart, whose spectra hardly differ.
Beyond 30 s it is left out: a long sound may begin with noise, which a codec does not keep, and its
course says enough. Hits get a wider margin than loops: a codec smears more of them.

Measured on 833 drum samples of 19 kits: of their copies as MP3 and OGG, at another rate and gain,
or padded, 99 % are found. Different hits taken for copies (58) are velocity layers cut from one
stroke, or strokes of one kit that differ as little. Loops that differ by one clear hit stay apart;
a quiet part added to a full arrangement (0.2 dB) does not set it apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from groove.audio.mel import filterbank, magnitude

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]

SAMPLE_RATE = 16_000
SAME_CORRELATION = 0.945
SAME_HIT_DB = (0.9, 0.5)
SAME_LOOP_DB = (0.9, 0.4)
"""Largest difference of attack and of course, for sounds below and above ``_HIT_S``."""

_EXCERPT = 1024
_ATTACK, _ATTACK_BANDS, _ATTACK_HOPS = 8, 24, 8
_COURSE, _COURSE_BANDS, _FINE = 64, 8, 4
_PARTS = (_EXCERPT, _ATTACK * _ATTACK_BANDS, _COURSE * _COURSE_BANDS)
LENGTH = sum(_PARTS) + 1

_N_FFT, _HOP = 512, 64
_LOW_HZ, _HIGH_HZ = 60.0, 7_000.0
_RANGE_DB = 35.0
_SOUNDING_DB = -40.0
_SMOOTH = 32
_LENGTH_S, _LENGTH_SHARE = 0.06, 0.02
_HIT_S, _EXCERPT_UP_TO_S = 2.0, 30.0
_LAGS, _FINER = 48, 4
"""Excerpts are aligned to a quarter sample, over 3 ms: codecs smear where a sound starts."""


def signature(samples: Float32s, sample_rate: int) -> Float32s:
    """Return the signature of mono samples ``(n,)``, ``float32[LENGTH]``."""
    import soxr

    samples = samples.astype(np.float32, copy=False)
    if sample_rate != SAMPLE_RATE:
        samples = soxr.resample(samples, sample_rate, SAMPLE_RATE, quality="HQ")
    sound = _sounding(samples)
    power = np.square(magnitude(sound, _N_FFT, _HOP))
    attack = _mel(np.pad(power, ((0, 0), (0, _ATTACK * _ATTACK_HOPS))), _ATTACK_BANDS)
    attack = attack[:, : _ATTACK * _ATTACK_HOPS].reshape(_ATTACK_BANDS, _ATTACK, -1).mean(axis=2)
    course = _course(_mel(power, _COURSE_BANDS))
    excerpt = np.pad(sound, (0, _EXCERPT))[:_EXCERPT]
    unit = excerpt / max(float(np.linalg.norm(excerpt)), 1e-12)
    length_s = len(sound) / SAMPLE_RATE
    return np.concatenate([unit, _levels(attack), _levels(course), [length_s]]).astype(np.float32)


def same_content(signatures: Sequence[Float32s]) -> list[int]:
    """Return a cluster number per signature: equal for copies; numbered by first appearance.

    Copies of copies are copies: clusters are the connected parts.

    Raises
    ------
    ValueError
        A signature has another length than ``LENGTH``.
    """
    if any(len(one) != LENGTH for one in signatures):
        raise ValueError(f"a signature has {LENGTH} values; was one made by another version?")
    if not len(signatures):
        return []
    table = np.stack(signatures).astype(np.float64)
    order = np.argsort(table[:, -1], kind="stable")
    table = table[order]
    length_s = table[:, -1]
    excerpt, attack, course = np.split(table[:, :-1], np.cumsum(_PARTS)[:-1], axis=1)
    spectrum = np.fft.rfft(excerpt, n=2 * _EXCERPT, axis=1)
    cluster = np.arange(len(table))
    reach = np.maximum(length_s + _LENGTH_S, length_s * (1 + _LENGTH_SHARE))
    ends = np.searchsorted(length_s, reach, side="right")
    for here in range(len(table)):
        later = np.arange(here + 1, ends[here])
        later = later[cluster[later] != cluster[here]]
        attack_db, course_db = SAME_HIT_DB if length_s[here] < _HIT_S else SAME_LOOP_DB
        later = later[_rms(attack, here, later) < attack_db]
        later = later[_rms(course, here, later) < course_db]
        if len(later) and 0 < length_s[here] <= _EXCERPT_UP_TO_S:
            later = later[_correlation(spectrum[here], spectrum[later]) >= SAME_CORRELATION]
        for merged in np.unique(cluster[later]):
            cluster[cluster == merged] = cluster[here]
    in_order = np.empty_like(cluster)
    in_order[order] = cluster
    numbers: dict[int, int] = {}
    return [numbers.setdefault(int(label), len(numbers)) for label in in_order]


def _sounding(samples: Float32s) -> Float32s:
    """Return the samples without the silence around them, cut to the sample.

    A cut to a frame would not do: silence put before a sound must not shift the grid.
    """
    samples = np.pad(samples, _SMOOTH)
    sums = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    level = sums[_SMOOTH:] - sums[:-_SMOOTH]
    # The sums' rounding is a level, too.
    least = max(level.max() * 10 ** (_SOUNDING_DB / 10), sums[-1] * 1e-12, 1e-20)
    loud = np.flatnonzero(level > least)
    return samples[loud[0] : loud[-1] + _SMOOTH] if len(loud) else samples[:0]


def _mel(power: Float32s, bands: int) -> Float64s:
    bank = filterbank(SAMPLE_RATE, _N_FFT, bands, _LOW_HZ, _HIGH_HZ)
    return np.asarray(bank @ power, dtype=np.float64)


def _course(power: Float64s) -> Float64s:
    """Return the power of overlapping parts of the time axis, ``(bands, _COURSE)``.

    The parts' length is a power of two times 16 ms, counted from the start: where a decay ends is
    less certain than where a sound begins. They overlap by half under a Hann window: with hard
    edges a millisecond would decide which part a hit on the edge belongs to.
    """
    shortest = _COURSE * _FINE
    fold = 1 << max(0, (-(-power.shape[1] // shortest) - 1).bit_length())
    padded = np.pad(power, ((0, 0), (0, shortest * fold - power.shape[1])))
    fine = padded.reshape(len(power), shortest, fold).sum(axis=2)
    fine = np.pad(fine, ((0, 0), (_FINE // 2, _FINE // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(fine, 2 * _FINE, axis=1)[:, ::_FINE]
    return np.asarray(windows @ np.hanning(2 * _FINE + 1)[:-1])


def _levels(power: Float64s) -> Float64s:
    loudest = max(float(power.max()), 1e-20)
    return np.asarray(10 * np.log10(power / loudest + 10 ** (-_RANGE_DB / 10)).ravel())


def _rms(grids: Float64s, here: int, others: NDArray[np.int64]) -> Float64s:
    return np.asarray(np.sqrt(np.mean(np.square(grids[others] - grids[here]), axis=1)))


def _correlation(one: NDArray[np.complex128], others: NDArray[np.complex128]) -> Float64s:
    """Return the highest correlation over small shifts, from spectra of zero-padded excerpts."""
    finer = np.fft.irfft(one * others.conj(), n=2 * _EXCERPT * _FINER, axis=1) * _FINER
    shifts = _LAGS * _FINER
    near = np.concatenate([finer[:, : shifts + 1], finer[:, -shifts:]], axis=1)
    return np.asarray(near.max(axis=1))
