"""Merging shards: from the longest n-grams of many batches to the counts of every order.

The longest n-grams of all shards are added up and sorted by their context's features, by DuckDB
and out of memory where need be. In that order a context's rank among those of its length is the
number of times its features have changed so far, so one pass over the sorted rows ranks the
contexts of every order. What remains is a GROUP BY per order::

    features   1 5 2   1 5 7   1 6 2   3 5 2
    order 1    0       0       0       1
    order 2    0       0       1       2
    order 3    0       1       2       3

What belongs here: adding up, ranks, pruning. What does not: what an n-gram is
(:mod:`groove.ngram.language.shards`), probabilities (:mod:`groove.ngram.language.estimate`).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from groove.ngram.language.context import FEATURE_BITS, Ints
from groove.ngram.language.shards import WEIGHT_UNIT, WORDS, CountError, Tag, unpacked
from groove.ngram.spec import NgramSpec

#: N-grams of one row of ``groove_ngrams``: a longer list goes on in the next part.
ROW_NGRAMS = 1 << 18
#: Orders below this one are never pruned.
FIRST_PRUNED = 2

_BATCH = 1 << 17

_SORTED = """
SELECT a, b, c, symbol, tag, sum(n)::BIGINT AS n, sum(weight)::BIGINT AS weight
FROM read_parquet({files}) GROUP BY a, b, c, symbol, tag ORDER BY a, b, c
"""

# A gram is a context's rank and a symbol. A tag stands for one meter and many conditions:
# adding up by tag first keeps the join small.
_LEVEL = """
SELECT (condition << {above}) | (gram << {meter_bits}) | meter AS code,
    sum(n)::BIGINT AS n, sum(weight)::BIGINT AS weight, 0::BIGINT AS continuations
FROM (
    SELECT g{order} AS gram, tag, sum(n) AS n, sum(weight) AS weight FROM ranked GROUP BY ALL
) JOIN cells USING (tag) GROUP BY code
"""

# Different n-grams one feature longer, whatever the meter.
_CONTINUED = """
CREATE OR REPLACE TEMP TABLE continued AS
SELECT (condition << {above}) | (gram << {meter_bits}) AS code,
    0::BIGINT AS n, 0::BIGINT AS weight, count(*) AS continuations
FROM (
    SELECT condition, g{next} AS longer, any_value(g{order}) AS gram
    FROM ranked JOIN cells USING (tag) GROUP BY condition, longer
) GROUP BY code
"""


@dataclass(frozen=True)
class Names:
    """Conditions and meters by number, each in order of name."""

    conditions: list[str]
    meters: list[str]

    @classmethod
    def of_tags(cls, tags: dict[int, Tag]) -> Names:
        """Return what occurs in tags."""
        conditions = {name for tag in tags.values() for name in tag.names}
        return cls(sorted(conditions), sorted({tag.meter for tag in tags.values()}))

    def register(self, connection: Any, tags: dict[int, Tag]) -> None:
        """Make the table ``cells``: a row per tag and condition (tag, condition, meter)."""
        condition = {name: number for number, name in enumerate(self.conditions)}
        meter = {name: number for number, name in enumerate(self.meters)}
        rows = [(n, condition[name], meter[t.meter]) for n, t in tags.items() for name in t.names]
        columns = np.array(rows, dtype=np.int64).T
        given = dict(zip(("tag", "condition", "meter"), columns, strict=True))
        connection.register("given", pa.table(given))
        connection.execute("CREATE OR REPLACE TEMP TABLE cells AS SELECT * FROM given")
        connection.unregister("given")


@dataclass(frozen=True)
class Ranked:
    """The table ``ranked`` (``g0..``, ``tag``, ``n``, ``weight``), and what its numbers mean.

    Parameters
    ----------
    symbols
        Distinct symbols, ascending; the low bits of a gram are a place among them.
    symbol_bits, bits
        Bits of a gram that are its symbol, and all of its bits.
    files
        Per order from 1, ``parent << FEATURE_BITS | feature`` of each context.
    """

    symbols: Ints
    symbol_bits: int
    bits: int
    files: tuple[Path, ...]

    def pairs(self, order: int) -> Ints:
        """Return the contexts of one order, left on disk until they are looked at."""
        if not order:
            return np.zeros(1, dtype=np.int64)
        return np.memmap(self.files[order - 1], dtype=np.int64, mode="r")


def merged(
    connection: Any, folder: Path, paths: list[Path], tags: dict[int, Tag], spec: NgramSpec
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``groove_ngrams`` of one chain, without its name, orders ascending.

    Parameters
    ----------
    connection
        Of :func:`groove.ngram.language.shards.database`.
    folder
        Where contexts are kept meanwhile.
    paths
        All shards of the chain.
    tags
        Tags by number.

    Raises
    ------
    CountError
        If there are more contexts than a number has room for.
    """
    names = Names.of_tags(tags)
    names.register(connection, tags)
    ranked = _rank(connection, folder, paths, spec.max_order)
    meter_bits = len(names.meters).bit_length()
    above = ranked.bits + meter_bits
    if above + len(names.conditions).bit_length() > 63:
        raise CountError("too many different contexts: set a lower max_order")
    ((steps, weight),) = connection.execute("SELECT sum(n), sum(weight) FROM ranked").fetchall()
    scale = float(steps) / float(weight) if weight else 1.0 / WEIGHT_UNIT
    kept: Ints | None = None
    for order in range(spec.max_order + 1):
        numbers = {"above": above, "meter_bits": meter_bits, "order": order, "next": order + 1}
        query = _LEVEL.format(**numbers)
        continued = spec.min_count > 1 and order < spec.max_order
        if continued:
            connection.execute(_CONTINUED.format(**numbers))
            query += " UNION ALL SELECT * FROM continued"
        least = spec.min_count if order >= FIRST_PRUNED else 1
        pairs, found = ranked.pairs(order), Level([])
        for condition, part, grams in _chunks(
            connection, query + " ORDER BY code", above, meter_bits
        ):
            for row in found.rows(
                grams, meter_bits, least, ranked, pairs, kept, collect=not condition
            ):
                meter = names.meters[row.pop("meter_number")]
                row["weights"] *= scale
                if not continued:
                    row["continuations"] = np.zeros(0, dtype=np.int64)
                about = {"order": order, "condition": names.conditions[condition], "meter": meter}
                yield {**about, "part": part, **row}
        if least > 1:
            kept = np.concatenate([np.zeros(0, np.int64), *found.contexts])
    for name in ("ranked", "continued"):
        connection.execute(f"DROP TABLE IF EXISTS {name}")


