"""Settings from the environment, read in one place.

What belongs here: names of environment variables and their defaults. What does not:
settings of a stage (its spec, editable in the launchpad).

============== =========================================================== =============
GROOVE_DATA    data root: tables, blobs, runs (a folder or an fsspec URI)   ``data``
GROOVE_RAW     input: a folder or a sources file; empty takes the demo      empty
GROOVE_WORKERS parallel workers; 0 takes one per core                      ``0``
GROOVE_DASK    Dask scheduler address; empty uses local processes           empty
GROOVE_MLFLOW  MLflow server; empty uses SQLite below the data root         empty
============== =========================================================== =============
"""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Where things are."""

    data: str
    raw: str
    workers: int
    scheduler: str
    mlflow: str


def from_environment() -> Settings:
    """Return the settings of this process.

    Raises
    ------
    ValueError
        If ``GROOVE_WORKERS`` is not a number.
    """
    count = os.environ.get("GROOVE_WORKERS", "0")
    if not count.isdigit():
        raise ValueError(f"GROOVE_WORKERS={count!r} is not a number of workers")
    return Settings(
        data=os.environ.get("GROOVE_DATA", "data"),
        raw=os.environ.get("GROOVE_RAW", ""),
        workers=int(count),
        scheduler=os.environ.get("GROOVE_DASK", ""),
        mlflow=os.environ.get("GROOVE_MLFLOW", ""),
    )
