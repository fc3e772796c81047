"""The code location: definitions, jobs, schedules, sensors.

What belongs here: wiring. What does not: anything that could be tested without Dagster.
"""
