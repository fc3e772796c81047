"""Drum events: what was struck, when, on which kit, in which file.

Reads    hit_index     one row per one-shot
         song_renders  one row per rendered song, with its drum hits
Writes   drum_events   one row per audible onset, with every label that sounds in it
Domain   groove.drums.corpus.events (rows), groove.drums.corpus.grouping (what sounds as one)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.drums import quality
from groove.drums.corpus import events
from groove.drums.spec import EventSpec
from resources.workers import Workers


class EventConfig(dg.Config, EventSpec):
    """:class:`~groove.drums.spec.EventSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="drums", code_version=events.VERSION)
def drum_events(
    config: EventConfig, hit_index: pd.DataFrame, song_renders: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """The event manifest: hits of one-shots and of songs, simultaneous ones as one event."""
    from groove.plots import drums as plots

    items = events.items(hit_index, song_renders)
    table = workers.map(events.events_of, items, config, into="drum_events")
    counts = quality.counts_by_class(table)
    return dg.MaterializeResult(
        value=table,
        metadata={
            "by_class": picture(plots.counts_bars(counts)),
            "counts": dg.MetadataValue.md(counts.to_markdown()),
        },
    )
