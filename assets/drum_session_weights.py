"""Drum session weights: how often the events of a session are drawn in training.

Reads    drum_events            one row per audible onset
Writes   drum_session_weights   one row per session
Domain   groove.drums.manifest.weights (weights)
"""

import dagster as dg
import pandas as pd

from groove.drums.manifest import weights
from groove.drums.manifest.spec import WeightSpec
from resources.workers import Workers


class WeightConfig(dg.Config, WeightSpec):
    """:class:`~groove.drums.manifest.spec.WeightSpec`, editable in the launchpad."""


@dg.asset(kinds={"parquet"}, group_name="drums", code_version=weights.VERSION)
def drum_session_weights(
    config: WeightConfig, drum_events: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Weights under which long sessions do not drown short ones."""
    table = workers.once(
        weights.rows_of, {"drum_events": drum_events}, config, into="drum_session_weights"
    )
    return dg.MaterializeResult(
        value=table,
        metadata={
            **weights.summary(table),
            "largest": dg.MetadataValue.md(weights.shares(table).head(20).to_markdown(index=False)),
        },
    )
