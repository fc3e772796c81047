"""Track bars: the bar grid of each track, and its frames, from one analysis.

Reads    track_index   one row per readable track
         raw_files     bar lines that side-cars state
Writes   track_bars    one row per track: bar lines, beats, tempo, confidence, frame blob
Domain   groove.loops.grid
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.loops import grid, quality
from groove.loops.spec import BarSpec
from resources.workers import Workers


class TrackBarsConfig(dg.Config, BarSpec):
    """:class:`~groove.loops.spec.BarSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="loops", code_version=grid.VERSION)
def track_bars(
    config: TrackBarsConfig,
    track_index: pd.DataFrame,
    raw_files: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Where each track's bars begin; a track without a beat is in quarantine."""
    from groove.loops import pictures

    table = workers.map(grid.bars_of, grid.items(track_index, raw_files), config, into="track_bars")
    shown = pictures.first_grid(table, workers.store)
    return dg.MaterializeResult(
        value=table,
        metadata={
            **quality.grid_summary(table),
            **{name: picture(png) for name, png in shown.items()},
        },
    )
