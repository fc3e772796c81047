"""Rendered songs and played grooves as rows of ``drum_levels``.

What belongs here: which recordings, their levels and hits. What does not: what levels are
(:mod:`groove.drums.transcribe.levels`), training.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.audio.waveform import read_audio
from groove.core.arrays import ArrayError, mapped, npy
from groove.core.digest import seed_of
from groove.core.store import Store
from groove.drums.transcribe.levels import levels
from groove.drums.transcribe.spec import LevelSpec, RecordingSpec
from groove.midi import taxonomy
from groove.midi.taxonomy import CLASSES, class_of, label_of_note

VERSION = f"1+{taxonomy.DIGEST}"

_CARRIED = ("path", "sha256", "source", "license", "split_group", "split")
_CLASS = {name: place for place, name in enumerate(CLASSES)}


@dataclass(frozen=True)
class Recording:
    """What is known of a recording.

    Attributes
    ----------
    levels
        ``(frames, mels)`` in 0..1, half precision, may be mapped from a file.
    hit_s, klass, velocity
        Of each hit; velocity 0..1, nan where it is not known.
    """

    levels: NDArray[np.float16]
    hit_s: NDArray[np.float64]
    klass: NDArray[np.int64]
    velocity: NDArray[np.float64]


def items(
    song_renders: pd.DataFrame, kit_renders: pd.DataFrame, spec: RecordingSpec
) -> pd.DataFrame:
    """Return one row per recording with known hits: played grooves, then songs.

    Parameters
    ----------
    song_renders, kit_renders
        Rows of those tables.
    spec
        How many songs at most; which are taken hangs on their names alone.
    """
    columns = [*_CARRIED, "origin", "kit_id", "audio", "hit_s", "hit_label", "hit_velocity"]
    drummed = song_renders[song_renders["hit_s"].map(len) > 0]
    order = [seed_of("songs to transcribe", path) for path in drummed["path"]]
    drummed = drummed.iloc[np.argsort(order, kind="stable")[: spec.songs]]
    songs = drummed[list(_CARRIED)].assign(
        origin="song",
        kit_id=drummed["soundfont"],
        audio=drummed["audio"],
        hit_s=drummed["hit_s"],
        hit_label=drummed["hit_note"].map(
            lambda notes: [label_of_note(int(note)) or "" for note in notes]
        ),
        hit_velocity=drummed["hit_velocity"].map(
            lambda values: (np.asarray(values, dtype=np.float64) / 127.0).tolist()
        ),
    )
    kits = kit_renders[[name for name in columns if name != "origin"]].assign(origin="kit")
    parts = [part[columns].astype(object) for part in (kits, songs) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else songs[columns]


def levels_of(
    item: Mapping[str, Any], spec: RecordingSpec, store: Store
) -> Iterable[Mapping[str, Any]]:
    """Return the row of ``drum_levels`` of one recording.

    Raises
    ------
    groove.audio.waveform.AudioError
        If the blob is no audio.
    """
    wave = read_audio(store.read(item["audio"]))
    level = LevelSpec(**{name: getattr(spec, name) for name in LevelSpec.model_fields})
    known = [place for place, label in enumerate(item["hit_label"]) if label]
    return [
        {
            **{name: item[name] for name in (*_CARRIED, "origin", "kit_id", "audio")},
            "seconds": wave.duration_s,
            "hit_s": [float(item["hit_s"][place]) for place in known],
            "hit_class": [class_of(item["hit_label"][place]) for place in known],
            "hit_velocity": [float(item["hit_velocity"][place]) for place in known],
            "unknown_labels": len(item["hit_label"]) - len(known),
            "level_spec_json": level.model_dump_json(),
            "levels": store.write(npy(levels(wave, level).astype(np.float16)), ".npy"),
        }
    ]


def recording(row: Mapping[Any, Any], store: Store) -> Recording:
    """Return a row's levels, which stay on the disk until they are read, and its hits.

    Raises
    ------
    groove.core.arrays.ArrayError
        If the blob holds no levels.
    """
    seen = mapped(store, row["levels"])
    if seen.dtype != np.float16 or seen.ndim != 2:
        raise ArrayError(f"{row['levels']}: expected half-precision levels (frames, mels)")
    return Recording(
        seen,
        np.asarray(row["hit_s"], dtype=np.float64),
        np.array([_CLASS[name] for name in row["hit_class"]], dtype=np.int64),
        np.asarray(row["hit_velocity"], dtype=np.float64),
    )


def summary(drum_levels: pd.DataFrame) -> Mapping[str, Any]:
    """Return what to show of the table."""
    struck = drum_levels["hit_class"].explode().value_counts()
    return {
        "minutes": round(float(drum_levels["seconds"].sum()) / 60, 1),
        "recordings_by_split": json.dumps(
            drum_levels["split"].value_counts().sort_index().to_dict()
        ),
        "hits_by_class": json.dumps({name: int(struck.get(name, 0)) for name in CLASSES}),
    }
