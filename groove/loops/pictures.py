"""What the loop stages show of themselves.

What belongs here: which rows are shown, and their decoding. What does not: drawing
(:mod:`groove.plots`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.audio.waveform import read_audio
from groove.core.store import Store
from groove.plots import loops as plots
from groove.plots.audio import spectrogram, waveform

_SHOWN_S = 20.0


def first_grid(track_bars: pd.DataFrame, store: Store) -> Mapping[str, bytes]:
    """Return pictures of the first 20 s of the clearest track with its bar lines."""
    pictures: dict[str, bytes] = {}
    for row in _clearest(track_bars).to_dict(orient="records"):
        samples, rate = _mono(row["path"], store)
        part = samples[: round(_SHOWN_S * rate)]
        bars = np.asarray(row["bar_start_s"], dtype=np.float64)
        pictures[f"{row['path']} waveform"] = waveform(part, rate, bars)
        pictures[f"{row['path']} spectrogram"] = spectrogram(part, rate, bars)
    return pictures


def seams(loop_features: pd.DataFrame) -> Mapping[str, bytes]:
    """Return a picture of the seam score over the first track."""
    return _over_track(loop_features, "start_s", "seam")


def weights(loop_labels: pd.DataFrame) -> Mapping[str, bytes]:
    """Return a picture of the relevance over the first track, by start bar."""
    return _over_track(loop_labels, "start_bar", "weight")


def ndcg(loop_ranker: pd.DataFrame) -> Mapping[str, bytes]:
    """Return a picture of both rankers' NDCG beside every baseline's."""
    figures: dict[str, float] = {}
    for kind, text in zip(loop_ranker["ranker"], loop_ranker["metrics_json"], strict=True):
        found = json.loads(text)
        figures[str(kind)] = found["cross_fitted_ndcg"]
        names = ("random_ndcg", "loudest_ndcg", "shortest_ndcg", "seam_ndcg")
        figures |= {name.removesuffix("_ndcg"): found[name] for name in names if name in found}
    return {"ndcg": plots.held_out_ndcg(figures)} if figures else {}


def exports(
    loop_exports: pd.DataFrame, track_bars: pd.DataFrame, store: Store
) -> Mapping[str, bytes]:
    """Return a picture of the clearest track with its bar lines and exported loops."""
    pictures: dict[str, bytes] = {}
    exported = track_bars[track_bars["path"].isin(set(loop_exports["path"]))]
    for row in _clearest(exported).to_dict(orient="records"):
        samples, rate = _mono(row["path"], store)
        mine = loop_exports[loop_exports["path"] == row["path"]]
        labels = [f"{n}: {bars} bars" for n, bars in enumerate(mine["bars"], start=1)]
        spans = list(zip(mine["start_s"], mine["end_s"], labels, strict=True))
        bars = np.asarray(row["bar_start_s"], dtype=np.float64)
        pictures[str(row["path"])] = plots.chosen_loops(samples, rate, bars, spans)
    return pictures


def _clearest(track_bars: pd.DataFrame) -> pd.DataFrame:
    return track_bars.sort_values(["confidence", "path"], ascending=[False, True]).head(1)


def _mono(path: str, store: Store) -> tuple[NDArray[np.float32], int]:
    sound = read_audio(store.read_raw(path))
    return sound.mono(), sound.sample_rate


def _over_track(table: pd.DataFrame, x: str, name: str) -> Mapping[str, bytes]:
    pictures: dict[str, bytes] = {}
    for path in table["path"].head(1):
        rows = table[table["path"] == path]
        pictures[f"{path} {name}"] = plots.scores_by_place(
            rows[x].to_numpy(dtype=np.float64),
            rows["bars"].to_numpy(dtype=np.int64),
            rows[name].to_numpy(dtype=np.float64),
            name,
        )
    return pictures
