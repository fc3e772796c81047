"""Drum predictions: what the classifier says about the test split.

Reads    drum_events, drum_clips, drum_classifier   events, their pictures, the model
Writes   drum_predictions   one row per test event: probabilities, truth, loss
Domain   groove.drums.classify.predictions (rows), groove.drums.quality and
         groove.drums.classify.report (figures over them)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.drums import quality
from groove.drums.classify import predictions
from groove.midi.taxonomy import CLASSES
from resources.workers import Workers


@dg.asset(kinds={"pytorch", "parquet"}, group_name="drums", code_version=predictions.VERSION)
def drum_predictions(
    drum_events: pd.DataFrame,
    drum_clips: pd.DataFrame,
    drum_classifier: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Probabilities for every onset of the test split: unseen kits, and unheard songs."""
    from groove.drums.classify import report as reports
    from groove.plots import drums as plots

    table = workers.once(
        predictions.predict,
        {
            "drum_events": drum_events,
            "drum_clips": drum_clips,
            "drum_classifier": drum_classifier,
        },
        None,
        into="drum_predictions",
    )
    # One-shots alone: what is heard of a kit that training never met is what is promised.
    shots = table[table["origin"] == "hit"]
    fitted = reports.calibration_of(drum_classifier["metrics_json"].iloc[0])
    found = reports.report(shots if len(shots) else table, fitted)
    return dg.MaterializeResult(
        value=table,
        metadata={
            **quality.summary(table),
            "confusion": picture(plots.confusion(quality.confusion(table), CLASSES)),
            "by_class": dg.MetadataValue.md(found.table.round(3).to_markdown(index=False)),
            "recall": picture(plots.recall_bars(found.table)),
            "reliability": picture(plots.reliability(found.after, found.before)),
            "thresholds": picture(plots.threshold_curves(found.thresholds)),
        },
    )
