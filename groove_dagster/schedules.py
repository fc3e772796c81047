"""Schedules: nightly retraining.

What belongs here: when jobs run by the clock. What does not: what they do.
"""

import dagster as dg

from groove_dagster.jobs import everything

nightly_retraining = dg.ScheduleDefinition(
    name="nightly_retraining",
    job=everything,
    cron_schedule="0 3 * * *",
    description="Everything, at three at night: costs what is new since the night before.",
)
