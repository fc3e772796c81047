"""How well a transcriber does on the pipeline's test recordings: rows of ``drum_transcriptions``.

What belongs here: the model and the heuristic on the same recordings. What does not: figures
(:mod:`groove.drums.transcribe.evaluation`), gates
(:mod:`groove.drums.transcribe.quality`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from groove.audio.waveform import Waveform, read_audio
from groove.core.splits import TEST
from groove.core.store import Store
from groove.drums.beatmap import Beatmap, Hit
from groove.drums.transcribe import heuristic
from groove.drums.transcribe.evaluation import Scores, score
from groove.drums.transcribe.spec import JudgeSpec
from groove.midi.taxonomy import CLASSES, label_of_alias

VERSION = "1"

_CARRIED = (
    "path", "sha256", "source", "license", "origin", "kit_id", "audio", "seconds",
    "split_group", "split",
)  # fmt: skip


def judge(
    drum_levels: pd.DataFrame, drum_transcriber: pd.DataFrame, spec: JudgeSpec, store: Store
) -> Iterator[dict[str, Any]]:
    """Yield two rows for each test recording: the transcriber's and the heuristic's.

    Parameters
    ----------
    drum_levels, drum_transcriber
        Rows of those tables.
    spec
        How many recordings of each origin at most, evenly spread.
    """
    from groove.drums.transcribe.model import Transcriber

    model_id = str(drum_transcriber.iloc[0]["model_id"])
    trained = Transcriber.from_bytes(store.read(drum_transcriber.iloc[0]["blob"]))
    methods: dict[str, Callable[[Waveform], Beatmap]] = {
        "transcriber": trained.transcribe,
        "heuristic": heuristic.transcribe,
    }
    test = drum_levels[drum_levels["split"] == TEST]
    for _, part in test.groupby("origin", sort=True):
        kept = np.linspace(0, len(part) - 1, min(spec.recordings, len(part))).round().astype(int)
        for row in part.iloc[kept].to_dict(orient="records"):
            wave = read_audio(store.read(row["audio"]))
            truth = truth_of(row)
            for method, listen in methods.items():
                started = time.thread_time()
                found = listen(wave)
                spent = time.thread_time() - started
                yield {
                    **{name: row[name] for name in _CARRIED},
                    "method": method,
                    "model_id": model_id,
                    "struck": len(truth.hits),
                    "found": len(found.hits),
                    "work_share": spent / max(wave.duration_s, 1e-3),
                    **_figures(score(truth, found)),
                }


def truth_of(row: Any) -> Beatmap:
    """Return the known hits of a row of ``drum_levels``."""
    return Beatmap(
        hits=[
            Hit(time_s=float(at), label=str(label_of_alias(name)), velocity=float(velocity))
            for at, name, velocity in zip(
                row["hit_s"], row["hit_class"], row["hit_velocity"], strict=True
            )
        ]
    )


def _figures(scores: Scores) -> dict[str, Any]:
    by_class = [scores.classes[name] for name in CLASSES]
    return {
        # Nothing struck and nothing found is as good as can be.
        "onset_f": 1.0 if scores.onset_f is None else scores.onset_f,
        "micro_f": 1.0 if scores.micro_f is None else scores.micro_f,
        "class_struck": [count.support for count in by_class],
        "class_found": [count.tp + count.fp for count in by_class],
        "class_right": [count.tp for count in by_class],
    }
