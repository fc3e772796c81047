"""Loop candidates: stretches of 1, 2, 4, 8 and 16 whole bars, from each downbeat.

Reads    track_bars        one row per track: bar lines
Writes   loop_candidates   one row per stretch
Domain   groove.loops.candidates
"""

import dagster as dg
import pandas as pd

from groove.loops import candidates, quality
from groove.loops.spec import CandidateSpec
from resources.workers import Workers


class CandidateConfig(dg.Config, CandidateSpec):
    """:class:`~groove.loops.spec.CandidateSpec`, editable in the launchpad."""


@dg.asset(kinds={"parquet"}, group_name="loops", code_version=candidates.VERSION)
def loop_candidates(
    config: CandidateConfig, track_bars: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Every stretch of a track that may become a loop."""
    table = workers.map(candidates.candidates_of, track_bars, config, into="loop_candidates")
    return dg.MaterializeResult(value=table, metadata=quality.candidate_summary(table))
