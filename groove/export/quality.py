"""Gates of the export: every network is there, and does what it did when it was trained.

What belongs here: verdicts on ``onnx_models``. What does not: how parity is measured
(:mod:`groove.export.onnx`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from groove.core.gates import Gate

#: Training tables that have a network, each of which must have been exported.
NETWORKS = (
    "drum_classifier",
    "drum_transcriber",
    "groove_rnn",
    "loop_ranker",
    "phase_model",
    "token_gru",
)

MAX_ABS_ERROR = 1e-4


def onnx_parity(onnx_models: pd.DataFrame) -> Gate:
    """Every exported network gives what the trained one gives, over many steps."""
    count = len(onnx_models)
    return Gate(
        name="onnx_parity",
        stage="onnx_models",
        value=float(onnx_models["max_abs_error"].max(skipna=False)) if count else None,
        threshold=MAX_ABS_ERROR,
        direction="at_most",
        count=count,
        note="the largest difference of any network",
    )


def onnx_complete(onnx_models: pd.DataFrame) -> Gate:
    """Every trained network was exported."""
    found = set(onnx_models["model"]) if len(onnx_models) else set()
    missing = [name for name in NETWORKS if name not in found]
    return Gate(
        name="onnx_complete",
        stage="onnx_models",
        value=float(len(NETWORKS) - len(missing)) if found else None,
        threshold=float(len(NETWORKS)),
        direction="at_least",
        unit="networks",
        count=len(onnx_models),
        note=f"missing: {', '.join(missing)}" if missing else "",
    )


GATES: Mapping[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "onnx_models": (onnx_parity, onnx_complete)
}