@dataclass(frozen=True)
class Level:
    """One order on its way to rows.

    Parameters
    ----------
    contexts
        Ranks of contexts that some n-gram of condition 0 is left of, ascending.
    """

    contexts: list[Ints]

    def rows(
        self,
        found: dict[str, Ints],
        meter_bits: int,
        least: int,
        ranked: Ranked,
        pairs: Ints,
        kept: Ints | None,
        *,
        collect: bool,
    ) -> Iterator[dict[str, Any]]:
        """Yield a row per meter of one chunk: n-grams of one condition, whole over all meters."""
        gram, meter = found["code"] >> meter_bits, found["code"] & ((1 << meter_bits) - 1)
        starts = np.flatnonzero(np.append(True, np.diff(gram) != 0))
        group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(gram))))
        enough = (np.add.reduceat(found["n"], starts) >= least)[group]
        # How an n-gram goes on is told once, with its first meter.
        there = found["n"] > 0
        first = np.append(True, np.diff(group[there]) != 0)
        goes_on = np.add.reduceat(found["continuations"], starts)[group[there]] * first
        gram, meter, enough = gram[there], meter[there], enough[there]
        n, weight = found["n"][there], found["weight"][there]
        context = gram >> ranked.symbol_bits
        if collect and least > 1:
            last = self.contexts[-1][-1:] if self.contexts else np.zeros(0, np.int64)
            # A context may go on from one chunk to the next.
            self.contexts.append(np.setdiff1d(context[enough], last))
        for number in np.unique(meter).tolist():
            here = meter == number
            chosen = np.flatnonzero(here & enough)
            pair = np.asarray(pairs[context[chosen]])
            parents = pair >> FEATURE_BITS
            yield {
                "meter_number": number,
                "ngrams": len(chosen),
                "events": int(n[chosen].sum()),
                "pruned": int(n[here & ~enough].sum()),
                # Contexts that were pruned have no rank: those kept are counted anew.
                "parents": parents if kept is None else np.searchsorted(kept, parents),
                "features": pair & ((1 << FEATURE_BITS) - 1),
                "symbols": ranked.symbols[gram[chosen] & ((1 << ranked.symbol_bits) - 1)],
                "counts": n[chosen],
                "weights": weight[chosen].astype(np.float64),
                "continuations": goes_on[chosen],
            }


