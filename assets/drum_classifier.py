"""Drum classifier: which drums sound at an onset, several at once if they do.

Reads    drum_events, drum_clips   events and their pictures
         drum_session_weights      how often each session is drawn
Writes   drum_classifier           one row: the model, its figures on kits not seen
Domain   groove.drums.classify.train (training), groove.drums.classify.network, groove.drums.classify.calibration
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture, trained
from groove.drums.classify import train
from groove.drums.spec import ClassifierSpec
from groove.midi.taxonomy import CLASSES
from resources.mlflow import Tracking
from resources.workers import Workers


class ClassifierConfig(dg.Config, ClassifierSpec):
    """:class:`~groove.drums.spec.ClassifierSpec`, editable in the launchpad."""


@dg.asset(
    kinds={"pytorch", "mlflow"},
    group_name="drums",
    code_version=train.VERSION,
    pool="training",
)
def drum_classifier(
    config: ClassifierConfig,
    drum_events: pd.DataFrame,
    drum_clips: pd.DataFrame,
    drum_session_weights: pd.DataFrame,
    workers: Workers,
    tracking: Tracking,
) -> dg.MaterializeResult[pd.DataFrame]:
    """A calibrated multi-label network, judged on kits that training never met."""
    from groove.plots import drums as plots

    table = workers.once(
        train.train,
        {
            "drum_events": drum_events,
            "drum_clips": drum_clips,
            "drum_session_weights": drum_session_weights,
        },
        config,
        into="drum_classifier",
        tracker=tracking,
    )
    f1 = plots.f1_bars(table["metrics_json"].iloc[0], CLASSES)
    return dg.MaterializeResult(value=table, metadata={**trained(table), "f1": picture(f1)})
