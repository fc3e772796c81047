"""Hits near the edges of streaming windows, heard with nothing but their window.

A live classifier has one window at a time: of a hit 10 ms before its end it knows 10 ms, of one
10 ms after its beginning nothing before. Each row of the pack is heard in exactly that stretch of
sound, and what is outside is silence.

What belongs here: rows of ``drum_boundary_predictions``. What does not: which hits are near an
edge (``drum_boundary_pack`` says), figures over them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from groove.audio.waveform import Waveform, read_audio
from groove.core.store import Store
from groove.midi.taxonomy import CLASSES

VERSION = "1"

_CARRIED = (
    "sample_id", "session_id", "kit_id", "path", "label", "onset_s", "window_index", "edge",
    "distance_s", "split_group", "split",
)  # fmt: skip


def predict(
    drum_boundary_pack: pd.DataFrame,
    drum_classifier: pd.DataFrame,
    spec: None,  # noqa: ARG001  # the model carries its settings
    store: Store,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``drum_boundary_predictions``, in the order of the pack.

    Raises
    ------
    groove.core.models.ModelError
        If the model is not a drum classifier.
    """
    from groove.drums.classify import model

    classifier = model.from_bytes(store.read(drum_classifier.iloc[0]["blob"]))
    likely = np.zeros((len(drum_boundary_pack), len(CLASSES)), dtype=np.float32)
    place = np.arange(len(drum_boundary_pack))
    for blob, song in drum_boundary_pack.assign(place=place).groupby("blob", sort=True):
        wave = read_audio(store.read(str(blob)))
        for _, rows in song.groupby("window_index", sort=True):
            start_s, length_s = rows["window_start_s"].iloc[0], rows["window_s"].iloc[0]
            onsets = rows["onset_s"].to_numpy(dtype=np.float64) - start_s
            heard = classifier.listen(_window(wave, start_s, length_s), onsets)
            likely[rows["place"].to_numpy()] = heard
    # What is turned down as no drum is not heard, whatever its likeliest class.
    marks = classifier.heard(likely) & classifier.known(likely)[:, None]
    for number, row in enumerate(drum_boundary_pack.to_dict(orient="records")):
        column = CLASSES.index(row["label"])
        yield {
            **{name: row[name] for name in _CARRIED},
            "probability": float(likely[number, column]),
            "heard": bool(marks[number, column]),
            "model_id": drum_classifier.iloc[0]["model_id"],
        }


def _window(wave: Waveform, start_s: float, length_s: float) -> Waveform:
    """Return a stretch of sound; what lies outside of the file is silence."""
    first = round(start_s * wave.sample_rate)
    size = round(length_s * wave.sample_rate)
    part = wave.samples[:, max(0, first) : max(0, first + size)]
    lead = min(size, max(0, -first))
    tail = size - lead - part.shape[1]
    return Waveform(np.pad(part, ((0, 0), (lead, max(0, tail)))), wave.sample_rate)
