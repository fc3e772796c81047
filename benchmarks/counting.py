"""n-gram counting in DuckDB, against a Python Counter and SQLite; and a corpus in whole."""

from __future__ import annotations

import sqlite3
from collections import Counter

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.groove_scale import corpus
from benchmarks.timing import Result, compare
from groove.ngram.language.context import CHAINS, columns_of, events_of_bars, features_of
from groove.ngram.language.counts import count_batches
from groove.ngram.language.shards import tags_of_bars
from groove.ngram.spec import NgramSpec

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


def _corpus() -> Result:
    """Count the demo corpus at every order, chain and condition, shards and all."""
    bars = corpus(None)
    spec = NgramSpec()

    def ours() -> int:
        return sum(row["ngrams"] for row in count_batches([bars], spec))

    def with_counter() -> int:
        events = events_of_bars(bars)
        features = features_of(events)
        tag, tags = tags_of_bars(bars)
        at = tag[events.bar].tolist()
        symbols = events.symbol.tolist()
        total = 0
        for chain in CHAINS:
            listed = features[:, columns_of(chain)].tolist()
            for order in range(spec.max_order + 1):
                counter: Counter[tuple[object, ...]] = Counter()
                for seen, symbol, place in zip(listed, symbols, at, strict=True):
                    for name in tags[place].names:
                        counter[name, tags[place].meter, *seen[:order], symbol] += 1
                total += len(counter)
        return total

    assert ours() == with_counter()  # noqa: S101
    name = f"counting {len(bars)} bars"
    return compare(name, ("count_batches", ours), ("Counter", with_counter), "n-grams", rounds=1)


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
        _corpus(),
    ]
