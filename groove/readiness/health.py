"""Health of a data set: what there is, of which class, how much twice, how much unreadable.

What belongs here: counting. What does not: verdicts (:mod:`groove.readiness.quality`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from groove.core.splits import crossing

#: Columns whose values are counted, where a table has them.
_LABELS = ("split", "license", "source", "meter", "style", "label", "drum_class")


def figures(tables: Mapping[str, pd.DataFrame], quarantine: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``dataset_health``.

    Parameters
    ----------
    tables
        Index tables by name, duplicates still in them.
    quarantine
        Rows of ``quarantine``.

    Returns
    -------
    DataFrame
        ``subject, measure, label, value``: rows, groups, hours, duplicates and their share,
        contents on more than one side of the split, quarantined items and their share, and
        the count of each label.
    """
    rows: list[dict[str, Any]] = []
    for subject, table in sorted(tables.items()):
        refused = int((quarantine["stage"] == subject).sum())
        for measure, label, value in _figures_of(table, refused):
            rows.append({"subject": subject, "measure": measure, "label": label, "value": value})
    return pd.DataFrame(rows, columns=["subject", "measure", "label", "value"])


def _figures_of(table: pd.DataFrame, refused: int) -> Iterator[tuple[str, str, float]]:
    count = len(table)
    yield "rows", "", float(count)
    yield "groups", "", float(table["split_group"].nunique())
    yield "hours", "", float(table["duration_s"].sum()) / 3600
    repeated = int(table["duplicate_of"].notna().sum())
    yield "duplicates", "", float(repeated)
    yield "duplicate_share", "", repeated / count if count else 0.0
    yield "quarantined", "", float(refused)
    yield "quarantined_share", "", refused / (count + refused) if count + refused else 0.0
    first = table["duplicate_of"].fillna(table["path"])
    yield "contents_across_splits", "", float(crossing(table.assign(first=first), "first"))
    for column in _LABELS:
        if column in table:
            counts = table[column].dropna().astype(str).value_counts().sort_index()
            for label, value in counts.items():
                yield f"by_{column}", str(label), float(value)
    if {"drum_class", "split"} <= set(table.columns):
        for (side, label), part in table.groupby(["split", "drum_class"], sort=True):
            yield f"{side}_by_drum_class", str(label), float(len(part))
