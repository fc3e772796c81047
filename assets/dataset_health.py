"""Data set health: counts, shares and hours of everything that came in.

Reads    song_index, loop_index, track_index, hit_index, and quarantine
Writes   dataset_health   one row per figure
Domain   groove.readiness.health (counting), groove.readiness.quality (gates)
"""

import dagster as dg
import pandas as pd

from groove.readiness import health
from resources.warehouse import Warehouse


@dg.asset(kinds={"duckdb", "parquet"}, group_name="release")
def dataset_health(
    warehouse: Warehouse,
    song_index: pd.DataFrame,
    loop_index: pd.DataFrame,
    track_index: pd.DataFrame,
    hit_index: pd.DataFrame,
) -> dg.MaterializeResult[pd.DataFrame]:
    """What there is, of which class, how much of it twice, how much unreadable."""
    indices = {
        "song_index": song_index,
        "loop_index": loop_index,
        "track_index": track_index,
        "hit_index": hit_index,
    }
    refused = warehouse.quarantine()
    return dg.MaterializeResult(
        value=health.figures(indices, refused),
        metadata={"quarantined": len(refused), "reasons": refused.head(50).to_markdown()},
    )
