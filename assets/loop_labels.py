"""Loop labels: a person's marks beside the track, or how much the track repeats itself.

Reads    loop_candidates   one row per stretch
         track_bars        one row per track: frame blob, bar lines
         raw_files         tags of a track's side-cars, among them marks
         side-cars         <track stem>.loops.json beside a track
Writes   loop_labels       one row per candidate: weight and where it comes from
Domain   groove.loops.labels
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.loops import labels, quality
from groove.loops.spec import LabelSpec
from resources.sources import Sources
from resources.workers import Workers


class LabelConfig(dg.Config, LabelSpec):
    """:class:`~groove.loops.spec.LabelSpec`, editable in the launchpad."""


@dg.asset(kinds={"parquet"}, group_name="loops", code_version=labels.VERSION)
def loop_labels(
    config: LabelConfig,
    loop_candidates: pd.DataFrame,
    track_bars: pd.DataFrame,
    raw_files: pd.DataFrame,
    sources: Sources,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """How good a loop each candidate is, for the rankers to learn."""
    from groove.loops import pictures

    tracks = labels.items(loop_candidates, track_bars, raw_files, sources.reader())
    table = workers.map(labels.labels_of, tracks, config, into="loop_labels")
    shown = pictures.weights(table)
    return dg.MaterializeResult(
        value=table,
        metadata={
            **quality.label_summary(table),
            **{name: picture(png) for name, png in shown.items()},
        },
    )
