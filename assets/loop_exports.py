"""Loop exports: the best loops of each track as WAV files with loop points and tempo.

Reads    loop_features   candidates with features and seams
         track_bars      bar grids
         loop_ranker     the models that score
Writes   loop_exports    one row per exported loop: a WAV blob
Domain   groove.loops.exports, groove.loops.select, groove.loops.cut, groove.loops.wav
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.loops import exports, quality
from groove.loops.spec import ExportSpec
from resources.workers import Workers


class ExportConfig(dg.Config, ExportSpec):
    """:class:`~groove.loops.spec.ExportSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="loops", code_version=exports.VERSION)
def loop_exports(
    config: ExportConfig,
    loop_features: pd.DataFrame,
    track_bars: pd.DataFrame,
    loop_ranker: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Loops for a DJ set: whole bars, seamless, levelled, never clipped."""
    from groove.loops import pictures

    tracks = exports.items(loop_features, track_bars, loop_ranker, config)
    table = workers.map(exports.exports_of, tracks, config, into="loop_exports")
    shown = pictures.exports(table, track_bars, workers.store)
    return dg.MaterializeResult(
        value=table,
        metadata={
            **quality.export_summary(table, track_bars),
            **{name: picture(png) for name, png in shown.items()},
        },
    )
