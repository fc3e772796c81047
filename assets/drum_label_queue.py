"""Drum label queue: which events a person should listen to next.

Reads    drum_predictions   what the classifier says about the test split
         drum_events        what there is of each class, and where the sound is
Writes   drum_label_queue   one row per event, the one worth most first, with its sound
Domain   groove.drums.label_queue.rows (rows), groove.drums.label_queue.ranking (the order)
"""

import dagster as dg
import pandas as pd

from groove.drums.label_queue import rows
from groove.drums.label_queue.spec import QueueSpec
from resources.workers import Workers

_SHOWN = ["rank", "why", "asked", "true_classes", "predicted_classes", "loss", "effect", "path"]


class QueueConfig(dg.Config, QueueSpec):
    """:class:`~groove.drums.label_queue.spec.QueueSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="drums", code_version=rows.VERSION)
def drum_label_queue(
    config: QueueConfig,
    drum_predictions: pd.DataFrame,
    drum_events: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Confident mistakes and doubts, ranked by loss x diversity x effect on the gates."""
    table = workers.once(
        rows.rows_of,
        {"drum_predictions": drum_predictions, "drum_events": drum_events},
        config,
        into="drum_label_queue",
    )
    reasons = table["why"].value_counts().sort_index()
    first = table[_SHOWN].head(20).round(3)
    return dg.MaterializeResult(
        value=table,
        metadata={
            **{str(name): int(count) for name, count in reasons.items()},
            "first": dg.MetadataValue.md(first.to_markdown(index=False)),
        },
    )
