"""The table of what was measured: a row per test chunk, tracker and anticipation, worst first.

What belongs here: models and chunks to rows. What does not: measuring
(:mod:`groove.phase.judge.evaluation`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from groove.core.splits import TEST
from groove.core.store import Store
from groove.core.tables import records
from groove.phase.judge.spec import PhaseEvaluationSpec

VERSION = "1"

#: What our network, and the one that the documentation describes, are called in tables.
OURS, DOCUMENTED = "bar_pointer", "phase_tcn"
#: The same of librosa's beats, every fourth of them a downbeat.
COUNTED = "librosa_counted"
_CARRIED = (
    "path",
    "sha256",
    "source",
    "license",
    "soundfont",
    "chunk",
    "rate",
    "start_s",
    "split_group",
    "split",
    "audio",
)
_FIGURES = (
    "phase_loss",
    "phase_error_ms_median",
    "phase_error_ms_p90",
    "phase_error_bars_median",
    "phase_error_bars_p90",
    "downbeat_f",
    "beat_f",
    "confidence",
)


def judge(
    phase_model: pd.DataFrame,
    phase_chunks: pd.DataFrame,
    *,
    spec: PhaseEvaluationSpec,
    store: Store,
) -> list[Mapping[str, Any]]:
    """Return the rows of ``phase_evaluation``: every network in ``phase_model``, and counting.

    A chunk without a frame that is scored has no row. The worst are first: by loss, of the first
    network and without anticipation before the others.
    """
    import torch

    from groove.phase.judge.evaluation import heard_by, heard_by_counting
    from groove.phase.model.registry import load

    torch.set_num_threads(spec.threads)
    held_out = chosen(phase_chunks, spec.chunks)
    chunks = StoredChunks(held_out, store)
    looks = sorted({0.0, spec.longest_s / 2, spec.longest_s})
    rows: list[dict[str, Any]] = []
    for trained in records(phase_model):
        model = load(store.read(trained["blob"]))
        heard = heard_by(model, chunks, looks, spec.warmup_s)
        rows += _rows(held_out, heard, network_of(trained), trained["model_id"])
    if spec.counting:
        rows += _rows(held_out, heard_by_counting(chunks, spec.warmup_s), COUNTED, "")
    order = {name: place for place, name in enumerate(dict.fromkeys(r["tracker"] for r in rows))}
    return sorted(
        rows, key=lambda row: (order[row["tracker"]], row["anticipation_s"], -row["phase_loss"])
    )


def network_of(trained: Mapping[str, Any]) -> str:
    """Return the name of the network in a training row."""
    return str(json.loads(trained["spec_json"])["network"])


def chosen(phase_chunks: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the test chunks at the tempo written, at most so many, spread over all of them."""
    held_out = phase_chunks[(phase_chunks["split"] == TEST) & (phase_chunks["rate"] == 1.0)]
    spread = np.linspace(0, len(held_out) - 1, min(len(held_out), most))
    return held_out.iloc[np.unique(spread.round().astype(int))].reset_index(drop=True)


class StoredChunks:
    """Rows of ``phase_chunks`` with their audio in a store."""

    def __init__(self, table: pd.DataFrame, store: Store) -> None:
        self.table = table
        self._store = store

    def samples(self, place: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """Return the 16 kHz mono samples of the row at ``place``."""
        from groove.audio.waveform import read_audio, resample
        from groove.phase.labels import SAMPLE_RATE

        sound = resample(read_audio(self._store.read(self.table["audio"].iloc[place])), SAMPLE_RATE)
        return np.ascontiguousarray(sound.mono(), dtype=np.float32)


def _rows(
    table: pd.DataFrame, heard: Iterator[Any], tracker: str, model_id: str
) -> Iterator[dict[str, Any]]:
    from groove.phase.judge.evaluation import meter_of

    for one in heard:
        figures = one.figures
        if not figures["scored_frames"]:
            continue
        row = table.iloc[one.place]
        yield {
            **{name: row[name] for name in _CARRIED},
            "meter": meter_of(table, one.place),
            "tempo_bpm": _known(one.reference.tempo_bpm),
            "tracker": tracker,
            "model_id": model_id,
            "anticipation_s": one.anticipation_s,
            **{name: _known(figures[name]) for name in _FIGURES},
            "scored_frames": int(figures["scored_frames"]),
            "unscored_s": one.span.warmup_s,
            "bar_start_s": np.asarray(row["bar_start_s"], dtype=np.float64),
            "phase": one.said.bar_phase.astype(np.float32),
            "frame_confidence": one.said.confidence.astype(np.float32),
        }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
