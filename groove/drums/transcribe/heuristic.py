"""Hits without any training: spectral flux says when, the bands that level arrives in say what.

It needs no model, and is what every model is measured against. Onsets are peaks of SuperFlux
(Böck and Widmer 2013, "Maximum filter vibrato suppression for onset detection"): the rise of the
level in each band against its neighbourhood a frame before, so that vibrato is no rise. Names are
those of :class:`groove.audio.strokes.BandLabeller`, which knows no ride and no pedal, and takes
any low or bright attack for a drum: of music without drums it makes nonsense.

What belongs here: onsets, and hits without a model. What does not: naming strokes
(:mod:`groove.audio.strokes`), trained models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.audio.waveform import Waveform, resample
from groove.drums.beatmap import Beatmap, Hit

Floats = NDArray[np.float64]
Float32s = NDArray[np.float32]

NAME = "spectral-flux heuristic"

_RATE, _HOP, _N_FFT = 44_100, 441, 2048
_BANDS, _LOWEST_HZ, _HIGHEST_HZ = 138, 27.5, 16_000.0
_NEIGHBOURS = 3
#: Level within its range: log10(1 + this * magnitude), of a recording with peak 1.
_COMPRESSION = 10.0
#: Silence put before the recording, so that a stroke at its very start is a rise.
_LEAD_S = 0.25
#: A peak is the highest within this, stands so far above the mean around it, and apart.
_HIGHEST_FRAMES, _BEFORE_FRAMES, _AFTER_FRAMES, _APART_FRAMES = 3, 10, 7, 3
_STANDS_OUT = 0.05
#: The rise of a strong onset: no more than one frame in 200 rises more.
_STRONG = 0.995
#: A window sees an attack before its centre does: fitted on rendered drums with known onsets.
_EARLY_S = 0.005
#: A recording whose largest sample is no larger than this is silent.
_SILENCE = 1e-7

#: Of velocities: spans around an onset, and the velocity of a strong one.
_LEVEL_S, _QUIET_S = (0.0, 0.045), (-0.035, -0.012)
_LOUD_SHARE, _LOUD_VELOCITY, _LOUDNESS = 0.9, 0.85, 0.4


@dataclass(frozen=True)
class Onsets:
    """Onsets in order of time.

    Parameters
    ----------
    time_s
        Seconds from the first sample.
    strength
        Rise at the onset against a strong one of the recording, 0..1: how far it stands out. It
        is no probability.
    """

    time_s: Floats
    strength: Floats


def transcribe(waveform: Waveform, threshold: float | None = None) -> Beatmap:
    """Return the hits of a recording, by rules alone.

    Parameters
    ----------
    waveform
        At any rate, with any channels.
    threshold
        Least strength of an onset; ``None``: all of them. A hit's confidence is this strength.
    """
    from groove.audio.strokes import BandLabeller

    found = onsets(waveform)
    if threshold is not None:
        kept = found.strength >= threshold
        found = Onsets(found.time_s[kept], found.strength[kept])
    half = resample(waveform, _RATE // 2)
    struck = BandLabeller()(half.mono(), half.sample_rate, found.time_s)
    strength = dict(zip(found.time_s.tolist(), found.strength.tolist(), strict=True))
    return Beatmap(
        hits=[
            Hit(
                time_s=round(at, 4),
                label=label,
                velocity=round(velocity / 127, 3),
                confidence=round(strength[at], 3),
            )
            for at, label, velocity in zip(
                struck.onset_s.tolist(), struck.label, struck.velocity.tolist(), strict=True
            )
        ]
    )


def onsets(waveform: Waveform) -> Onsets:
    """Return the onsets of a recording; about 2 s of work per 20 minutes."""
    import librosa

    from groove.audio.compiled import ready

    samples = resample(waveform, _RATE).mono()
    peak = float(np.abs(samples).max(initial=0.0))
    if peak <= _SILENCE:
        return Onsets(np.zeros(0), np.zeros(0))
    ready()
    rise = _rise(samples / np.float32(peak))
    if not rise.any():
        return Onsets(np.zeros(0), np.zeros(0))
    rise /= max(float(np.quantile(rise, _STRONG)), 0.2 * float(rise.max()))
    frame = librosa.util.peak_pick(
        rise,
        pre_max=_HIGHEST_FRAMES,
        post_max=_HIGHEST_FRAMES + 1,
        pre_avg=_BEFORE_FRAMES,
        post_avg=_AFTER_FRAMES + 1,
        delta=_STANDS_OUT,
        wait=_APART_FRAMES,
    )
    time_s = _between(rise, frame) * (_HOP / _RATE) - _LEAD_S + _EARLY_S
    # What rises at the very end of a file is its end.
    heard = (time_s > -0.03) & (time_s < len(samples) / _RATE)
    time_s, places = np.unique(np.maximum(time_s[heard], 0.0), return_index=True)
    return Onsets(time_s, np.clip(rise[frame[heard][places]].astype(np.float64), 0.0, 1.0))


def velocities(waveform: Waveform, onsets_s: Floats) -> Floats:
    """Return how hard each onset is, 0..1: the level that arrives, against the strong ones."""
    samples = resample(waveform, _RATE // 2).mono().astype(np.float64)
    power = np.concatenate([[0.0], np.cumsum(np.square(samples))])

    def level(span_s: tuple[float, float]) -> Floats:
        edges = [
            np.clip(np.rint((onsets_s + side) * (_RATE // 2)), 0, len(samples)).astype(np.int64)
            for side in span_s
        ]
        energy = np.maximum(power[edges[1]] - power[edges[0]], 0.0)
        return np.asarray(np.sqrt(energy / np.maximum(edges[1] - edges[0], 1)))

    if not len(onsets_s):
        return np.zeros(0)
    arriving = np.maximum(level(_LEVEL_S) - level(_QUIET_S), 0.0)
    strong = max(float(np.quantile(arriving, _LOUD_SHARE)), 1e-9)
    return np.asarray(np.clip(_LOUD_VELOCITY * (arriving / strong) ** _LOUDNESS, 0.01, 1.0))


def _rise(samples: Float32s) -> Float32s:
    """Return SuperFlux of each frame; frame ``k`` is centred at ``k * hop`` after the lead-in."""
    import librosa

    from groove.audio.mel import filterbank, magnitude

    lead = np.zeros(round(_LEAD_S * _RATE), dtype=np.float32)
    power = np.square(magnitude(np.concatenate([lead, samples]), _N_FFT, _HOP))
    bands = filterbank(_RATE, _N_FFT, _BANDS, _LOWEST_HZ, _HIGHEST_HZ) @ power
    level = np.log10(1.0 + np.float32(_COMPRESSION) * np.sqrt(bands))
    strength = librosa.onset.onset_strength(
        S=level, sr=_RATE, hop_length=_HOP, lag=1, max_size=_NEIGHBOURS, center=False
    )
    return np.asarray(strength, dtype=np.float32)


def _between(rise: Float32s, frame: NDArray[np.int64]) -> Floats:
    """Return peaks between frames, by the parabola through each and its neighbours."""
    inner = np.clip(frame, 1, max(len(rise) - 2, 1))
    before, peak, after = (
        rise[np.minimum(inner + side, len(rise) - 1)].astype(np.float64) for side in (-1, 0, 1)
    )
    bend = before - 2 * peak + after
    shift = np.divide(before - after, 2 * bend, out=np.zeros(len(frame)), where=bend < 0)
    return np.asarray(frame + np.clip(shift, -0.5, 0.5))
