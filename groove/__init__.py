"""The domain: music and models.

What belongs here: functions from bytes and tables to rows. What does not: Dagster, MLflow,
or any path that it was not given.
"""
