"""What a model can play: meters, grids and tempi of each style, and bars to start from.

A drawn groove doesn't begin out of nothing: the first bars of loops are few, and what leads to
bar 20 of a groove is known better than what leads to its first. So the sampler is led in,
unheard, by two consecutive training bars of the style.

What belongs here: collecting forms and starts. What does not: drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from groove.ngram.language.context import Ints

#: Lead-ins kept per style and form, evenly taken from all there are.
MAX_STARTS = 64
LEAD_BARS = 2

Forms = dict[str, list[dict[str, Any]]]


def collect(bars: pd.DataFrame, min_style_bars: int) -> tuple[Forms, Ints]:
    """Return (forms by style, symbols of all starts).

    Parameters
    ----------
    bars
        Training rows of ``groove_events``.
    min_style_bars
        Styles with fewer bars are left out; the style ``""`` (any) never is.

    Returns
    -------
    tuple
        A form is a mapping with ``numerator``, ``denominator``, ``resolution``, ``steps``,
        ``bars``, ``tempo_bpm`` (median), ``start`` and ``starts``: where its lead-ins begin in
        the symbols and how many they are, each of ``LEAD_BARS * steps``. The commonest is first.
    """
    named = bars.assign(style=bars["style"].fillna("")).reset_index(drop=True)
    follows = (named["key"] == named["key"].shift()) & ~named["is_fill"].astype("bool")
    alike = ["numerator", "denominator", "resolution", "steps"]
    for name in alike:
        follows &= named[name] == named[name].shift()
    named["follows"] = follows
    sizes = named.groupby("style").size()
    offered = [str(style) for style, size in sizes.items() if style and size >= min_style_bars]
    symbols = named["symbols"].tolist()
    starts: list[Ints] = []
    forms = {"": _forms(named, symbols, starts)}
    for style in sorted(offered):
        forms[style] = _forms(named[named["style"] == style], symbols, starts)
    joined = np.concatenate([np.zeros(0, np.int64), *starts])
    return forms, joined


def _forms(bars: pd.DataFrame, symbols: Sequence[Any], starts: list[Ints]) -> list[dict[str, Any]]:
    found = []
    for _, rows in bars.groupby(["numerator", "denominator", "resolution"], sort=True):
        first = rows.iloc[0]
        numerator, denominator = int(first["numerator"]), int(first["denominator"])
        resolution = int(first["resolution"])
        steps = max(1, int(np.ceil(4.0 * numerator / denominator * resolution - 1e-6)))
        ends = rows.index[rows["follows"] & (rows["steps"] == steps)].to_numpy()
        if len(ends) > MAX_STARTS:
            ends = ends[np.linspace(0, len(ends) - 1, MAX_STARTS).astype(np.int64)]
        begin = sum(len(lead) for lead in starts)
        starts.extend(
            np.concatenate([np.asarray(symbols[end - 1]), np.asarray(symbols[end])]).astype(
                np.int64
            )
            for end in ends
        )
        found.append(
            {
                "numerator": numerator,
                "denominator": denominator,
                "resolution": resolution,
                "steps": steps,
                "bars": len(rows),
                "tempo_bpm": round(float(rows["tempo_bpm"].median()), 2),
                "start": begin,
                "starts": len(ends),
            }
        )
    return sorted(found, key=lambda form: -int(form["bars"]))
