"""What a model can play: meters, grids and tempi of each condition, and bars to start from.

A drawn groove doesn't begin out of nothing: the first bars of loops are few, and what leads to
bar 20 of a groove is known better than what leads to its first. So the sampler is led in,
unheard, by two consecutive training bars of the condition.

What belongs here: collecting forms and starts. What does not: drawing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from groove.ngram.corpus.conditions import names_by_bar

#: Lead-ins kept per condition and form, evenly taken from all there are.
MAX_STARTS = 64

_ALIKE = ["numerator", "denominator", "resolution", "steps"]

Forms = dict[str, list[dict[str, Any]]]


def collect(bars: pd.DataFrame, names: Collection[str]) -> Forms:
    """Return forms by condition.

    Parameters
    ----------
    bars
        Training rows of ``groove_events``, in order of key and bar.
    names
        Conditions that are offered; ``""`` (any) always is.

    Returns
    -------
    dict
        A form is a mapping with ``numerator``, ``denominator``, ``resolution``, ``steps``,
        ``bars``, ``tempo_bpm`` (median) and ``starts``: rows of ``bars`` that lead in, each
        together with the row before. The commonest is first.
    """
    plain = bars[[*_ALIKE, "tempo_bpm"]].reset_index(drop=True)
    keys = bars["key"].to_numpy()
    follows = np.zeros(len(bars), dtype=np.bool_)
    follows[1:] = keys[1:] == keys[:-1]
    form = plain[_ALIKE].to_numpy(np.int64)
    follows[1:] &= (form[1:] == form[:-1]).all(axis=1)
    whole = np.ceil(4.0 * form[:, 0] / form[:, 1] * form[:, 2] - 1e-6).astype(np.int64)
    follows &= form[:, 3] == np.maximum(1, whole)
    plain["leads"] = follows & ~bars["is_fill"].to_numpy(np.bool_)
    offered = set(names)
    rows: dict[str, list[int]] = {"": list(range(len(bars)))}
    for row, true in enumerate(names_by_bar(bars)):
        for name in true:
            if name in offered:
                rows.setdefault(name, []).append(row)
    return {name: _forms(plain.iloc[rows[name]]) for name in sorted(rows)}


def _forms(bars: pd.DataFrame) -> list[dict[str, Any]]:
    found = []
    for _, rows in bars.groupby(["numerator", "denominator", "resolution"], sort=True):
        first = rows.iloc[0]
        numerator, denominator = int(first["numerator"]), int(first["denominator"])
        resolution = int(first["resolution"])
        ends = rows.index[rows["leads"]].to_numpy()
        if len(ends) > MAX_STARTS:
            ends = ends[np.linspace(0, len(ends) - 1, MAX_STARTS).astype(np.int64)]
        found.append(
            {
                "numerator": numerator,
                "denominator": denominator,
                "resolution": resolution,
                "steps": max(1, int(np.ceil(4.0 * numerator / denominator * resolution - 1e-6))),
                "bars": len(rows),
                "tempo_bpm": round(float(rows["tempo_bpm"].median()), 2),
                "starts": [int(end) for end in ends],
            }
        )
    return sorted(found, key=lambda form: -int(form["bars"]))
