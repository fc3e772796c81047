"""Drum clips: the log-mel picture of every event.

Reads    drum_events  one row per audible onset
Writes   drum_clips   one row per audio file: a blob with the pictures of its events
Domain   groove.drums.corpus.clips (rows), groove.drums.classify.features (what a picture is)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.drums.corpus import clips
from groove.drums.spec import ClipSpec
from groove.midi.taxonomy import CLASSES
from resources.workers import Workers


class ClipConfig(dg.Config, ClipSpec):
    """:class:`~groove.drums.spec.ClipSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="drums", code_version=clips.VERSION)
def drum_clips(
    config: ClipConfig, drum_events: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Level-free log-mel pictures around each onset: what the classifier sees and all it sees."""
    from groove.drums.corpus import loading
    from groove.plots import drums as plots

    table = workers.map(clips.clips_of, clips.items(drum_events), config, into="drum_clips")
    seen = loading.sample(drum_events, table, workers.store)
    return dg.MaterializeResult(
        value=table,
        metadata={
            "pictures": int(table["clips"].sum()),
            "mean_by_class": picture(plots.montage(seen.pictures, seen.truth, CLASSES)),
        },
    )