def _rank(connection: Any, folder: Path, paths: list[Path], order: int) -> Ranked:
    """Make the table ``ranked``."""
    files = "[" + ", ".join("'" + os.fspath(p).replace("'", "''") + "'" for p in paths) + "]"
    distinct = f"SELECT DISTINCT symbol::BIGINT AS symbol FROM read_parquet({files}) ORDER BY 1"  # noqa: S608  # paths of our own shards
    symbols = connection.sql(distinct).to_arrow_table()["symbol"].to_numpy()
    symbol_bits = max(1, len(symbols).bit_length())
    most = sum(pq.read_metadata(path).num_rows for path in paths)
    schema = pa.schema(
        [
            (name, pa.int64())
            for name in (*(f"g{k}" for k in range(order + 1)), "tag", "n", "weight")
        ]
    )
    source = connection.cursor()
    reader = source.sql(_SORTED.format(files=files)).to_arrow_reader(_BATCH)
    named = [folder / f".contexts-{k}.tmp" for k in range(1, order + 1)]
    with ExitStack() as stack:
        outputs = [stack.enter_context(path.open("wb")) for path in named]
        batches = _ranked(reader, schema, symbols, symbol_bits, outputs)
        connection.register("stream", pa.RecordBatchReader.from_batches(schema, batches))
        connection.execute("CREATE OR REPLACE TEMP TABLE ranked AS SELECT * FROM stream")
        connection.unregister("stream")
    source.close()
    bits = symbol_bits + most.bit_length()
    return Ranked(symbols, symbol_bits, bits, tuple(named))


def _ranked(
    reader: Any, schema: pa.Schema, symbols: Ints, symbol_bits: int, outputs: list[Any]
) -> Iterator[pa.RecordBatch]:
    """Yield ranked n-grams, and write each context as it comes up."""
    order = len(outputs)
    last: Ints | None = None
    last_rank = np.full(order, -1, dtype=np.int64)
    for batch in reader:
        if not batch.num_rows:
            continue
        features = unpacked([batch.column(word).to_numpy() for word in WORDS], order)
        before = np.empty_like(features)
        before[1:] = features[:-1]
        before[0] = -1 if last is None else last
        changed = features != before
        at = np.arange(len(features)), np.argmax(changed, axis=1)
        if np.any(features[at] < before[at]):
            raise CountError("n-grams came out of order")
        changed = np.logical_or.accumulate(changed, axis=1)
        rank = last_rank + np.cumsum(changed, axis=0)
        last, last_rank = features[-1], rank[-1]
        parent = np.zeros(len(features), dtype=np.int64)
        for k, output in enumerate(outputs):
            new = changed[:, k]
            output.write((parent[new] << FEATURE_BITS | features[new, k]).tobytes())
            parent = rank[:, k]
        symbol = np.searchsorted(symbols, batch.column("symbol").to_numpy())
        grams = [symbol, *(rank[:, k] << symbol_bits | symbol for k in range(order))]
        kept = [batch.column(name) for name in ("tag", "n", "weight")]
        yield pa.record_batch([*(pa.array(gram) for gram in grams), *kept], schema=schema)


def _chunks(
    connection: Any, query: str, above: int, meter_bits: int
) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Yield (condition, part, columns without the condition) of a result in order of code.

    A chunk is as long as ``ROW_NGRAMS`` lets it be, and ends with a gram's last meter: what is
    in it does not depend on how the result comes.
    """
    condition, part = -1, 0
    waiting: dict[str, Any] = {}

    def cut(most: int) -> dict[str, Any]:
        """Take a chunk of at most so many n-grams out of what waits."""
        length = len(waiting["code"])
        if length > most:
            gram = waiting["code"] >> meter_bits
            same = gram[: most + 1] == gram[most]
            # A gram in more meters than a chunk holds would stop it: one has few.
            length = int(np.argmax(same)) or most
        taken = {name: values[:length] for name, values in waiting.items()}
        for name in waiting:
            waiting[name] = waiting[name][length:]
        return taken

    for batch in connection.sql(query).to_arrow_reader(_BATCH):
        columns = {name: batch.column(name).to_numpy() for name in batch.schema.names}
        owner = columns["code"] >> above
        starts = np.flatnonzero(np.append(True, np.diff(owner) != 0)) if len(owner) else owner
        for first, last in itertools.pairwise([*starts.tolist(), len(owner)]):
            new = int(owner[first])
            while waiting and new != condition and len(waiting["code"]):
                yield condition, part, cut(ROW_NGRAMS)
                part += 1
            if new != condition:
                condition, part, waiting = new, 0, {}
            piece = {name: values[first:last] for name, values in columns.items()}
            piece["code"] = piece["code"] & ((1 << above) - 1)
            waiting = {
                name: np.concatenate([waiting[name], values]) if waiting else values
                for name, values in piece.items()
            }
            while len(waiting["code"]) > ROW_NGRAMS:
                yield condition, part, cut(ROW_NGRAMS)
                part += 1
    while waiting and len(waiting["code"]):
        yield condition, part, cut(ROW_NGRAMS)
        part += 1
