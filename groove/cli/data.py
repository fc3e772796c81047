"""Where the pipeline's data are, for commands that read what it has written.

What belongs here: the data root, its tables and blobs, read-only. What does not: writing them
(:mod:`resources`), and what is in them.
"""

from __future__ import annotations

import os

import pandas as pd
from upath import UPath

from groove.core.digest import sha256


class DataError(ValueError):
    """Data that are not there. The message says what to run or to set."""


class NoTableError(DataError):
    """A table that was never written here."""


def data_root() -> UPath:
    """Return the data root: what ``GROOVE_DATA`` names (a folder or an fsspec URI), or ``data``."""
    return UPath(os.environ.get("GROOVE_DATA") or "data")


def read_table(name: str) -> pd.DataFrame:
    """Return the table ``name`` as the pipeline wrote it.

    Raises
    ------
    NoTableError
        If it is not there.
    """
    path = data_root() / "tables" / f"{name}.parquet"
    if not path.is_file():
        raise NoTableError(
            f"no table {name} below {data_root()}: run `make demo`, or set GROOVE_DATA"
        )
    with path.open("rb") as file:
        return pd.read_parquet(file)


def read_blob(ref: str) -> bytes:
    """Return the content of a blob, named as in a table's ``blob`` column.

    Raises
    ------
    DataError
        If it is not there, or is not what its name says.
    """
    path = data_root() / "blobs" / ref[:2] / ref
    if not path.is_file():
        raise DataError(f"no blob {ref} below {data_root()}: materialise its table again")
    data: bytes = path.read_bytes()
    if sha256(data) != ref[:64]:
        raise DataError(f"blob {ref} is damaged: delete it and materialise its table again")
    return data
