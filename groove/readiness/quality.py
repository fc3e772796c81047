"""Gates over the health figures.

What belongs here: verdicts on a whole data set. What does not: gates of one stage (its
subject's ``quality.py``).
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from groove.core.gates import Gate

#: Most of a data set may be unreadable before it is no data set any more.
QUARANTINED_SHARE = 0.5
#: Every index needs groups on three sides.
LEAST_GROUPS = 3


def _worst(table: pd.DataFrame, measure: str, largest: bool = True) -> tuple[float | None, str]:
    if not len(table):
        return None, "dataset_health has no rows"
    part = table[table["measure"] == measure]
    if not len(part):
        return None, f"dataset_health has no {measure}"
    worst = part.sort_values("value", ascending=not largest, kind="stable").iloc[0]
    return float(worst["value"]), f"worst in {worst['subject']}"


def contents_on_one_side(dataset_health: pd.DataFrame) -> Gate:
    """No content is in two splits."""
    value, note = _worst(dataset_health, "contents_across_splits")
    return Gate(
        name="contents_on_one_side",
        stage="dataset_health",
        value=value,
        threshold=0,
        direction="at_most",
        unit="contents",
        note=note,
    )


def readable_input(dataset_health: pd.DataFrame) -> Gate:
    """Most input files could be read."""
    value, note = _worst(dataset_health, "quarantined_share")
    return Gate(
        name="quarantined_share",
        stage="dataset_health",
        value=value,
        threshold=QUARANTINED_SHARE,
        direction="at_most",
        note=f"{note}; see the quarantine table for the reasons",
    )


def enough_groups(dataset_health: pd.DataFrame) -> Gate:
    """Every index has groups enough for three splits."""
    value, note = _worst(dataset_health, "groups", largest=False)
    return Gate(
        name="split_groups",
        stage="dataset_health",
        value=value,
        threshold=LEAST_GROUPS,
        direction="at_least",
        unit="groups",
        note=note,
    )


GATES: dict[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "dataset_health": (contents_on_one_side, readable_input, enough_groups),
}
