"""269 features of each candidate, from the track's frames by prefix sums.

The frames are computed once per track. A mean over any stretch is then a difference of two
cumulative sums, so all candidates of a track cost one array operation each.

What belongs here: the features and their names. What does not: the seam
(:mod:`groove.loops.seam`), which listens to the waveform.

Conventions
-----------
* Onset strengths are in dB of rise per frame, divided by 10; levels are linear RMS.
* Boundary windows lie inside the candidate: the first and the last 0.20 s.
* ``boundary_quiet_score`` = (onset_start + onset_end) / 2 + (rms_start + rms_end) / 2, of the
  percussive part: 0 where neither cut touches a drum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.core.store import Store
from groove.loops.candidates import CARRIED
from groove.loops.frames import MELS, TrackFrames, frames_from
from groove.loops.seam import PARTS, seam_scores
from groove.loops.spec import BarSpec, FeatureSpec

VERSION = "1"

NAMES: tuple[str, ...] = (
    "rms",
    "onset_mean",
    "perc_rms",
    "harm_rms",
    "perc_to_total_rms",
    "harm_to_total_rms",
    "perc_onset_mean",
    "perc_onset_std",
    "boundary_perc_rms_start",
    "boundary_perc_rms_end",
    "boundary_perc_onset_start",
    "boundary_perc_onset_end",
    "boundary_quiet_score",
    *(f"mel_mean_{band:03d}" for band in range(MELS)),
    *(f"mel_std_{band:03d}" for band in range(MELS)),
)
"""The features, in order; with ``bars`` beside them the rankers see 270 values."""

_ONSET_DB = 10.0
_FLOOR = 1e-7

Floats = NDArray[np.float64]


def features(frames: TrackFrames, start_s: Floats, end_s: Floats, boundary_s: float) -> Floats:
    """Return the features of candidates, float64 (candidates, 269) in the order of NAMES.

    Parameters
    ----------
    frames
        Frame values of the track.
    start_s, end_s
        Candidates, s, float64 (candidates,).
    boundary_s
        Window at each cut, s.
    """
    # A stretch has at least one frame; the last frames may lie past the file's end.
    first = np.clip(np.round(start_s * frames.rate_hz).astype(int), 0, len(frames) - 1)
    stop = np.clip(np.round(end_s * frames.rate_hz).astype(int), first + 1, len(frames))
    edge = max(round(boundary_s * frames.rate_hz), 1)
    head = (first, np.minimum(first + edge, stop))
    tail = (np.maximum(stop - edge, first), stop)
    whole = (first, stop)

    energy = _Sums(np.square(frames.rms, dtype=np.float64))
    harmonic = _Sums(np.square(frames.harmonic_rms, dtype=np.float64))
    percussive = _Sums(np.square(frames.percussive_rms, dtype=np.float64))
    onset = _Sums(frames.onset / _ONSET_DB)
    perc_onset = _Sums(frames.percussive_onset / _ONSET_DB)

    rms = np.sqrt(energy.mean(*whole))
    perc_rms, harm_rms = np.sqrt(percussive.mean(*whole)), np.sqrt(harmonic.mean(*whole))
    rms_start, rms_end = np.sqrt(percussive.mean(*head)), np.sqrt(percussive.mean(*tail))
    onset_start, onset_end = perc_onset.mean(*head), perc_onset.mean(*tail)
    quiet = 0.5 * (onset_start + onset_end) + 0.5 * (rms_start + rms_end)
    audible = np.maximum(rms, _FLOOR)
    scalars = [
        rms,
        onset.mean(*whole),
        perc_rms,
        harm_rms,
        perc_rms / audible,
        harm_rms / audible,
        perc_onset.mean(*whole),
        perc_onset.std(*whole),
        rms_start,
        rms_end,
        onset_start,
        onset_end,
        quiet,
    ]
    mel = _Sums(frames.mel)
    return np.hstack([np.stack(scalars, axis=1), mel.mean(*whole), mel.std(*whole)])


class _Sums:
    """Prefix sums of frame values (frames,) or (frames, columns), and of their squares."""

    def __init__(self, values: NDArray[np.floating]) -> None:
        # Centred first: the variance from sums would otherwise lose digits.
        self.offset = values.mean(axis=0, dtype=np.float64)
        centred = values.astype(np.float64) - self.offset
        zero = np.zeros((1, *centred.shape[1:]))
        self.first = np.concatenate([zero, np.cumsum(centred, axis=0)])
        self.second = np.concatenate([zero, np.cumsum(np.square(centred), axis=0)])

    def _over(self, sums: Floats, start: NDArray[np.int64], stop: NDArray[np.int64]) -> Floats:
        count = (stop - start).reshape(-1, *([1] * (sums.ndim - 1)))
        return np.asarray((sums[stop] - sums[start]) / count)

    def mean(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> Floats:
        mean = self._over(self.first, start, stop) + self.offset
        # All values are levels or logarithms of levels; rounding must not make a level negative.
        return np.asarray(np.maximum(mean, 0.0) if mean.ndim == 1 else mean)

    def std(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> Floats:
        mean = self._over(self.first, start, stop)
        square = self._over(self.second, start, stop)
        return np.asarray(np.sqrt(np.maximum(square - mean**2, 0.0)))


def features_of(
    item: Mapping[str, Any], spec: FeatureSpec, store: Store
) -> Iterator[dict[str, Any]]:
    """Yield the ``loop_features`` rows of one track (an item of ``candidates.by_track``)."""
    from groove.audio.waveform import Waveform, read_audio, resample

    frames = frames_from(store.read(item["blob"]), item["frame_rate_hz"])
    start_s = np.asarray(item["start_s"], dtype=np.float64)
    end_s = np.asarray(item["end_s"], dtype=np.float64)
    values = features(frames, start_s, end_s, spec.boundary_s)
    waveform = read_audio(store.read_raw(item["path"]))
    rate = min(waveform.sample_rate, BarSpec.model_fields["sample_rate"].default)
    mono = resample(Waveform(waveform.mono()[None], waveform.sample_rate), rate).mono()
    seam = seam_scores(
        mono,
        rate,
        np.asarray(item["bar_start_s"], dtype=np.float64),
        np.asarray(item["start_bar"], dtype=np.int64),
        np.asarray(item["bars"], dtype=np.int64),
        spec.seam_s,
    )
    column = {name: values[:, place] for place, name in enumerate(NAMES[:13])}
    wanted = ("rms", "perc_to_total_rms", "boundary_quiet_score")
    rows = values.astype(np.float32)
    for place in range(len(start_s)):
        yield {
            **{name: item[name] for name in CARRIED},
            "start_bar": int(item["start_bar"][place]),
            "bars": int(item["bars"][place]),
            "start_s": float(start_s[place]),
            "end_s": float(end_s[place]),
            **{name: float(column[name][place]) for name in wanted},
            "level_dbfs": float(20 * np.log10(max(column["rms"][place], 1e-6))),
            "seam": float(seam["seam"][place]),
            **{f"seam_{part}": float(seam[part][place]) for part in PARTS},
            "features": rows[place].tolist(),
        }


def matrix(loop_features: Any) -> NDArray[np.float32]:
    """Return what a ranker sees: float32 (rows, 270), the features and then ``bars``."""
    listed = [np.asarray(row, dtype=np.float32) for row in loop_features["features"]]
    bars = loop_features["bars"].to_numpy(dtype=np.float32)[:, None]
    return np.hstack([np.stack(listed) if listed else np.zeros((0, len(NAMES)), np.float32), bars])
