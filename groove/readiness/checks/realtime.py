"""Real-time factor: seconds of work per second of audio.

The gate holds the slowest run: what is promised is promised of every song.

What belongs here: the figure and its gate. What does not: running and timing anything.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from groove.core.gates import Gate
from groove.readiness.checks.spec import RealtimeSpec
from groove.readiness.checks.verdict import gate

STAGE = "realtime"


def measure(runs: pd.DataFrame) -> dict[str, Any] | None:
    """Return the factors of timed runs; None without runs.

    Parameters
    ----------
    runs
        ``audio_s`` (above 0) and ``seconds`` spent, one row per run.
    """
    if not len(runs):
        return None
    factors = runs["seconds"].to_numpy(dtype=np.float64) / runs["audio_s"].to_numpy(
        dtype=np.float64
    )
    return {
        "runs": len(factors),
        "audio_s": float(runs["audio_s"].sum()),
        "median": float(np.median(factors)),
        "slowest": float(factors.max()),
    }


def gates(found: dict[str, Any] | None, spec: RealtimeSpec, missing: str = "") -> list[Gate]:
    """Return the verdicts: fast enough, and measured often enough."""
    missing = missing or ("" if found else "no run was timed")
    return [
        gate(
            STAGE, "factor", found["slowest"] if found else None, spec.factor, "at_most",
            unit="s/s", count=found["runs"] if found else None,
            note=f"slowest run; median {found['median']:.4g}" if found else missing,
        ),
        gate(
            STAGE, "runs", float(found["runs"]) if found else None, spec.least_runs, "at_least",
            unit="runs", note=missing or "time it again",
        ),
    ]  # fmt: skip
