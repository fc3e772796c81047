"""Drum levels: what the transcriber sees of recordings whose hits are known.

Reads    song_renders  rendered songs, with their drum hits
         kit_renders   grooves played through kits of one-shots
Writes   drum_levels   one row per recording: levels and hits
Domain   groove.drums.transcribe.recordings (rows), groove.drums.transcribe.levels (what a level is)
"""

import dagster as dg
import pandas as pd

from groove.drums.transcribe import recordings
from groove.drums.transcribe.spec import RecordingSpec
from resources.workers import Workers


class RecordingConfig(dg.Config, RecordingSpec):
    """:class:`~groove.drums.transcribe.spec.RecordingSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="drums", code_version=recordings.VERSION)
def drum_levels(
    config: RecordingConfig,
    song_renders: pd.DataFrame,
    kit_renders: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Log-mel levels at 100 frames a second, with the exact hits beside them."""
    items = recordings.items(song_renders, kit_renders, config)
    table = workers.map(recordings.levels_of, items, config, into="drum_levels")
    return dg.MaterializeResult(value=table, metadata=recordings.summary(table))
