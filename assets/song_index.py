"""Song index: tempo, meter, bars and notes of every MIDI song, without its copies.

Reads    raw_files   the input files of kind songs
Writes   song_index   one row per readable one; the others go to quarantine
Domain   groove.midi.inventory (measuring a file; duplicates, groups and splits)
"""

import dagster as dg
import pandas as pd

from groove.core.inputs import of_kind, splits_of
from groove.midi import inventory
from groove.midi.spec import SongIndexSpec
from resources.workers import Workers


class SongIndexConfig(dg.Config, SongIndexSpec):
    """:class:`~groove.midi.spec.SongIndexSpec`, editable in the launchpad."""


@dg.asset(kinds={"midi", "parquet"}, group_name="sources", code_version=inventory.VERSION)
def song_index(
    config: SongIndexConfig, raw_files: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """One row per song: what it holds, which file it repeats, and its side of the split."""
    items = of_kind(raw_files, "songs")
    table = inventory.finish_songs(
        workers.map(inventory.index_song, items, config, into="song_index"), raw_files, config
    )
    return dg.MaterializeResult(value=table, metadata=splits_of(table))
