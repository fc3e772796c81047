"""Drum boundary predictions: what the classifier hears of a hit, given one window alone.

Reads    drum_boundary_pack          hits near the edges of streaming windows
         drum_classifier             the model
Writes   drum_boundary_predictions   one row per row of the pack
Domain   groove.drums.classify.edges (rows)
"""

import dagster as dg
import pandas as pd

from groove.drums.classify import edges
from resources.workers import Workers


@dg.asset(kinds={"pytorch", "parquet"}, group_name="drums", code_version=edges.VERSION)
def drum_boundary_predictions(
    drum_boundary_pack: pd.DataFrame, drum_classifier: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Probability of what was struck, with the rest of the song unheard."""
    table = workers.once(
        edges.predict,
        {"drum_boundary_pack": drum_boundary_pack, "drum_classifier": drum_classifier},
        None,
        into="drum_boundary_predictions",
    )
    recall = table.pivot_table(index="label", columns="edge", values="heard", aggfunc="mean")
    return dg.MaterializeResult(
        value=table,
        metadata={"recall": dg.MetadataValue.md(recall.to_markdown(floatfmt=".3f"))},
    )
