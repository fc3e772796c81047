"""Phase features: chunks as band levels and phases, laid out for training to map into memory.

Reads    phase_chunks     one row per chunk: audio blob, exact bars and beats
Writes   phase_features   one row per chunk: two arrays and its place in them
Domain   groove.phase.learn.features
"""

import dagster as dg
import pandas as pd

from groove.phase.learn import features
from groove.phase.spec import FeatureSpec
from resources.workers import Workers


class FeatureConfig(dg.Config, FeatureSpec):
    """:class:`~groove.phase.spec.FeatureSpec`, editable in the launchpad."""


@dg.asset(kinds={"numpy", "parquet"}, group_name="phase", code_version=features.VERSION)
def phase_features(
    config: FeatureConfig, phase_chunks: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Band levels at 50 frames a second, the phase in the bar and in the beat beside them."""
    packs = features.packs(phase_chunks)
    table = workers.map(features.pack_features, packs, config, into="phase_features")
    return dg.MaterializeResult(value=table, metadata=features.summary(table))
