"""Phase evaluation: what the networks make of songs that they never heard, beside counting to four.

Reads    phase_model       one row per network: the model blob
         phase_chunks      chunks of the test split
Writes   phase_evaluation  one row per test chunk, tracker and anticipation; the worst first
Domain   groove.phase.judge.table (the rows), groove.phase.judge.figures (what they say)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.phase import quality
from groove.phase.judge import table as judging
from groove.phase.judge.spec import PhaseEvaluationSpec
from resources.workers import Workers


class PhaseEvaluationConfig(dg.Config, PhaseEvaluationSpec):
    """:class:`~groove.phase.judge.spec.PhaseEvaluationSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="phase", code_version=judging.VERSION)
def phase_evaluation(
    config: PhaseEvaluationConfig,
    phase_model: pd.DataFrame,
    phase_chunks: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Phase error, beats and downbeats per test chunk, ours and others', worst first."""
    from groove.phase import pictures

    tables = {"phase_model": phase_model, "phase_chunks": phase_chunks}
    table = workers.once(judging.judge, tables, config, into="phase_evaluation")
    shown = {
        **pictures.loss_by_meter(table),
        **pictures.worst_chunks(table, workers.store),
    }
    return dg.MaterializeResult(
        value=table,
        metadata={
            **quality.evaluation_summary(table),
            **{name: picture(png) for name, png in shown.items()},
        },
    )
