"""What assets show in the web UI besides what the IO manager shows of every table.

What belongs here: pictures and models as metadata. What does not: drawing
(:mod:`groove.plots`).
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import dagster as dg
import pandas as pd


def picture(data: bytes) -> dg.MarkdownMetadataValue:
    """Return a PNG as metadata that the web UI shows in place."""
    text = base64.b64encode(data).decode()
    return dg.MetadataValue.md(f"![picture](data:image/png;base64,{text})")


def trained(table: pd.DataFrame) -> Mapping[str, Any]:
    """Return what a training table tells: headline beside baseline, and learning curves."""
    from groove.plots.curves import learning_curve

    shown: dict[str, Any] = {}
    kinds = [name for name in ("ranker", "network") if name in table]
    names = table[kinds[0]] if kinds else [""] * len(table)
    for name, row in zip(names, table.to_dict(orient="records"), strict=True):
        prefix = f"{name}_" if name else ""
        shown[f"{prefix}{row['metric']}"] = float(row["value"])
        shown[f"{prefix}baseline ({row['baseline']})"] = float(row["baseline_value"])
        shown[f"{prefix}mlflow_run"] = str(row["run_id"])
        history = json.loads(row["history_json"])
        if history:
            shown[f"{prefix}learning_curve"] = picture(learning_curve(history))
    return shown
