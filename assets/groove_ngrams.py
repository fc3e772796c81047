"""Groove n-grams: how often each step follows each context.

Reads    groove_events  one row per bar
Writes   groove_ngrams  one row per chain, order, condition and meter, with its counts as lists
Domain   groove.ngram.language.counts (counting), groove.ngram.language.merge (in bounded memory)
"""

import dagster as dg
import pandas as pd

from groove.ngram.language import counts
from groove.ngram.spec import NgramSpec
from resources.spill import spill_folder
from resources.workers import Workers


class NgramConfig(dg.Config, NgramSpec):
    """:class:`~groove.ngram.spec.NgramSpec`, editable in the launchpad."""


@dg.asset(kinds={"duckdb", "parquet"}, group_name="ngram", code_version=counts.VERSION)
def groove_ngrams(
    config: NgramConfig, groove_events: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Counts of the training split by order, condition and meter, weighted by loop length."""
    table = workers.once(
        counts.count,
        {"groove_events": groove_events},
        config,
        into="groove_ngrams",
        spill=spill_folder(workers.data),
    )
    by_order = table.groupby(["chain", "order"])[["ngrams", "pruned"]].sum()
    return dg.MaterializeResult(
        value=table,
        metadata={
            "ngrams": int(table["ngrams"].sum()),
            "conditions": int(table["condition"].nunique()),
            "by_order": dg.MetadataValue.md(by_order.to_markdown()),
        },
    )
