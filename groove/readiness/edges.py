"""The boundary pack of the pipeline's own events: hits near the edges of streaming windows.

A song is a stream; its windows begin at the stream's start. One-shots are none: each lies at the
beginning of its own file, and nobody streams that.

What belongs here: rows of ``drum_boundary_pack``. What does not: which hits are near an edge
(:mod:`groove.readiness.checks.boundaries`), what a classifier hears of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from groove.core.splits import TEST
from groove.core.store import Store
from groove.readiness.checks.boundaries import pack
from groove.readiness.checks.spec import StreamSpec

VERSION = "1"


def rows_of(
    drum_events: pd.DataFrame,
    spec: StreamSpec,
    store: Store,  # noqa: ARG001  # every whole-table function is handed one
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``drum_boundary_pack``: test songs, one row per hit, window and edge."""
    songs = drum_events[(drum_events["origin"] == "song") & (drum_events["split"] == TEST)]
    hits = songs.explode("classes").rename(columns={"classes": "label"}).dropna(subset=["label"])
    about = songs.set_index("sample_id")
    for row in pack(hits, spec).to_dict(orient="records"):
        event = about.loc[row["sample_id"]]
        yield {
            **{str(name): value for name, value in row.items()},
            "window_s": spec.window_ms / 1000,
            "kit_id": event["kit_id"],
            "path": event["path"],
            "blob": event["blob"],
            "split_group": event["split_group"],
            "split": event["split"],
        }
