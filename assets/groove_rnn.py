"""Groove RNN: a recurrent network over the same steps, the n-gram model's neural baseline.

Reads    groove_events  bars of all splits
Writes   groove_rnn     one row: the network, its bits per event on the test split
Domain   groove.ngram.neural.training, groove.ngram.neural.network
"""

import dagster as dg
import pandas as pd

from assets.metadata import trained
from groove.ngram.neural import training
from groove.ngram.spec import RnnSpec
from resources.mlflow import Tracking
from resources.workers import Workers


class RnnConfig(dg.Config, RnnSpec):
    """:class:`~groove.ngram.spec.RnnSpec`, editable in the launchpad."""


@dg.asset(
    kinds={"pytorch", "mlflow"}, group_name="ngram", code_version=training.VERSION, pool="training"
)
def groove_rnn(
    config: RnnConfig, groove_events: pd.DataFrame, workers: Workers, tracking: Tracking
) -> dg.MaterializeResult[pd.DataFrame]:
    """Guesses each step from all before it; measured as the n-gram model, on the same bars."""
    table = workers.once(
        training.train,
        {"groove_events": groove_events},
        config,
        into="groove_rnn",
        tracker=tracking,
    )
    return dg.MaterializeResult(value=table, metadata=trained(table))
