"""Clips: the pictures of all events of an audio file, in one blob.

What belongs here: rows of ``drum_events`` to rows of ``drum_clips``, and reading such a blob.
What does not: what a picture is (:mod:`groove.drums.classify.features`).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.audio.waveform import read_audio
from groove.core.store import Store
from groove.drums.classify.features import cut, pictures
from groove.drums.spec import ClipSpec

VERSION = "1"

_FILE = ("path", "sha256", "source", "license", "origin", "split_group", "split")


class ClipError(ValueError):
    """A blob that holds no pictures; the message says why."""


def items(drum_events: pd.DataFrame) -> pd.DataFrame:
    """Return one row per audio file: its events' identities and onsets as lists."""
    columns = [*_FILE, "content", "blob", "sample_ids", "onset_s"]
    if not len(drum_events):
        return pd.DataFrame(columns=columns)
    grouped = drum_events.groupby(["path", "content"], sort=False)
    files = grouped[[*_FILE[1:], "blob"]].first().reset_index()
    # first() skips nulls, and a one-shot's blob is null in all of its rows.
    files["blob"] = files["blob"].astype(object).where(files["blob"].notna(), None)
    files["sample_ids"] = grouped["sample_id"].agg(list).to_numpy()
    files["onset_s"] = grouped["onset_s"].agg(list).to_numpy()
    return files[columns]


def clips_of(item: Mapping[str, Any], spec: ClipSpec, store: Store) -> Iterator[dict[str, Any]]:
    """Yield the row of ``drum_clips`` of one audio file.

    Raises
    ------
    groove.audio.waveform.AudioError
        If the file is no audio.
    """
    data = store.read(item["blob"]) if item["blob"] else store.read_raw(item["path"])
    onsets_s = np.asarray(item["onset_s"], dtype=np.float64)
    seen = pictures(cut(read_audio(data), onsets_s, spec), spec)
    yield {
        **{name: item[name] for name in _FILE},
        "sample_ids": list(item["sample_ids"]),
        "clips": len(seen),
        "frames": spec.frames,
        "mels": spec.n_mels,
        "clip_spec_json": json.dumps(spec.model_dump(), sort_keys=True),
        "blob": store.write(to_bytes(seen), ".npy"),
    }


def to_bytes(seen: NDArray[np.float32]) -> bytes:
    """Return pictures as a NumPy file in half precision (steps of at most 0.04 dB)."""
    out = io.BytesIO()
    np.save(out, seen.astype(np.float16), allow_pickle=False)
    return out.getvalue()


def from_bytes(data: bytes) -> NDArray[np.float16]:
    """Return what :func:`to_bytes` wrote.

    Raises
    ------
    ClipError
        If the bytes are no such file.
    """
    try:
        found = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ClipError(f"not a NumPy file of pictures: {error}") from error
    if not isinstance(found, np.ndarray) or found.ndim != 3 or found.dtype != np.float16:
        raise ClipError("expected half-precision pictures (clips, frames, mels)")
    return found
