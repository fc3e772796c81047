"""Drum boundary pack: hits near the edges of streaming windows.

Reads    drum_events          one row per audible onset
Writes   drum_boundary_pack   one row per hit of a test song, window and near edge
Domain   groove.readiness.edges (rows), groove.readiness.checks.boundaries (the schedule)
"""

import dagster as dg
import pandas as pd

from groove.readiness import edges
from groove.readiness.checks.spec import StreamSpec
from resources.workers import Workers


class StreamConfig(dg.Config, StreamSpec):
    """:class:`~groove.readiness.checks.spec.StreamSpec`, editable in the launchpad."""


@dg.asset(kinds={"parquet"}, group_name="drums", code_version=edges.VERSION)
def drum_boundary_pack(
    config: StreamConfig, drum_events: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Where a live classifier is likeliest to miss: the beginnings and ends of its windows."""
    table = workers.once(
        edges.rows_of, {"drum_events": drum_events}, config, into="drum_boundary_pack"
    )
    counts = pd.crosstab(table["label"], table["edge"])
    return dg.MaterializeResult(
        value=table,
        metadata={
            "streams": int(table["session_id"].nunique()),
            "rows_by_class": dg.MetadataValue.md(counts.to_markdown()),
        },
    )
