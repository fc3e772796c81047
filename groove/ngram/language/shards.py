"""Shards: the n-grams of one batch of loops, in a Parquet file that outlives a killed count.

A shard holds the longest n-grams alone, each with its occurrences, weight and the tags of its
loops: all shorter ones follow from them when shards are merged. It is written aside and renamed,
so it is there whole or not at all. Its name has the digest of its bars: a count that starts again
finds what it has counted before, and counts again what has changed.

What belongs here: one batch at a time. What does not: adding shards up
(:mod:`groove.ngram.language.merge`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from groove.core.digest import digest
from groove.core.files import write_whole
from groove.ngram.corpus.conditions import KEYS, names_of, tags_of_row
from groove.ngram.language.context import (
    CHAINS,
    FEATURE_BITS,
    Events,
    Ints,
    columns_of,
    events_of_bars,
    features_of,
)
from groove.ngram.spec import LengthWeight, NgramSpec

VERSION = "1"

#: Weights are summed as integers of this fineness: a sum does not depend on its order.
WEIGHT_UNIT = 2**30
#: Two features to a word.
WORDS = ("a", "b", "c")

#: Settings that decide how counting goes, not what it gives.
MANNER = {"memory_limit_mb", "snapshot_loops"}

_SPILLED = "duckdb"

_AGGREGATE = """
COPY (
    SELECT a, b, c, symbol, tag, count(*) AS n, sum(weight)::BIGINT AS weight
    FROM steps GROUP BY ALL
) TO '{path}' (FORMAT parquet, COMPRESSION lz4)
"""


class CountError(ValueError):
    """Bars that cannot be counted. The message says why."""


@dataclass(frozen=True)
class Tag:
    """What decides which rows an n-gram is counted in: meter, and names of conditions."""

    meter: str
    names: tuple[str, ...]

    @property
    def number(self) -> int:
        """60 bits that stand for the tag in every shard."""
        return int(digest(self.meter, list(self.names))[:15], 16)


@contextmanager
def database(spec: NgramSpec, folder: Path) -> Iterator[Any]:
    """Yield a DuckDB connection that keeps to the memory limit and spills into ``folder``."""
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{spec.memory_limit_mb}MB",
        "temp_directory": os.fspath(folder / _SPILLED),
        # Whatever needs an order is sorted.
        "preserve_insertion_order": "false",
    }
    with duckdb.connect(config=config) as connection:
        yield connection


def folder_of(spill: Path, spec: NgramSpec, key: str) -> Path:
    """Return where the shards of one count are kept, made if need be, with its manifest."""
    settings = {k: v for k, v in spec.model_dump().items() if k not in MANNER}
    manifest = {"version": VERSION, "spec": settings, "chains": dict(CHAINS), "key": key}
    folder = spill / f"ngrams-{digest(manifest)[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "manifest.json", manifest)
    return folder


def tidy(folder: Path) -> None:
    """Remove what a killed count left half done."""
    for left in folder.glob(".*.tmp"):
        left.unlink()
    shutil.rmtree(folder / _SPILLED, ignore_errors=True)


def clear(folder: Path) -> None:
    """Remove a finished count's shards."""
    shutil.rmtree(folder)


def write_shard(
    connection: Any, folder: Path, number: int, bars: pd.DataFrame, spec: NgramSpec
) -> str:
    """Write the shards of one batch, one file per chain, unless they are there. Return their stem.

    Parameters
    ----------
    connection
        Of :func:`database`.
    folder
        Of :func:`folder_of`.
    number
        Number of the batch.
    bars
        Whole loops, as rows of ``groove_events`` in order of loop and bar.
    """
    stem = f"{number:06d}-{_content(bars)}"
    paths = {chain: folder / f"{stem}-{chain}.parquet" for chain in CHAINS}
    tags = folder / f"{stem}.json"
    if tags.exists() and all(path.exists() for path in paths.values()):
        return stem
    tag, listed = tags_of_bars(bars)
    _write_json(tags, [[each.meter, list(each.names)] for each in listed])
    events = events_of_bars(bars)
    features = features_of(events)
    numbers = np.array([each.number for each in listed], dtype=np.int64)
    weight = np.rint(event_weights(events, spec.length_weight) * WEIGHT_UNIT)
    common = {
        "symbol": events.symbol.astype(np.int32),
        "tag": numbers[tag][events.bar],
        "weight": np.maximum(weight, 1).astype(np.int64),
    }
    for chain, path in paths.items():
        words = packed(features[:, columns_of(chain)[: spec.max_order]])
        steps = pa.table({**dict(zip(WORDS, words, strict=True)), **common})
        aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        connection.register("steps", steps)
        connection.execute(_AGGREGATE.format(path=os.fspath(aside).replace("'", "''")))
        connection.unregister("steps")
        aside.replace(path)
    return stem


