"""The warehouse: DuckDB with a view per table of the pipeline.

What belongs here: SQL access. What does not: writing tables (:mod:`resources.tables`).
"""

import os
import pathlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb
import pandas as pd
from upath import UPath

from groove.contracts import QUARANTINE
from groove.core.views import literal, views
from resources.files import location, remove


def _define(connection: duckdb.DuckDBPyConnection, data: str) -> None:
    for name, source in views(location(data)).items():
        # Names are file names of the table folder, sources are escaped literals.
        statement = f'CREATE OR REPLACE VIEW "{name}" AS SELECT * FROM {source}'  # noqa: S608
        connection.execute(statement)


def refresh_views(data: str) -> None:
    """Rewrite ``<data>/warehouse.duckdb``, views only, aside and renamed into place.

    A file that anyone can open with DuckDB's own shell while the pipeline runs. Object
    stores have no such file: there, :meth:`Warehouse.connect` is the way in.
    """
    target = location(data) / "warehouse.duckdb"
    if not isinstance(target, pathlib.Path):
        return
    aside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    try:
        with duckdb.connect(os.fspath(aside)) as connection:
            _define(connection, data)
        aside.replace(target)
    finally:
        remove(UPath(aside))


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]  # resource value is itself
    """DuckDB over the tables."""

    data: str = "data"
    memory_limit: str = "2GB"
    threads: int = 2

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield an in-memory connection with a view per table; spills beside the tables."""
        root = location(self.data)
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"SET memory_limit={literal(self.memory_limit)}")
            connection.execute(f"SET threads={int(self.threads)}")
            if isinstance(root, pathlib.Path):
                connection.execute(f"SET temp_directory={literal(str(root / 'spill'))}")
            else:
                connection.register_filesystem(root.fs)
            _define(connection, self.data)
            yield connection

    def quarantine(self) -> pd.DataFrame:
        """Return the quarantine of all stages: ``stage, item, error``."""
        with self.connect() as connection:
            if "quarantine" not in views(location(self.data)):
                return QUARANTINE.empty()
            rows: pd.DataFrame = connection.sql(
                "SELECT * FROM quarantine ORDER BY stage, item"
            ).df()
            return rows
