"""What a collection holds, held against what is recommended.

What belongs here: counts. What does not: gates over them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd

from groove.drums.collect.spec import TARGETS
from groove.drums.manifest.schema import Event
from groove.midi.taxonomy import CLASSES


def statistics(events: Iterable[Event]) -> pd.DataFrame:
    """Return one row per class, in the taxonomy's order.

    Columns: ``klass``, ``hits``, ``kits`` and ``sessions`` that they are of, ``synthetic``,
    ``minimum``, ``recommended``, ``missing`` (to the minimum), ``wanted`` (to the recommended)
    and ``state``: ``short``, ``enough`` or ``good``.
    """
    hits: Counter[str] = Counter()
    synthetic: Counter[str] = Counter()
    kits: dict[str, set[str]] = {name: set() for name in CLASSES}
    sessions: dict[str, set[str]] = {name: set() for name in CLASSES}
    for event in events:
        for name in event.classes:
            hits[name] += 1
            synthetic[name] += event.is_synthetic
            kits[name].add(event.kit_id or "")
            sessions[name].add(event.session_id)
    rows = []
    for name in CLASSES:
        least, better = TARGETS[name]
        count = hits[name]
        state = "short" if count < least else "enough" if count < better else "good"
        rows.append(
            {
                "klass": name,
                "hits": count,
                "kits": len(kits[name]),
                "sessions": len(sessions[name]),
                "synthetic": synthetic[name],
                "minimum": least,
                "recommended": better,
                "missing": max(0, least - count),
                "wanted": max(0, better - count),
                "state": state,
            }
        )
    return pd.DataFrame(rows)


def as_json(found: pd.DataFrame) -> dict[str, Any]:
    """Return statistics ready for JSON: rows by class, and totals."""
    rows = {row["klass"]: row for row in found.to_dict(orient="records")}
    return {
        "schema": 1,
        "classes": {
            str(name): {str(k): v for k, v in row.items() if k != "klass"}
            for name, row in rows.items()
        },
        "hits": int(found["hits"].sum()),
        "classes_short": [str(n) for n in found.loc[found["state"] == "short", "klass"]],
        "classes_good": int((found["state"] == "good").sum()),
    }
