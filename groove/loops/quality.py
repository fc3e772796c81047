"""Gates and summaries of the DJ loop tables.

What belongs here: verdicts over tables. What does not: measuring (the stages do).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from groove.core.gates import Gate
from groove.loops.features import NAMES

_PEAK_DBTP = -1.0
_LENGTH_S = 0.005
_SEAM = 0.5


def _share(name: str, stage: str, good: pd.Series, threshold: float, note: str) -> Gate:
    value = float(good.mean()) if len(good) else None
    return Gate(
        name=name,
        stage=stage,
        value=value,
        threshold=threshold,
        direction="at_least",
        count=len(good),
        note=note,
    )


def every_track_has_a_bar_grid(track_bars: pd.DataFrame) -> Gate:
    """Share of tracks whose bar lines increase, lie in the track and hold at least two bars."""

    def sound(row: pd.Series) -> bool:
        lines = np.asarray(row["bar_start_s"], dtype=np.float64)
        return bool(
            len(lines) > 2 and (np.diff(lines) > 0).all() and lines[-1] <= row["duration_s"]
        )

    good = pd.Series([sound(row) for _, row in track_bars.iterrows()], dtype=float)
    return _share("tracks_with_a_bar_grid", "track_bars", good, 1.0, "tracks shorter than two bars")


def grids_are_clear(track_bars: pd.DataFrame) -> Gate:
    """Median confidence of the bar grids."""
    values = track_bars["confidence"]
    return Gate(
        name="track_grid_confidence",
        stage="track_bars",
        value=float(values.median()) if len(values) else None,
        threshold=0.5,
        direction="at_least",
        count=len(values),
        note="music without a steady beat has no use for bar-aligned loops",
    )


def every_candidate_is_whole_bars(loop_candidates: pd.DataFrame) -> Gate:
    """Share of candidates that end after they start."""
    good = (loop_candidates["end_s"] > loop_candidates["start_s"]).astype(float)
    return _share("candidates_with_length", "loop_candidates", good, 1.0, "bar lines out of order")


def features_are_finite(loop_features: pd.DataFrame) -> Gate:
    """Share of candidates with 269 finite features."""
    good = pd.Series(
        [
            float(len(row) == len(NAMES) and bool(np.isfinite(np.asarray(row)).all()))
            for row in loop_features["features"]
        ],
        dtype=float,
    )
    return _share("finite_features", "loop_features", good, 1.0, "a damaged frame blob")


def labels_tell_candidates_apart(loop_labels: pd.DataFrame) -> Gate:
    """Share of tracks with more than one weight: a constant label teaches nothing."""
    good = (loop_labels.groupby("path")["weight"].nunique() > 1).astype(float)
    return _share("tracks_with_varied_labels", "loop_labels", good, 0.9, "tracks of one bar only")


def ranker_beats_both_baselines(loop_ranker: pd.DataFrame) -> Gate:
    """NDCG on held-out tracks over the better one of chance and loudest first: worst ranker."""
    margins = loop_ranker["value"] - loop_ranker["baseline_value"]
    return Gate(
        name="ranker_ndcg_over_baseline",
        stage="loop_ranker",
        value=float(margins.min()) if len(margins) else None,
        threshold=0.01,
        direction="at_least",
        count=int(loop_ranker["test_groups"].min()) if len(loop_ranker) else None,
        note="more tracks, or marked loops, teach a ranker more",
    )


def exports_never_clip(loop_exports: pd.DataFrame) -> Gate:
    """Highest true peak of all exported files."""
    values = loop_exports["peak_dbtp"]
    return Gate(
        name="export_true_peak",
        stage="loop_exports",
        value=float(values.max()) if len(values) else None,
        threshold=_PEAK_DBTP,
        direction="at_most",
        unit="dBTP",
        count=len(values),
        note="lower peak_dbtp in the export settings",
    )


def exports_are_whole_bars(loop_exports: pd.DataFrame) -> Gate:
    """Largest difference between a file's length and its bars on the grid."""
    values = loop_exports["length_error_s"].abs()
    return Gate(
        name="export_length_error",
        stage="loop_exports",
        value=float(values.max()) if len(values) else None,
        threshold=_LENGTH_S,
        direction="at_most",
        unit="s",
        count=len(values),
        note="lower snap_s in the export settings",
    )


def exports_loop_well(loop_exports: pd.DataFrame) -> Gate:
    """Share of exported loops whose seam is at least 0.5."""
    good = (loop_exports["seam"] >= _SEAM).astype(float)
    return _share("export_seam", "loop_exports", good, 0.9, "tracks in which nothing loops")


def exports_are_audible(loop_exports: pd.DataFrame) -> Gate:
    """Level of the quietest exported file."""
    values = loop_exports["rms_dbfs"]
    return Gate(
        name="export_level",
        stage="loop_exports",
        value=float(values.min()) if len(values) else None,
        threshold=-40.0,
        direction="at_least",
        unit="dBFS",
        count=len(values),
        note="a loop of near silence was chosen",
    )


GATES: Mapping[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "track_bars": (every_track_has_a_bar_grid, grids_are_clear),
    "loop_candidates": (every_candidate_is_whole_bars,),
    "loop_features": (features_are_finite,),
    "loop_labels": (labels_tell_candidates_apart,),
    "loop_ranker": (ranker_beats_both_baselines,),
    "loop_exports": (
        exports_never_clip,
        exports_are_whole_bars,
        exports_loop_well,
        exports_are_audible,
    ),
}


def grid_summary(track_bars: pd.DataFrame) -> dict[str, float]:
    """Return what is told of ``track_bars`` in the web UI."""
    meters = track_bars["beats_per_bar"].value_counts().sort_index()
    stated = track_bars["estimated_downbeat_f"].dropna()
    honest = {"mean estimated_downbeat_f": float(stated.mean())} if len(stated) else {}
    return {
        **_median(track_bars, "tempo_bpm"),
        **_median(track_bars, "confidence"),
        **honest,
        "tracks with stated bars": float(len(stated)),
        **{f"tracks in {beats}": float(count) for beats, count in meters.items()},
    }


def candidate_summary(loop_candidates: pd.DataFrame) -> dict[str, float]:
    """Return the number of candidates of each length."""
    counts = loop_candidates["bars"].value_counts().sort_index()
    return {f"candidates of {bars} bars": float(count) for bars, count in counts.items()}


def feature_summary(loop_features: pd.DataFrame) -> dict[str, float]:
    """Return what is told of ``loop_features`` in the web UI."""
    return {**_median(loop_features, "seam"), **_median(loop_features, "boundary_quiet_score")}


def label_summary(loop_labels: pd.DataFrame) -> dict[str, float]:
    """Return the number of tracks by the source of their labels."""
    tracks = loop_labels.drop_duplicates("path")["label_source"].value_counts().sort_index()
    return {f"tracks labelled by {name}": float(count) for name, count in tracks.items()}


def export_summary(loop_exports: pd.DataFrame, track_bars: pd.DataFrame) -> dict[str, float]:
    """Return what is told of ``loop_exports`` in the web UI, and how many tracks gave none."""
    missing = set(track_bars["path"]) - set(loop_exports["path"])
    return {
        "loops": float(len(loop_exports)),
        "tracks_without_a_loop": float(len(missing)),
        **_median(loop_exports, "seam"),
        **_median(loop_exports, "rms_dbfs"),
    }


def _median(table: pd.DataFrame, column: str) -> dict[str, float]:
    return {f"median {column}": float(table[column].median())} if len(table) else {}
