"""Where the pipeline's data are, for commands that read what it has written.

What belongs here: the data root, its tables and blobs, read-only. What does not: writing them
(:mod:`resources`), and what is in them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from groove.core.digest import sha256


class DataError(ValueError):
    """Data that are not there. The message says what to run or to set."""


def data_root() -> Path:
    """Return the data root: the folder in ``GROOVE_DATA``, or ``data`` in the current folder."""
    return Path(os.environ.get("GROOVE_DATA") or "data")


def read_table(name: str) -> pd.DataFrame:
    """Return the table ``name`` as the pipeline wrote it.

    Raises
    ------
    DataError
        If it is not there.
    """
    path = data_root() / "tables" / f"{name}.parquet"
    if not path.is_file():
        raise DataError(f"no table {name} below {data_root()}: run `make demo`, or set GROOVE_DATA")
    return pd.read_parquet(path)


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
    data = path.read_bytes()
    if sha256(data) != ref[:64]:
        raise DataError(f"blob {ref} is damaged: delete it and materialise its table again")
    return data
