"""Gates and summaries of the bar-phase tables.

What belongs here: what must hold of renders, chunks and training, and the list of all gates. What does
not: gates over measurements (:mod:`groove.phase.judge.verdicts`), how a gate is shown or enforced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from groove.core.gates import Gate
from groove.core.splits import TEST, crossing
from groove.phase.judge.table import OURS
from groove.phase.judge.verdicts import (
    MAX_TEST_LOSS,
    confidence_is_honest,
    confidence_tells,
    downbeats_over_counting,
    fast_enough,
    heard_phase_loss,
    nothing_but_numbers,
    shipped_files_are_one,
    shipped_model_follows,
    streaming_parity,
    under_the_documented_recipe,
    unsure_without_a_beat,
)
from groove.phase.labels import FRAME_RATE_HZ


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


def soundfonts_on_one_side(phase_chunks: pd.DataFrame) -> Gate:
    """A soundfont that is held out for the test is heard nowhere else.

    Where no side has a soundfont of its own nothing is held out: that passes, and is said.
    """
    fonts = [set(rows["soundfont"]) for _, rows in phase_chunks.groupby("split")]
    shared = len(fonts) > 1 and all(side == fonts[0] for side in fonts)
    tested = set(phase_chunks.loc[phase_chunks["split"] == TEST, "soundfont"])
    elsewhere = set(phase_chunks.loc[phase_chunks["split"] != TEST, "soundfont"])
    value = None
    if len(phase_chunks):
        value = 0.0 if shared else float(len(tested & elsewhere))
    return Gate(
        name="phase_soundfonts_crossing_splits",
        stage="phase_chunks",
        value=value,
        threshold=0.0,
        direction="at_most",
        unit="soundfonts",
        count=len(tested | elsewhere),
        note="no soundfont is held out: give test_soundfonts" if shared else "",
    )


def phase_loss_under_chance(phase_model: pd.DataFrame) -> Gate:
    """Hold the network's own loss on songs never heard well under chance (1.0)."""
    return Gate(
        name="phase_test_loss",
        stage="phase_model",
        value=float(phase_model["value"].iloc[0]) if len(phase_model) else None,
        threshold=MAX_TEST_LOSS,
        direction="at_most",
        count=int(phase_model["test_groups"].iloc[0]) if len(phase_model) else 0,
        note="more songs, or more epochs, bring it down",
    )


GATES: Mapping[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "song_renders": (bars_cover_the_audio,),
    "phase_chunks": (
        audio_used,
        labelled_frames,
        songs_on_one_side,
        soundfonts_on_one_side,
    ),
    "phase_model": (phase_loss_under_chance,),
    "phase_evaluation": (
        heard_phase_loss,
        under_the_documented_recipe,
        downbeats_over_counting,
        confidence_tells,
        confidence_is_honest,
    ),
    "phase_checks": (
        streaming_parity,
        nothing_but_numbers,
        unsure_without_a_beat,
        fast_enough,
        shipped_model_follows,
        shipped_files_are_one,
    ),
}


def evaluation_summary(phase_evaluation: pd.DataFrame) -> Mapping[str, Any]:
    """Return what to show of the evaluation: medians over chunks, per tracker and anticipation."""
    figures = (
        "phase_loss",
        "phase_error_ms_median",
        "phase_error_ms_p90",
        "phase_error_bars_median",
        "downbeat_f",
        "beat_f",
    )
    shown: dict[str, Any] = {"chunks": 0, "songs": 0}
    if not len(phase_evaluation):
        return shown
    shown["chunks"] = len(phase_evaluation.drop_duplicates(["path", "soundfont", "chunk"]))
    shown["songs"] = int(phase_evaluation["path"].nunique())
    for (tracker, look), rows in phase_evaluation.groupby(["tracker", "anticipation_s"]):
        found = rows[list(figures)].astype(float).median()
        shown[f"{tracker} at {look:g} s"] = _rounded(found)
    ours = phase_evaluation[
        (phase_evaluation["tracker"] == OURS) & (phase_evaluation["anticipation_s"] == 0)
    ]
    for meter, rows in ours.groupby("meter"):
        found = rows[list(figures)].astype(float).median()
        shown[f"{OURS}, meter {meter}"] = {"chunks": len(rows), **_rounded(found)}
    return shown


def _rounded(figures: pd.Series) -> dict[str, float]:
    return {str(name): round(float(value), 4) for name, value in figures.dropna().items()}
