"""Sensors: new input files start a run.

What belongs here: when jobs run by what happens. What does not: reading files
(:mod:`resources.sources`).
"""

import dagster as dg

from groove_dagster.jobs import everything
from resources.sources import Sources


@dg.sensor(job=everything, minimum_interval_seconds=60)
def new_raw_files(context: dg.SensorEvaluationContext, sources: Sources) -> dg.SensorResult:
    """Start `everything` when a file in the raw folders came, went or changed."""
    state = sources.fingerprint()
    if state == context.cursor:
        return dg.SensorResult(skip_reason="no file came, went or changed")
    # No run key: a folder that is again what it once was has changed all the same.
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=state)
