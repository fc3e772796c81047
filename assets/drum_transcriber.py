"""Drum transcriber: where drums are struck in a recording, which, and how hard.

Reads    drum_levels       recordings whose hits are known
Writes   drum_transcriber  one row: the model, its figures on recordings that it never heard
Domain   groove.drums.transcribe.train, groove.drums.transcribe.network
"""

import dagster as dg
import pandas as pd

from assets.metadata import trained
from groove.drums.transcribe import train
from groove.drums.transcribe.spec import TranscriberSpec
from resources.mlflow import Tracking
from resources.workers import Workers


class TranscriberConfig(dg.Config, TranscriberSpec):
    """:class:`~groove.drums.transcribe.spec.TranscriberSpec`, editable in the launchpad."""


@dg.asset(
    kinds={"pytorch", "mlflow"},
    group_name="drums",
    code_version=train.VERSION,
    pool="training",
)
def drum_transcriber(
    config: TranscriberConfig, drum_levels: pd.DataFrame, workers: Workers, tracking: Tracking
) -> dg.MaterializeResult[pd.DataFrame]:
    """A network that hears every frame, judged on other songs, kits and drummers."""
    table = workers.once(
        train.train,
        {"drum_levels": drum_levels},
        config,
        into="drum_transcriber",
        tracker=tracking,
    )
    return dg.MaterializeResult(value=table, metadata=trained(table))
