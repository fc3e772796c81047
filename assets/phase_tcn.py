"""The bar-phase network, trained on chunks and measured on songs it never heard.

Reads    phase_chunks   one row per chunk: audio blob, phase per frame
Writes   phase_tcn      one row: the model blob, its held-out figures beside chance
Domain   groove.phase.learn.train
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture, trained
from groove.phase.learn import train
from groove.phase.spec import PhaseTcnSpec
from resources.mlflow import Tracking
from resources.workers import Workers


class PhaseTcnConfig(dg.Config, PhaseTcnSpec):
    """:class:`~groove.phase.spec.PhaseTcnSpec`, editable in the launchpad."""


@dg.asset(
    kinds={"pytorch", "mlflow"}, group_name="phase", code_version=train.VERSION, pool="training"
)
def phase_tcn(
    config: PhaseTcnConfig, phase_chunks: pd.DataFrame, workers: Workers, tracking: Tracking
) -> dg.MaterializeResult[pd.DataFrame]:
    """Causal network that tells the place in the bar, up to half a second ahead."""
    from groove.phase import pictures

    table = workers.once(
        train.train, {"phase_chunks": phase_chunks}, config, into="phase_tcn", tracker=tracking
    )
    shown = pictures.test_predictions(table, phase_chunks, workers.store)
    return dg.MaterializeResult(
        value=table,
        metadata={**trained(table), **{name: picture(png) for name, png in shown.items()}},
    )
