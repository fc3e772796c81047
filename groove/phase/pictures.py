"""What the bar-phase stages show of themselves.

What belongs here: which row is shown, and its decoding. What does not: drawing
(:mod:`groove.plots`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.audio.waveform import read_audio
from groove.core.store import Store
from groove.phase.judge.figures import Said
from groove.phase.judge.reference import Reference, of_bars
from groove.phase.judge.table import OURS
from groove.phase.labels import FRAME_RATE_HZ, phase_distance
from groove.plots.audio import waveform
from groove.plots.phase import Followed, by_group, followed, labelled_chunk


def first_render(song_renders: pd.DataFrame, store: Store) -> Mapping[str, bytes]:
    """Return a PNG of the first render with its bars; nothing of an empty table."""
    pictures = {}
    for row in song_renders.head(1).to_dict(orient="records"):
        bars = np.asarray(row["bar_start_s"], dtype=np.float64)
        pictures[f"{row['path']}"] = waveform(_mono(row, store), row["sample_rate"], bars)
    return pictures


def one_chunk_per_meter(phase_chunks: pd.DataFrame, store: Store) -> Mapping[str, bytes]:
    """Return a PNG of one chunk of each meter, with its bars and phase."""
    pictures = {}
    for row in phase_chunks.drop_duplicates("meter").to_dict(orient="records"):
        bars = np.asarray(row["bar_start_s"], dtype=np.float64)
        phase = np.asarray(row["phase"], dtype=np.float32)
        drawn = labelled_chunk(_mono(row, store), row["sample_rate"], phase, bars)
        pictures[f"{row['meter']} at rate {row['rate']:g}"] = drawn
    return pictures


def worst_chunks(
    phase_evaluation: pd.DataFrame, store: Store, most: int = 3
) -> Mapping[str, bytes]:
    """Return a PNG of each of our network's worst chunks without anticipation, worst first."""
    ours = phase_evaluation[
        (phase_evaluation["tracker"] == OURS) & (phase_evaluation["anticipation_s"] == 0)
    ]
    worst = ours.sort_values("phase_loss", ascending=False, kind="stable").head(most)
    pictures = {}
    for place, row in enumerate(worst.to_dict(orient="records"), start=1):
        title = (
            f"worst {place}: {row['path']} chunk {row['chunk']}, {row['meter']}, "
            f"loss {row['phase_loss']:.2f}"
        )
        reference = of_bars(np.asarray(row["bar_start_s"], dtype=np.float64), np.empty(0))
        phase = np.asarray(row["phase"], dtype=np.float64)
        heard = np.arange(1, len(phase) + 1) / FRAME_RATE_HZ
        said = Said(
            heard_s=heard,
            about_s=heard,
            bar_phase=phase,
            confidence=np.asarray(row["frame_confidence"], dtype=np.float64),
            beat_s=np.empty(0),
            downbeat_s=np.empty(0),
        )
        told = followed_of(reference, said, row["unscored_s"])
        sound = read_audio(store.read(row["audio"]))
        pictures[title] = followed(sound.mono(), sound.sample_rate, told, title)
    return pictures


def loss_by_meter(phase_evaluation: pd.DataFrame) -> Mapping[str, bytes]:
    """Return a PNG of our network's loss per meter, and one per tracker; none of an empty table."""
    now = phase_evaluation[phase_evaluation["anticipation_s"] == 0]
    if not len(now):
        return {}
    pictures = {}
    for title, rows, column in (
        ("phase loss by meter", now[now["tracker"] == OURS], "meter"),
        ("phase loss by tracker", now, "tracker"),
    ):
        if len(rows):
            groups = {str(name): group for name, group in rows.groupby(column)}
            values = [group["phase_loss"].astype(float).tolist() for group in groups.values()]
            pictures[title] = by_group(list(groups), values, title, "1 - cos of the error")
    return pictures


def followed_of(reference: Reference | None, said: Said, unscored_s: float = 0.0) -> Followed:
    """Return what a picture needs of what was said; without a reference no error is shown."""
    if reference is None:
        unknown = np.full(len(said.about_s), np.nan)
        return Followed(
            said.about_s,
            said.bar_phase,
            unknown,
            unknown,
            said.confidence,
            said.downbeat_s,
            unscored_s,
        )
    label = reference.phase_at(said.about_s)
    error = phase_distance(said.bar_phase, label) * reference.bar_length_at(said.about_s) * 1000
    return Followed(
        said.about_s,
        said.bar_phase,
        label,
        error,
        said.confidence,
        reference.bar_start_s,
        unscored_s,
    )


def _mono(row: Mapping[Any, Any], store: Store) -> NDArray[np.float32]:
    return np.ascontiguousarray(read_audio(store.read(row["audio"])).mono(), dtype=np.float32)
