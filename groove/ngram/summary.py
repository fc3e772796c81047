"""What is shown of grooves: figures and arrays for pictures, from tables.

What belongs here: choosing and adding up. What does not: drawing (:mod:`groove.plots.ngram`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.midi.taxonomy import LABELS


def step_shares(groove_events: pd.DataFrame, most: int = 6) -> dict[str, NDArray[np.float64]]:
    """Return, for the styles with most bars, the share of bars with each label on each step.

    Each style is shown in its commonest meter and grid; ``float64[labels, steps]``.
    """
    form = ["numerator", "denominator", "resolution", "steps"]
    named = groove_events.assign(style=groove_events["style"].fillna(""))
    sizes = named.groupby("style").size().sort_values(ascending=False, kind="stable")
    found = {}
    for style in sizes.index[:most]:
        rows = named[named["style"] == style]
        counted = rows.groupby(form).size()
        common = rows.set_index(form).loc[[counted.idxmax()]]
        struck = np.stack([np.asarray(symbols, np.int64) for symbols in common["symbols"]])
        bits = struck[:, None, :] >> np.arange(len(LABELS))[None, :, None] & 1
        found[str(style)] = np.asarray(bits.mean(axis=0))
    return found


def typical_sample(groove_samples: pd.DataFrame) -> tuple[NDArray[np.int64], int, str]:
    """Return (symbols, steps per bar, title) of the sample of median density."""
    order = groove_samples["hits_per_bar"].argsort(kind="stable")
    row = groove_samples.iloc[int(order.iloc[len(order) // 2])]
    symbols = np.asarray(row["symbols"], dtype=np.int64)
    style = row["style"] or "any style"
    title = f"{style}, {row['meter']}, {row['tempo_bpm']:.0f} bpm"
    return symbols, len(symbols) // int(row["bars"]), title
