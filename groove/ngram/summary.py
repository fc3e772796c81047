"""What is shown of grooves: figures and arrays for pictures, from tables.

What belongs here: choosing and adding up. What does not: drawing (:mod:`groove.plots.ngram`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.midi.taxonomy import LABELS


def step_shares(
    groove_events: pd.DataFrame, most: int = 6, labels: Sequence[str] = LABELS
) -> dict[str, NDArray[np.float64]]:
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
        bits = struck[:, None, :] >> np.arange(len(labels))[None, :, None] & 1
        found[str(style)] = np.asarray(bits.mean(axis=0))
    return found
