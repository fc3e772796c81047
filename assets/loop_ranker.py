"""Loop ranker: boosted trees and a perceptron that choose among a track's candidates.

Reads    loop_features   269 values per candidate
         loop_labels     the relevance to learn
Writes   loop_ranker     two rows: each model, its NDCG on held-out tracks beside the baselines'
Domain   groove.loops.training, groove.loops.rankers
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture, trained
from groove.loops import training
from groove.loops.spec import RankerSpec
from resources.mlflow import Tracking
from resources.workers import Workers


class RankerConfig(dg.Config, RankerSpec):
    """:class:`~groove.loops.spec.RankerSpec`, editable in the launchpad."""


@dg.asset(
    kinds={"xgboost", "pytorch", "mlflow"},
    group_name="loops",
    code_version=training.VERSION,
    pool="training",
)
def loop_ranker(
    config: RankerConfig,
    loop_features: pd.DataFrame,
    loop_labels: pd.DataFrame,
    workers: Workers,
    tracking: Tracking,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Rankers of loops, each track held out once for the headline figure."""
    from groove.loops import pictures

    table = workers.once(
        training.ranker_of,
        {"loop_features": loop_features, "loop_labels": loop_labels},
        config,
        into="loop_ranker",
        tracker=tracking,
    )
    shown = pictures.ndcg(table)
    return dg.MaterializeResult(
        value=table,
        metadata={**trained(table), **{name: picture(png) for name, png in shown.items()}},
    )
