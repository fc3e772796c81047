"""`groove tables`: what the pipeline has written, and SQL over it.

What belongs here: reading tables at the command line. What does not: writing them.
"""

from __future__ import annotations

from typing import Annotated

import typer

from groove.cli.data import data_root
from groove.core.views import views

_EXAMPLES = """
Try:

  groove tables

  groove tables "SELECT meter, count(*) FROM song_index GROUP BY meter"

  groove tables "SELECT * FROM quarantine" --csv > quarantine.csv
"""


def tables(
    sql: Annotated[str | None, typer.Argument(help="Query over the views; none lists them")] = None,
    csv: Annotated[bool, typer.Option(help="Print CSV instead of a table")] = False,
) -> None:
    """List the tables, or run SQL over them (DuckDB; one view per table)."""
    import duckdb

    found = views(data_root())
    if not found:
        typer.echo(f"No tables below {data_root()}: run `make demo`, or set GROOVE_DATA.", err=True)
        raise typer.Exit(2)
    root = data_root()
    with duckdb.connect(":memory:") as connection:
        if root.protocol not in ("", "file", "local"):
            connection.register_filesystem(root.fs)
        for name, source in found.items():
            # Names are file names of the table folder, sources are escaped literals.
            connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM {source}')  # noqa: S608
        query = sql or _listing(found)
        try:
            result = connection.sql(query)
        except duckdb.Error as error:
            typer.echo(f"{error}\nViews: {', '.join(found)}", err=True)
            raise typer.Exit(2) from error
        if result is None:
            return
        if csv:
            typer.echo(result.df().to_csv(index=False), nl=False)
        else:
            result.show(max_rows=200, max_width=200)


def _listing(found: dict[str, str]) -> str:
    lines = (
        # The same: names of files.
        f'SELECT \'{name}\' AS "table", (SELECT count(*) FROM "{name}") AS rows, '  # noqa: S608
        f'(SELECT count(*) FROM (DESCRIBE "{name}")) AS columns'
        for name in found
    )
    return " UNION ALL ".join(lines)


tables.__doc__ = (tables.__doc__ or "") + _EXAMPLES
