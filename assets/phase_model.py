"""The bar-phase networks, trained on features and measured on songs they never heard.

Reads    phase_features   one row per chunk: arrays of band levels and phases
Writes   phase_model      one row per network: the model blob, its held-out figures
Domain   groove.phase.learn.train
"""

import dagster as dg
import pandas as pd

from assets.metadata import trained
from groove.phase.learn import train
from groove.phase.spec import PhaseModelSpec
from resources.mlflow import Tracking
from resources.spill import spill_folder
from resources.workers import Workers


class PhaseModelConfig(dg.Config, PhaseModelSpec):
    """:class:`~groove.phase.spec.PhaseModelSpec`, editable in the launchpad."""


@dg.asset(
    kinds={"pytorch", "mlflow"}, group_name="phase", code_version=train.VERSION, pool="training"
)
def phase_model(
    config: PhaseModelConfig, phase_features: pd.DataFrame, workers: Workers, tracking: Tracking
) -> dg.MaterializeResult[pd.DataFrame]:
    """Causal network that tells the place in the bar, up to half a second ahead."""
    table = workers.once(
        train.train,
        {"phase_features": phase_features},
        config,
        into="phase_model",
        tracker=tracking,
        scratch=spill_folder(workers.data),
    )
    return dg.MaterializeResult(value=table, metadata=trained(table))
