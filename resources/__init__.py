"""Everything outside the process: files, tables, blobs, workers, tracking.

What belongs here: adapters, configurable as Dagster resources. What does not: music.
"""
