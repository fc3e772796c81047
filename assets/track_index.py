"""Track index: length, level and fingerprint of every audio track.

Reads    raw_files   the input files of kind tracks
Writes   track_index   one row per readable one; the others go to quarantine
Domain   groove.audio.inventory (measuring a file; duplicates, groups and splits)
"""

import dagster as dg
import pandas as pd

from groove.audio import inventory
from groove.audio.spec import TrackIndexSpec
from groove.core.inputs import of_kind, splits_of
from resources.workers import Workers


class TrackIndexConfig(dg.Config, TrackIndexSpec):
    """:class:`~groove.audio.spec.TrackIndexSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="sources", code_version=inventory.VERSION)
def track_index(
    config: TrackIndexConfig, raw_files: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """One row per track: length, loudness, which file it repeats, and its side of the split."""
    items = of_kind(raw_files, "tracks")
    table = inventory.finish_tracks(
        workers.map(inventory.index_track, items, config, into="track_index"), raw_files, config
    )
    return dg.MaterializeResult(value=table, metadata=splits_of(table))
