"""The model that comes with the package, judged as the file that it is.

Whatever is trained here, it is this file that users run. It has to find the bars of plain clicks,
which an untrained network does not, and ``phase.onnx`` and ``phase.safetensors`` have to be one model.

What belongs here: figures of the shipped file. What does not: verdicts
(:mod:`groove.phase.judge.verdicts`), figures on music (``groove phase evaluate``).
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Any

import numpy as np

from groove.phase.judge.figures import Span, figures_of
from groove.phase.judge.ours import said_by
from groove.phase.judge.reference import of_beats
from groove.phase.judge.signals import clicks
from groove.phase.labels import FRAME
from groove.phase.play.tracker import PhaseTracker

#: Beats per minute and beats per bar of what it is judged on, and how long each is.
CASES = ((90.0, 4), (120.0, 4), (100.0, 3), (132.0, 3))
FIGURES = ("clicks_downbeat_f", "clicks_beat_f", "onnx_from_weights")
"""What is measured of it."""
_SECONDS = 24.0
_PARITY_S = 4.0
_LOOK_S = 0.25


def shipped(model: bytes | None = None, weights: bytes | None = None) -> Iterator[dict[str, Any]]:
    """Yield rows of ``phase_checks`` about the shipped model, or about another pair of files.

    Parameters
    ----------
    model, weights
        Its ONNX and its safetensors file.
    """
    try:
        name, figures = _figures(model, weights)
    except (OSError, ValueError) as error:
        name, figures = "none", dict.fromkeys(FIGURES)
        note = str(error)
    else:
        note = ""
    for case in FIGURES:
        yield {
            "model_id": name, "check": "released", "case": case, "value": figures[case], "unit": "",
            "note": note,
        }  # fmt: skip


def _figures(model: bytes | None, weights: bytes | None) -> tuple[str, dict[str, float | None]]:
    folder = resources.files("groove.phase") / "released"
    onnx = (folder / "phase.onnx").read_bytes() if model is None else model
    kept = (folder / "phase.safetensors").read_bytes() if weights is None else weights
    name = str(PhaseTracker(onnx).file.info.get("model_id") or "unnamed")
    found = [_followed(onnx, bpm, per_bar) for bpm, per_bar in CASES]
    return name, {
        "clicks_downbeat_f": float(np.mean([one["downbeat_f"] for one in found])),
        "clicks_beat_f": float(np.mean([one["beat_f"] for one in found])),
        "onnx_from_weights": apart(onnx, kept),
    }


def _followed(onnx: bytes, bpm: float, per_bar: int) -> dict[str, float]:
    beat_s = 60 / bpm
    samples = clicks(_SECONDS, 0, beat_s=beat_s, per_bar=per_bar)
    times = np.arange(int(_SECONDS / beat_s), dtype=np.float64) * beat_s
    reference = of_beats(times, np.arange(len(times), dtype=np.int64) % per_bar + 1)
    said = said_by(PhaseTracker(onnx).push(samples), 0.0, _SECONDS)
    return dict(figures_of(reference, said, Span(warmup_s=8.0, trim_s=8.0)))


def apart(onnx: bytes, weights: bytes) -> float:
    """Return the largest difference of what the two files of a model tell of some clicks."""
    from groove.phase.judge.checks import by_tracker, difference, whole_file
    from groove.phase.model.registry import load

    samples = clicks(_PARITY_S, 1)
    samples = samples[: len(samples) // FRAME * FRAME]
    return difference(
        whole_file(load(weights), samples, _LOOK_S), by_tracker(onnx, samples, _LOOK_S)
    )
