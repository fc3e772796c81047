"""n-gram counting in DuckDB, against a Python Counter and SQLite."""

from __future__ import annotations

import sqlite3
from collections import Counter

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.timing import Result, compare

_EVENTS = 2_000_000
_SYMBOLS = 200
_ORDER = 4


def _grams() -> np.ndarray:
    """Return packed 4-grams of a skewed random sequence: one integer each."""
    rng = np.random.default_rng(0)
    symbols = np.minimum(rng.geometric(0.03, _EVENTS), _SYMBOLS - 1).astype(np.int64)
    packed = np.zeros(_EVENTS - _ORDER + 1, dtype=np.int64)
    for place in range(_ORDER):
        packed = packed * _SYMBOLS + symbols[place : place + len(packed)]
    return packed


def run() -> list[Result]:
    """Count the same n-grams three ways."""
    grams = _grams()
    listed = grams.tolist()

    def ours() -> pa.Table:
        with duckdb.connect(":memory:") as connection:
            connection.register("grams", pa.table({"gram": grams}))
            table = connection.sql("SELECT gram, count(*) AS n FROM grams GROUP BY gram")
            return table.to_arrow_table()

    def with_counter() -> Counter[int]:
        return Counter(listed)

    def with_sqlite() -> dict[int, int]:
        with sqlite3.connect(":memory:") as connection:
            connection.execute("CREATE TABLE grams (gram INTEGER)")
            connection.executemany("INSERT INTO grams VALUES (?)", ((gram,) for gram in listed))
            rows = connection.execute("SELECT gram, count(*) FROM grams GROUP BY gram")
            return dict(rows.fetchall())

    expected = dict(with_counter())
    found = ours()
    counted = dict(zip(found["gram"].to_pylist(), found["n"].to_pylist(), strict=True))
    assert counted == expected  # noqa: S101  # a benchmark of wrong counts would mean nothing
    assert with_sqlite() == expected  # noqa: S101
    name = f"counting {_EVENTS / 1e6:.0f} M 4-grams"
    return [
        compare(name, ("DuckDB GROUP BY", ours), ("Counter", with_counter), "all counts"),
        compare(name, ("DuckDB GROUP BY", ours), ("SQLite", with_sqlite), "all counts", rounds=1),
    ]
