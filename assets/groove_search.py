"""Groove search: order, discounting, temperature and top-p against held-out grooves.

Reads    groove_events  bars of all splits
Writes   groove_search  one row per trial; best and default measured on the test split, too
Domain   groove.ngram.search.study (trials), groove.ngram.judge.distance (what is made small)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.ngram.search import stage
from groove.ngram.spec import SearchSpec
from resources.mlflow import Tracking
from resources.spill import spill_folder
from resources.workers import Workers


class SearchConfig(dg.Config, SearchSpec):
    """:class:`~groove.ngram.spec.SearchSpec`, editable in the launchpad."""


@dg.asset(
    kinds={"optuna", "mlflow"}, group_name="ngram", code_version=stage.VERSION, pool="training"
)
def groove_search(
    config: SearchConfig, groove_events: pd.DataFrame, workers: Workers, tracking: Tracking
) -> dg.MaterializeResult[pd.DataFrame]:
    """Trials of Optuna: how far the grooves of each setting are from those of held-out drummers."""
    from groove.plots.search import trials

    table = workers.once(
        stage.search,
        {"groove_events": groove_events},
        config,
        into="groove_search",
        tracker=tracking,
        spill=spill_folder(workers.data),
    )
    best = table[table["is_best"]].iloc[0]
    return dg.MaterializeResult(
        value=table,
        metadata={
            "best_order": int(best["order"]),
            "best_smoothing": str(best["smoothing"]),
            "best_temperature": float(best["temperature"]),
            "best_top_p": float(best["top_p"]),
            "best_objective": float(best["objective"]),
            "default_objective": float(table.loc[table["is_default"], "objective"].min()),
            "trials": picture(trials(table)),
        },
    )
