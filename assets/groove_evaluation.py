"""Groove evaluation: what the model is worth on loops that it never heard.

Reads    groove_model       one row: the model, with its training loops
         groove_events      bars of the test split
Writes   groove_evaluation  one row: perplexity beside references, distances, copies, styles
Domain   groove.ngram.judge.evaluation (the report), groove.ngram.judge.table (the row)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.ngram.judge import table as judging
from groove.ngram.judge.pictures import shown
from groove.ngram.spec import EvaluationSpec
from resources.workers import Workers


class EvaluationConfig(dg.Config, EvaluationSpec):
    """:class:`~groove.ngram.spec.EvaluationSpec`, editable in the launchpad."""


@dg.asset(kinds={"midi", "parquet"}, group_name="ngram", code_version=judging.VERSION)
def groove_evaluation(
    config: EvaluationConfig,
    groove_model: pd.DataFrame,
    groove_events: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Bits, distances, memorisation and conditioning of the groove model on the test split."""
    tables = {"groove_model": groove_model, "groove_events": groove_events}
    table = workers.once(judging.judge, tables, config, into="groove_evaluation")
    report = judging.report_of(table)
    return dg.MaterializeResult(
        value=table,
        metadata={
            "perplexity_16x13": report["perplexity_16x13"],
            "references": report["reference"],
            "memorised_max_hits": report["memorised_max_hits"],
            "memorised_file": report["memorised_file"],
            **{name: picture(data) for name, data in shown(report).items()},
        },
    )
