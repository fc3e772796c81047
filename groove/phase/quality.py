"""Gates and summaries of the bar-phase tables.

What belongs here: what must hold of renders, chunks and the model. What does not: how a gate is
shown or enforced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from groove.core.gates import Gate
from groove.core.splits import crossing
from groove.phase.labels import FRAME_RATE_HZ

#: Well under chance (1.0): a network that only knows the beat, not the bar, stays above.
MAX_TEST_LOSS = 0.8


def bars_cover_the_audio(song_renders: pd.DataFrame) -> Gate:
    """Bars are known from a render's first second to its last note."""
    shares = [
        min(1.0, (float(bars[-1]) - float(bars[0])) / seconds)
        for bars, seconds in zip(
            song_renders.get("bar_start_s", []), song_renders.get("seconds", []), strict=True
        )
    ]
    return Gate(
        name="song_bars_cover_audio",
        stage="song_renders",
        value=min(shares, default=None),
        threshold=0.9,
        direction="at_least",
        count=len(shares),
    )


def audio_used(phase_chunks: pd.DataFrame) -> Gate:
    """Chunks use the songs they were cut from, not a part of them."""
    used = total = 0.0
    if len(phase_chunks):
        for _, chunks in phase_chunks.groupby(["path", "soundfont", "rate"]):
            ordered = chunks.sort_values("start_s")
            reached = ordered["end_s"].cummax().shift(fill_value=0.0)
            fresh = ordered["end_s"] - np.maximum(ordered["start_s"], reached)
            used += float(fresh.clip(lower=0).sum())
            total += float(ordered["song_s"].iloc[0])
    return Gate(
        name="phase_audio_used",
        stage="phase_chunks",
        value=used / total if total else None,
        threshold=0.95,
        direction="at_least",
        count=len(phase_chunks),
    )


def labelled_frames(phase_chunks: pd.DataFrame) -> Gate:
    """Training hardly ever hears music whose place in the bar is unknown."""
    labelled = frames = 0
    if len(phase_chunks):
        for phase, start, end in zip(
            phase_chunks["phase"], phase_chunks["start_s"], phase_chunks["end_s"], strict=True
        ):
            heard = np.asarray(phase, dtype=np.float32)[: int((end - start) * FRAME_RATE_HZ)]
            labelled += int(np.isfinite(heard).sum())
            frames += len(heard)
    return Gate(
        name="phase_labelled_frames",
        stage="phase_chunks",
        value=labelled / frames if frames else None,
        threshold=0.99,
        direction="at_least",
        count=frames,
    )


def songs_on_one_side(phase_chunks: pd.DataFrame) -> Gate:
    """No song and no group of songs is on two sides of the split."""
    value = None
    if len(phase_chunks):
        value = float(sum(crossing(phase_chunks, name) for name in ("sha256", "split_group")))
    return Gate(
        name="phase_songs_crossing_splits",
        stage="phase_chunks",
        value=value,
        threshold=0.0,
        direction="at_most",
        unit="songs",
        count=int(phase_chunks["sha256"].nunique()) if len(phase_chunks) else 0,
    )


def phase_loss_under_chance(phase_tcn: pd.DataFrame) -> Gate:
    """Hold the loss on songs never heard well under chance (1.0)."""
    return Gate(
        name="phase_test_loss",
        stage="phase_tcn",
        value=float(phase_tcn["value"].iloc[0]) if len(phase_tcn) else None,
        threshold=MAX_TEST_LOSS,
        direction="at_most",
        count=int(phase_tcn["test_groups"].iloc[0]) if len(phase_tcn) else 0,
        note="more songs, or more epochs, bring it down",
    )


GATES: Mapping[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "song_renders": (bars_cover_the_audio,),
    "phase_chunks": (audio_used, labelled_frames, songs_on_one_side),
    "phase_tcn": (phase_loss_under_chance,),
}


def render_summary(song_renders: pd.DataFrame) -> Mapping[str, Any]:
    """Return what to show of the renders."""
    return {
        "minutes": round(float(song_renders["seconds"].sum()) / 60, 1),
        "bars": int(song_renders["beats_per_bar"].map(len).sum()),
        "drum_hits": int(song_renders["hit_s"].map(len).sum()),
        "meters": song_renders["meter"].value_counts().sort_index().to_dict(),
    }


def chunk_summary(phase_chunks: pd.DataFrame) -> Mapping[str, Any]:
    """Return what to show of the chunks."""
    return {
        "minutes": round(float((phase_chunks["end_s"] - phase_chunks["start_s"]).sum()) / 60, 1),
        "songs": int(phase_chunks["path"].nunique()),
        "chunks_by_split": phase_chunks["split"].value_counts().sort_index().to_dict(),
        "chunks_by_meter": phase_chunks["meter"].value_counts().sort_index().to_dict(),
    }
