"""Tables as SQL: the source of a DuckDB view for each table below a data root.

What belongs here: names and SQL text. What does not: connections
(:mod:`resources.warehouse`, :mod:`groove.cli.tables`).
"""

from __future__ import annotations

from pathlib import Path

from upath import UPath


def literal(text: str) -> str:
    """Return ``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def views(data: Path | UPath) -> dict[str, str]:
    """Return view name to SQL source, in order of name.

    Parameters
    ----------
    data
        The data root, a local path or a universal-pathlib one. The view ``quarantine`` is
        over one file per stage; every other view is over the Parquet file of its name.
    """
    root = data / "tables"
    if not root.exists():
        return {}
    found = {
        path.stem: literal(str(path))
        for path in root.iterdir()
        if path.suffix == ".parquet" and not path.name.startswith(".")
    }
    quarantine = root / "quarantine"
    if quarantine.exists() and any(path.suffix == ".parquet" for path in quarantine.iterdir()):
        found["quarantine"] = literal(str(quarantine / "*.parquet"))
    return {name: f"read_parquet({source})" for name, source in sorted(found.items())}
