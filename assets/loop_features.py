"""Loop features: 269 values per candidate by prefix sums, and its seam.

Reads    loop_candidates   one row per stretch
         track_bars        one row per track: frame blob, bar lines
Writes   loop_features     one row per candidate
Domain   groove.loops.features, groove.loops.seam
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.loops import candidates, features, quality
from groove.loops.spec import FeatureSpec
from resources.workers import Workers


class FeatureConfig(dg.Config, FeatureSpec):
    """:class:`~groove.loops.spec.FeatureSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="loops", code_version=features.VERSION)
def loop_features(
    config: FeatureConfig,
    loop_candidates: pd.DataFrame,
    track_bars: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """What each candidate sounds like, and how well its end leads to its start."""
    from groove.loops import pictures

    tracks = candidates.by_track(loop_candidates, track_bars)
    table = workers.map(features.features_of, tracks, config, into="loop_features")
    shown = pictures.seams(table)
    return dg.MaterializeResult(
        value=table,
        metadata={
            **quality.feature_summary(table),
            **{name: picture(png) for name, png in shown.items()},
        },
    )
