"""Gates of transcription, and the figures that are read off its tables.

What belongs here: pure functions of one table. What does not: training, listening.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.gates import Gate

#: Micro-F of the transcriber above that of the commonest class at every rise of the level.
LEAST_OVER_RISES = 0.1
#: Micro-F of the transcriber above that of the heuristic, over all test recordings.
LEAST_OVER_HEURISTIC = 0.05
#: Seconds of one core for a second of sound.
LARGEST_WORK_SHARE = 0.05


def _pooled(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return right, found and struck hits of each class, ``(3, classes)``."""
    columns = ("class_right", "class_found", "class_struck")
    return np.stack([np.stack(list(rows[name])).sum(axis=0) for name in columns]).astype(float)


def _f(table: NDArray[np.float64]) -> NDArray[np.float64]:
    both = table[1] + table[2]
    return np.asarray(2.0 * table[0] / np.where(both > 0, both, np.nan))


def micro_f(drum_transcriptions: pd.DataFrame, method: str) -> float | None:
    """Return the F-measure of all hits of a method together; None without recordings."""
    rows = drum_transcriptions[drum_transcriptions["method"] == method]
    if not len(rows):
        return None
    found = float(_f(_pooled(rows).sum(axis=1, keepdims=True))[0])
    return None if np.isnan(found) else found


def by_class(drum_transcriptions: pd.DataFrame) -> dict[str, list[float]]:
    """Return the F-measure of each class by method; nan where it was neither struck nor found."""
    return {
        str(method): _f(_pooled(part)).tolist()
        for method, part in drum_transcriptions.groupby("method", sort=True)
    }


def summary(drum_transcriptions: pd.DataFrame) -> pd.DataFrame:
    """Return recordings, hits and pooled F-measures by origin and method."""
    rows = []
    for (origin, method), part in drum_transcriptions.groupby(["origin", "method"], sort=True):
        table = _pooled(part)
        rows.append(
            {
                "origin": origin,
                "method": method,
                "recordings": len(part),
                "hits": int(part["struck"].sum()),
                "onset_f": float(part["onset_f"].mean()),
                "micro_f": float(_f(table.sum(axis=1, keepdims=True))[0]),
                "macro_f": float(np.nanmean(_f(table))) if table.any() else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def over_rises(drum_transcriber: pd.DataFrame) -> Gate:
    """The transcriber hears more than that something happened."""
    value = None
    groups = None
    if len(drum_transcriber):
        row = drum_transcriber.iloc[0]
        value, groups = float(row["value"] - row["baseline_value"]), int(row["test_groups"])
        if np.isnan(value):
            value = None
    return Gate(
        name="drum_transcriber_over_rises",
        stage="drum_transcriber",
        value=value,
        threshold=LEAST_OVER_RISES,
        direction="at_least",
        count=groups,
        note="micro-F at 50 ms on test recordings minus the commonest class at every rise",
    )


def over_heuristic(drum_transcriptions: pd.DataFrame) -> Gate:
    """The transcriber is worth its training: it beats rules on the same recordings."""
    ours = micro_f(drum_transcriptions, "transcriber")
    theirs = micro_f(drum_transcriptions, "heuristic")
    known = ours is not None and theirs is not None
    return Gate(
        name="drum_transcription_over_heuristic",
        stage="drum_transcriptions",
        value=float(ours) - float(theirs) if known else None,  # type: ignore[arg-type]  # both are known
        threshold=LEAST_OVER_HEURISTIC,
        direction="at_least",
        count=len(drum_transcriptions) // 2,
        note="micro-F at 50 ms over test recordings minus that of spectral flux and rules",
    )


def in_time(drum_transcriptions: pd.DataFrame) -> Gate:
    """A song takes a twentieth of its length on one core.

    The value is the share of recordings that keep to it: times differ from run to run, and what is
    gated must be the same for the same input.
    """
    rows = drum_transcriptions[drum_transcriptions["method"] == "transcriber"]
    # Of a recording of seconds, most is what any call costs.
    rows = rows[rows["seconds"] >= 5]
    return Gate(
        name="drum_transcription_in_time",
        stage="drum_transcriptions",
        value=float((rows["work_share"] <= LARGEST_WORK_SHARE).mean()) if len(rows) else None,
        threshold=0.9,
        direction="at_least",
        count=len(rows),
        note=f"share of recordings at a real-time factor of at most {LARGEST_WORK_SHARE:g}",
    )


GATES: dict[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "drum_transcriber": (over_rises,),
    "drum_transcriptions": (over_heuristic, in_time),
}
