"""What the drum loops of a folder are made of, in figures.

What belongs here: counting over loops and bars. What does not: judging grooves
(:mod:`groove.ngram.judge`), printing (:mod:`groove.cli.stats`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from groove.ngram.corpus.alphabets import ALPHABETS, AlphabetName
from groove.ngram.corpus.folder import Folder

_QUANTILES = {"min": 0.0, "lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75, "max": 1.0}


def statistics_of(folder: Folder, alphabet: AlphabetName = "drums") -> dict[str, Any]:
    """Return counts and quantiles of a folder's drum loops, JSON-able; sorted by count.

    Styles, meters, grids and fills are counted in bars and in loops; tempi and swing are those of
    loops.
    """
    bars = folder.bars
    loops = bars.drop_duplicates("path")
    hits = bars["hit_step"].map(len)
    names = ALPHABETS[alphabet].labels
    numbers = np.concatenate([np.zeros(0, np.int64), *bars["hit_label"]]).astype(np.int64)
    labels = np.bincount(numbers, minlength=len(names))
    velocity = np.concatenate([np.zeros(0), *bars["hit_velocity"]]).astype(np.float64)
    return {
        "files": folder.files,
        "quarantined": len(folder.quarantine),
        "duplicates": int(folder.loops["duplicate_of"].notna().sum()),
        "loops": len(loops),
        "bars": len(bars),
        "hits": int(hits.sum()),
        "styles": _counted(bars, "style"),
        "meters": _counted(bars, "meter"),
        "grids": _counted(bars, "resolution"),
        "splits": _counted(bars, "split"),
        "fills": {"loops": int(loops["is_fill"].sum()), "bars": int(bars["is_fill"].sum())},
        "labels": {
            names[number]: int(labels[number])
            for number in np.argsort(-labels, kind="stable").tolist()
            if labels[number]
        },
        "tempo_bpm": _quantiles(loops["tempo_bpm"]),
        "swing": _quantiles(loops["swing"]),
        "hits_per_bar": _quantiles(hits),
        "velocity": _quantiles(pd.Series(velocity)),
        "unmapped_hits": int(bars["unmapped_hits"].sum()),
        "merged_hits": int(bars["merged_hits"].sum()),
        "lost_hits": int(bars["lost_hits"].sum()),
    }


def lines_of(found: Mapping[str, Any]) -> list[str]:
    """Return statistics as lines to read."""
    lines = []
    for name, value in found.items():
        title = name.replace("_", " ")
        if not isinstance(value, Mapping):
            lines.append(f"{title:16} {value:>10,}")
            continue
        lines.append(f"{title}:")
        for key, entry in value.items():
            if isinstance(entry, Mapping):
                shown = f"{entry['bars']:>10,} bars {entry['loops']:>8,} loops"
            else:
                shown = f"{entry:>10,}" if entry is not None else f"{'-':>10}"
            lines.append(f"  {key:14} {shown}")
    return lines


def _counted(bars: pd.DataFrame, column: str) -> dict[str, dict[str, int]]:
    named = bars.assign(_name=bars[column].astype(object).where(bars[column].notna(), "unknown"))
    grouped = named.groupby("_name", sort=True)["path"].agg(["size", "nunique"])
    ordered = grouped.sort_values("size", ascending=False, kind="stable")
    return {
        str(name): {"bars": int(row["size"]), "loops": int(row["nunique"])}
        for name, row in ordered.iterrows()
    }


def _quantiles(values: pd.Series) -> dict[str, float | None]:
    known = values.dropna().astype("float64")
    return {
        name: round(float(known.quantile(share)), 3) if len(known) else None
        for name, share in _QUANTILES.items()
    }
