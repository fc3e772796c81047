"""Features: what training needs of a chunk, computed once and laid out to be mapped into memory.

Decoding a chunk and computing its levels takes tens of milliseconds, reading them back a tenth of
one. Chunks of a render lie in two arrays: band levels in half precision (2 kB a frame of audio, 23 MB
an hour) and, at 50 labels a second with a second more than the audio, the phase in the bar and the
phase in the beat, from the exact times of bars and beats. Everything else that a network learns by
follows from the two phases: where one falls, something was struck.

What belongs here: chunks to arrays and back. What does not: levels themselves
(:mod:`groove.phase.model.front`), batches (:mod:`groove.phase.learn.dataset`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.arrays import npy
from groove.core.store import Store
from groove.phase.labels import FRAME_RATE_HZ, SAMPLE_RATE, Times, bar_phase, frame_times
from groove.phase.spec import FeatureSpec

if TYPE_CHECKING:
    from groove.phase.model.front import FrontEnd

VERSION = "1"

#: Labels go on for this long after the audio, for predictions that look ahead, in seconds.
HEADROOM_S = 1.0
#: Chunks in one pair of arrays at most: 50 MB.
_PACK = 256
_SHARED = ("path", "sha256", "source", "license", "soundfont", "split_group", "split")
_EACH = ("chunk", "rate", "seconds", "meter", "beats_per_bar")
_HEARD = ("audio", "bar_start_s", "beat_s")


class FeatureError(ValueError):
    """Chunks that cannot be used, or arrays that are not what their row says."""


def packs(phase_chunks: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pack of chunks of a render, their columns as lists.

    Parameters
    ----------
    phase_chunks
        Rows of that table.
    """
    shared = list(_SHARED)
    if not len(phase_chunks):
        return pd.DataFrame(columns=[*shared, *_EACH, *_HEARD])
    pack = phase_chunks.groupby(["path", "soundfont"], sort=False).cumcount() // _PACK
    grouped = phase_chunks.assign(pack=pack).groupby([*shared, "pack"], sort=False)
    return grouped[[*_EACH, *_HEARD]].agg(list).reset_index().drop(columns="pack")


def pack_features(
    item: Mapping[str, Any], spec: FeatureSpec, store: Store
) -> Iterable[Mapping[str, Any]]:
    """Return the rows of ``phase_features`` of one pack.

    Parameters
    ----------
    item
        A row of :func:`packs`.

    Raises
    ------
    FeatureError
        If chunks are not of one length, or not at 16 kHz.
    """
    lengths = {round(seconds * FRAME_RATE_HZ) for seconds in item["seconds"]}
    if len(lengths) != 1:
        raise FeatureError("chunks of different lengths in one render: chop it again")
    (frames,) = lengths
    times = frame_times(frames + round(HEADROOM_S * FRAME_RATE_HZ))
    front = _front(spec)
    levels = np.stack([_levels(store.read(blob), frames, front) for blob in item["audio"]])
    bars = [np.asarray(starts, dtype=np.float64) for starts in item["bar_start_s"]]
    beats = [np.asarray(starts, dtype=np.float64) for starts in item["beat_s"]]
    phases = np.stack(
        [
            np.stack([bar_phase(times, bar), bar_phase(times, _continued(beat))], axis=1)
            for bar, beat in zip(bars, beats, strict=True)
        ]
    )
    arrays = {
        "levels": store.write(npy(levels.astype(np.float16)), ".npy"),
        "phases": store.write(npy(_single(phases)), ".npy"),
    }
    return [
        {
            **{name: item[name] for name in _SHARED},
            **{name: item[name][place] for name in _EACH},
            "tempo_bpm": _tempo_bpm(beats[place]),
            **spec.model_dump(include=set(FeatureSpec.model_fields)),
            **arrays,
            "place": place,
        }
        for place in range(len(levels))
    ]


def summary(phase_features: pd.DataFrame) -> Mapping[str, Any]:
    """Return what to show of the features."""
    bands = phase_features["low_bands"] + phase_features["high_bands"]
    frames = phase_features["seconds"] * FRAME_RATE_HZ
    labels = frames + HEADROOM_S * FRAME_RATE_HZ
    return {
        "hours": round(float(phase_features["seconds"].sum()) / 3600, 2),
        "megabytes": round(float((frames * bands * 2 + labels * 8).sum()) / 1e6, 1),
        "packs": int(phase_features["levels"].nunique()),
        "chunks_by_split": phase_features["split"].value_counts().sort_index().to_dict(),
        "chunks_by_beats_per_bar": {
            str(beats): int(count)
            for beats, count in phase_features["beats_per_bar"].value_counts().sort_index().items()
        },
    }


@functools.cache
def _front_end(low_bands: int, high_bands: int, memory_s: float) -> FrontEnd:
    # A worker makes it once, not once per song.
    from groove.phase.model.front import FrontEnd

    return FrontEnd(low_bands, high_bands, memory_s)


def _front(spec: FeatureSpec) -> FrontEnd:
    return _front_end(spec.low_bands, spec.high_bands, spec.memory_s)


def _levels(data: bytes, frames: int, front: FrontEnd) -> NDArray[np.float32]:
    import torch

    from groove.audio.waveform import read_audio

    sound = read_audio(data)
    if sound.sample_rate != SAMPLE_RATE:
        raise FeatureError(f"a chunk at {sound.sample_rate} Hz; the model hears {SAMPLE_RATE}")
    samples = np.ascontiguousarray(sound.mono(), dtype=np.float32)
    with torch.no_grad():
        levels = np.asarray(front(torch.from_numpy(samples)[None])[0].numpy())
    if len(levels) < frames:
        raise FeatureError(f"a chunk of {len(levels)} frames, not of {frames}")
    return levels[:frames]


def _continued(beats: Times) -> Times:
    """Return beats with one more at either end: a beat reaches beyond the chunk's own."""
    if len(beats) < 2:
        return beats[:0]
    return np.concatenate([[2 * beats[0] - beats[1]], beats, [2 * beats[-1] - beats[-2]]])


def _tempo_bpm(beats: Times) -> float | None:
    return float(60.0 / np.median(np.diff(beats))) if len(beats) > 1 else None


def _single(phase: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return phases in single precision, where rounding must not make 1.0 of 0.99999999."""
    return np.minimum(phase.astype(np.float32), np.nextafter(np.float32(1), np.float32(0)))
