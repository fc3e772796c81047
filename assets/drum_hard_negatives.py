"""Drum hard negatives: what the classifier was sure of and wrong about.

Reads    drum_predictions      one row per test event: probabilities, truth, loss
Writes   drum_hard_negatives   one row per mistake, ranked by loss and difference within its class
Domain   groove.drums.manifest.negatives (choice)
"""

import dagster as dg
import pandas as pd

from groove.drums.manifest import negatives
from groove.drums.manifest.spec import NegativeSpec
from resources.workers import Workers


class NegativeConfig(dg.Config, NegativeSpec):
    """:class:`~groove.drums.manifest.spec.NegativeSpec`, editable in the launchpad."""


@dg.asset(kinds={"parquet"}, group_name="drums", code_version=negatives.VERSION)
def drum_hard_negatives(
    config: NegativeConfig, drum_predictions: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Confident mistakes, the costliest first and no two alike."""
    table = workers.once(
        negatives.rows_of,
        {"drum_predictions": drum_predictions},
        config,
        into="drum_hard_negatives",
    )
    worst = table[table["rank"] == 1]
    return dg.MaterializeResult(
        value=table,
        metadata={
            "sessions": int(table["session_id"].nunique()),
            "taken_for": dg.MetadataValue.md(negatives.confusions(table).to_markdown()),
            "worst": dg.MetadataValue.md(
                worst[["predicted", "true_classes", "confidence", "path", "onset_s"]].to_markdown(
                    index=False
                )
            ),
        },
    )
