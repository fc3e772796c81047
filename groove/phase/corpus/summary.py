"""What to show of renders and chunks.

What belongs here: figures for people. What does not: verdicts (:mod:`groove.phase.quality`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from groove.core.splits import TEST, TRAIN
from groove.phase.corpus.storage import hours_per_gb

_LABELS = ("phase", "bar_start_s", "beat_s")


def of_renders(song_renders: pd.DataFrame) -> Mapping[str, Any]:
    """Return what to show of the renders."""
    return {
        "minutes": round(float(song_renders["seconds"].sum()) / 60, 1),
        "bars": int(song_renders["beats_per_bar"].map(len).sum()),
        "drum_hits": int(song_renders["hit_s"].map(len).sum()),
        "meters": _counts(song_renders["meter"]),
        **_soundfonts(song_renders),
    }


def of_chunks(phase_chunks: pd.DataFrame) -> Mapping[str, Any]:
    """Return what to show of the chunks.

    ``hours_per_gb`` counts audio and labels as they are before the table's own compression.
    """
    seconds = float((phase_chunks["end_s"] - phase_chunks["start_s"]).sum())
    labels = sum(float(np.asarray(v).nbytes) for name in _LABELS for v in phase_chunks[name])
    audio = float(phase_chunks["audio_bytes"].sum())
    effects = Counter(
        _kind(effect) for said in phase_chunks["effects"] for effect in said if _kind(effect)
    )
    return {
        "hours": round(seconds / 3600, 2),
        "hours_per_gb": round(hours_per_gb(audio, labels, seconds), 1),
        "songs": int(phase_chunks["path"].nunique()),
        "chunks_by_split": _counts(phase_chunks["split"]),
        "chunks_by_meter": _counts(phase_chunks["meter"]),
        "chunks_by_tempo_plan": _counts(phase_chunks["tempo_plan"]),
        "effects": dict(sorted(effects.items())),
        **_soundfonts(phase_chunks),
    }


def _soundfonts(table: pd.DataFrame) -> Mapping[str, Any]:
    """Return the soundfonts of each side, and whether the test's are unheard in training."""
    fonts = {str(side): sorted(set(rows["soundfont"])) for side, rows in table.groupby("split")}
    tested = set(fonts.get(TEST, []))
    return {
        "soundfonts": fonts,
        "soundfonts_held_out": bool(tested) and not tested & set(fonts.get(TRAIN, [])),
    }


def _kind(effect: str) -> str:
    """Return an effect's name without its figures: what stands before the first number."""
    words = []
    for word in effect.split():
        if any(letter.isdigit() for letter in word):
            break
        words.append(word)
    return " ".join(words)


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in column.value_counts().sort_index().items()}