def read_tags(folder: Path, stems: list[str]) -> dict[int, Tag]:
    """Return the tags of shards by number.

    Raises
    ------
    CountError
        If two tags have one number.
    """
    found: dict[int, Tag] = {}
    for stem in stems:
        for meter, names in json.loads((folder / f"{stem}.json").read_text(encoding="utf-8")):
            tag = Tag(meter, tuple(names))
            if found.setdefault(tag.number, tag) != tag:
                raise CountError(f"{tag} and {found[tag.number]} have the same number")
    return found


def event_weights(events: Events, weight: LengthWeight) -> NDArray[np.float64]:
    """Return each event's share of its loop's weight.

    A loop of ``b`` bars weighs ``1``, ``sqrt(b)`` or ``b`` as a whole; its events share that.
    For ``b`` they all weigh 1: a bar is as much as another.
    """
    if not len(events) or weight == "proportional":
        return np.ones(len(events))
    starts = np.append(True, np.diff(events.loop_start) != 0)
    loop = np.cumsum(starts) - 1
    new_bar = np.append(True, np.diff(events.bar) != 0)
    bars_of_loop = np.bincount(loop[new_bar])
    power = {"uniform": 0.0, "sqrt": 0.5}[weight]
    return np.asarray((bars_of_loop**power / np.bincount(loop))[loop])


def tags_of_bars(bars: pd.DataFrame) -> tuple[Ints, list[Tag]]:
    """Return (place of each bar's tag in the list, tags)."""
    columns = [name for name in ("meter", *KEYS, "is_fill") if name in bars]
    code = np.zeros(len(bars), dtype=np.int64)
    for name in columns:
        values, distinct = pd.factorize(bars[name], use_na_sentinel=False)
        code = code * len(distinct) + values
        # Renumbered at each step, so that no product grows over 64 bits.
        code, _ = pd.factorize(code)
    _, example = np.unique(code, return_index=True)
    rows = bars.iloc[example][columns].to_dict("records")
    listed = [Tag(str(row["meter"]), ("", *names_of(tags_of_row(_texts(row))))) for row in rows]
    return np.asarray(code, dtype=np.int64), listed


def packed(features: Ints) -> list[Ints]:
    """Return up to six features as three words, in which they keep their order."""
    columns = [features[:, k] for k in range(features.shape[1])]
    columns += [np.zeros(len(features), np.int64)] * (2 * len(WORDS) - len(columns))
    return [columns[k] << FEATURE_BITS | columns[k + 1] for k in range(0, len(columns), 2)]


def unpacked(words: list[Ints], order: int) -> Ints:
    """Return the features of :func:`packed`, ``int64[n, order]``."""
    low = (1 << FEATURE_BITS) - 1
    columns = [part for word in words for part in (word >> FEATURE_BITS, word & low)]
    return np.stack(columns[:order], axis=1)


def _texts(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(k): None if v is None or v is pd.NA or v != v else v for k, v in row.items()}  # noqa: PLR0124  # NaN


def _content(bars: pd.DataFrame) -> str:
    """Return 16 digits that stand for all that is counted of the bars."""
    sink = hashlib.sha256()
    names = ["key", "steps", "resolution", "numerator", "denominator", "meter", "is_fill", *KEYS]
    for name in names:
        if name in bars:
            sink.update(name.encode())
            sink.update(pd.util.hash_array(bars[name].to_numpy(), categorize=True).tobytes())
    symbols = [np.asarray(each, dtype=np.int64) for each in bars["symbols"]]
    sink.update(np.concatenate(symbols).tobytes())
    return sink.hexdigest()[:16]


def _write_json(path: Path, content: Any) -> None:
    write_whole(path, json.dumps(content, ensure_ascii=False, indent=1).encode())
