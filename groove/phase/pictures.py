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
from groove.core.splits import TEST
from groove.core.store import Store
from groove.phase.labels import bar_phase
from groove.plots.audio import waveform
from groove.plots.phase import labelled_chunk, predicted_phase


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


def test_predictions(
    phase_tcn: pd.DataFrame, phase_chunks: pd.DataFrame, store: Store
) -> Mapping[str, bytes]:
    """Return a PNG of the phase predicted without anticipation on one test song per meter."""
    import torch

    from groove.phase.judge.evaluation import phase_of, scored_times
    from groove.phase.model.streaming import load_model

    held_out = phase_chunks[(phase_chunks["split"] == TEST) & (phase_chunks["rate"] == 1.0)]
    pictures = {}
    for blob in phase_tcn["blob"].head(1):
        model = load_model(store.read(blob))
        for row in held_out.drop_duplicates("meter").to_dict(orient="records"):
            with torch.no_grad():
                predicted = model(torch.from_numpy(_mono(row, store))[None], torch.zeros(1))[0]
            _, times = scored_times(len(predicted), 0.0, 0.0)
            label = bar_phase(times, np.asarray(row["bar_start_s"], dtype=np.float64))
            warmup = model.network.spec.warmup_s
            pictures[f"{row['meter']} {row['path']}"] = predicted_phase(
                phase_of(predicted), label, warmup
            )
    return pictures


def _mono(row: Mapping[Any, Any], store: Store) -> NDArray[np.float32]:
    return np.ascontiguousarray(read_audio(store.read(row["audio"])).mono(), dtype=np.float32)
