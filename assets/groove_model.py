"""Groove model: the probability of the next step, with its order chosen on validation.

Reads    groove_events, groove_ngrams  bars of all splits; counts of the training split
Writes   groove_model                  one row: the model, its bits per event on the test split
Domain   groove.ngram.language.training (fitting), groove.ngram.language.estimate (smoothing), groove.ngram.language.model
"""

import dagster as dg
import pandas as pd

from assets.metadata import trained
from groove.ngram.language import training
from groove.ngram.spec import ModelSpec
from resources.mlflow import Tracking
from resources.workers import Workers


class ModelConfig(dg.Config, ModelSpec):
    """:class:`~groove.ngram.spec.ModelSpec`, editable in the launchpad."""


@dg.asset(
    kinds={"mlflow", "parquet"}, group_name="ngram", code_version=training.VERSION, pool="training"
)
def groove_model(
    config: ModelConfig,
    groove_events: pd.DataFrame,
    groove_ngrams: pd.DataFrame,
    workers: Workers,
    tracking: Tracking,
) -> dg.MaterializeResult[pd.DataFrame]:
    """An interpolated n-gram model over sets of drums, judged on loops never heard."""
    table = workers.once(
        training.train,
        {"groove_events": groove_events, "groove_ngrams": groove_ngrams},
        config,
        into="groove_model",
        tracker=tracking,
    )
    return dg.MaterializeResult(value=table, metadata=trained(table))
