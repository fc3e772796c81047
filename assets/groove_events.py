"""Groove events: every bar of every drum loop on its grid.

Reads    loop_index     one row per loop: meter, tempo, style, duplicates, split
Writes   groove_events  one row per bar: its steps, empty ones too, and every hit
Domain   groove.ngram.corpus.events (rows), groove.ngram.corpus.grid (which grid)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.midi.taxonomy import LABELS
from groove.ngram.corpus import events
from groove.ngram.spec import EventSpec
from groove.ngram.summary import step_shares
from resources.workers import Workers


class EventConfig(dg.Config, EventSpec):
    """:class:`~groove.ngram.spec.EventSpec`, editable in the launchpad."""


@dg.asset(kinds={"midi", "parquet"}, group_name="ngram", code_version=events.VERSION)
def groove_events(
    config: EventConfig, loop_index: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Bars of drum loops as steps: sets of hits with velocity and micro-timing."""
    from groove.plots import ngram as plots

    loops = events.drum_loops(loop_index)
    table = workers.map(events.events_of, loops, config, into="groove_events")
    return dg.MaterializeResult(
        value=table,
        metadata={
            "steps": int(table["steps"].sum()),
            "lost_hits": int(table["lost_hits"].sum()),
            "step_histograms": picture(plots.step_histograms(step_shares(table), LABELS)),
        },
    )
