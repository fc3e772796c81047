"""A groove model as one file: Parquet, with the model card as JSON in its schema.

What belongs here: bytes to model and back, and what a file from outside must keep to. What does
not: what the arrays mean (:mod:`groove.ngram.language.model`).

Layout: one row; each array is a list column. ``bar_any1_parent`` and ``bar_any1_feature`` are the
contexts of order 1 of any loop along the chain ``bar``, ``step_given3_code`` the discounted
probabilities of order 3 by condition along the chain ``step``, in 1/16ths of a bit. The file is data, never code, and readable
with any Parquet reader.

The file carries the hash of all its bytes (:mod:`groove.ngram.language.seal`), and the card says
which columns there are, of which type and length. The hash is checked before anything is parsed;
then the file is measured against limits by what its header claims before any of it is unpacked,
then against the card, then value by value.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from groove.core.models import ModelError
from groove.ngram.language import checks, seal
from groove.ngram.language.context import FEATURE_BITS
from groove.ngram.language.estimate import CODES_PER_BIT, codes
from groove.ngram.language.levels import Chain, Level
from groove.ngram.language.loops import Loops
from groove.ngram.language.model import GrooveModel
from groove.ngram.language.seal import BLANK, sealed
from groove.ngram.play.expression import Expression

FORMAT = 3
_CARD, _SEAL = b"groove", b"groove_seal"
_FEATURE = (1 << FEATURE_BITS) - 1
Array = NDArray[Any]


def pack(model: GrooveModel) -> bytes:
    """Return the model as a Parquet file; the same model gives the same bytes."""
    columns = _columns(model)
    card = {
        "format": FORMAT,
        "labels": list(model.labels),
        "order": model.order,
        "chains": [chain.name for chain in model.chains],
        "label_chain": model.label_chain.name,
        "conditions": list(model.conditions),
        "share": model.share,
        "loops": {name: _grouped(getattr(model.loops, name)) for name in ("licenses", "sources")},
        "columns": {name: [str(v.dtype), len(v)] for name, v in sorted(columns.items())},
        "card": dict(model.card),
    }
    lists = []
    for values in columns.values():
        ends = pa.array([0, len(values)], type=pa.int32())
        lists.append(pa.ListArray.from_arrays(ends, pa.array(values)))
    table = pa.table(dict(zip(columns, lists, strict=True)))
    sorted_ones = [name for name in columns if name.endswith("_parent")]
    out = io.BytesIO()
    with pq.ParquetWriter(
        out,
        table.schema,
        compression="zstd",
        compression_level=9,
        write_statistics=False,
        # It would hold a copy of the metadata.
        store_schema=False,
        use_dictionary=[f"{name}.list.element" for name in columns if name not in sorted_ones],
        # Sorted numbers lie close together: their differences take little space.
        column_encoding={f"{name}.list.element": "DELTA_BINARY_PACKED" for name in sorted_ones},
    ) as writer:
        writer.write_table(table)
        text = json.dumps(card, sort_keys=True).encode()
        writer.add_key_value_metadata({_CARD: text, _SEAL: BLANK.encode()})
    return sealed(out.getvalue())


def unpack(data: bytes) -> GrooveModel:
    """Return the model that :func:`pack` wrote.

    Raises
    ------
    ModelError
        If the bytes are no such file, if they claim too much, if anything was changed, or if a
        value is not one that a model may have. Nothing is parsed before the hash is checked, nor
        unpacked before the claims are.
    """
    checks.size(len(data))
    seal.check(data)
    try:
        with pa.BufferReader(data) as source, pq.ParquetFile(source) as file:
            checks.header(file.metadata)
            card = json.loads((file.metadata.metadata or {})[_CARD])
            checks.card(card, FORMAT)
            checks.claims(file, card["columns"])
            table = file.read(use_threads=False)
        columns = {name: _array(table, name) for name in card["columns"]}
        checks.lengths(columns, card["columns"])
        checks.values(card, columns)
        return _model(card, columns)
    except (
        pa.ArrowException,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        ValueError,
        OverflowError,
        RecursionError,
        OSError,
    ) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"not a groove model file: {error}") from error


def read(path: Path) -> GrooveModel:
    """Return the model in a file.

    Raises
    ------
    ModelError
        As :func:`unpack`; the file is not read if it is larger than any model.
    OSError
        If it cannot be read.
    """
    checks.size(path.stat().st_size)
    return unpack(path.read_bytes())


def _columns(model: GrooveModel) -> dict[str, Array]:
    loops = model.loops
    columns: dict[str, Array] = {
        "label_rates": model.label_rates.astype(np.float64),
        "weights": model.weights.ravel().astype(np.float64),
        "given_weights": model.given_weights.ravel().astype(np.float64),
        "loop_bars": np.bincount(loops.loop, minlength=len(loops)).astype(np.int32),
        "loop_form": loops.form.ravel().astype(np.int32),
        "loop_symbols": loops.symbols.astype(np.int32),
        "loop_paths": np.array(loops.paths, dtype=object),
    }
    columns |= {f"expression_{k}": v.ravel() for k, v in model.expression.arrays().items()}
    for chain in (*model.chains, model.label_chain):
        for kind, levels in (("any", chain.any_condition), ("given", chain.by_condition)):
            for k, level in enumerate(levels):
                name = f"{chain.name}_{kind}{k}"
                columns[f"{name}_parent"] = (level.keys >> FEATURE_BITS).astype(np.int32)
                columns[f"{name}_feature"] = (level.keys & _FEATURE).astype(np.int32)
                columns[f"{name}_sizes"] = np.diff(level.first).astype(np.int32)
                columns[f"{name}_symbol"] = level.symbol.astype(np.int32)
                columns[f"{name}_code"] = codes(level.probability).astype(np.int32)
    return columns


def _model(card: Mapping[str, Any], columns: Mapping[str, Array]) -> GrooveModel:
    chains = [*card["chains"], card["label_chain"]]
    built = [
        Chain(name, *(_levels(columns, f"{name}_{kind}") for kind in ("any", "given")))
        for name in chains
    ]
    expression = {
        name.removeprefix("expression_"): values
        for name, values in columns.items()
        if name.startswith("expression_")
    }
    bars = columns["loop_bars"]
    return GrooveModel(
        labels=tuple(card["labels"]),
        order=int(card["order"]),
        label_rates=columns["label_rates"],
        conditions=tuple(card["conditions"]),
        share=float(card["share"]),
        chains=tuple(built[:-1]),
        label_chain=built[-1],
        weights=columns["weights"].reshape(-1, len(chains)),
        given_weights=columns["given_weights"].reshape(-1, 2 * len(chains)),
        expression=Expression.of_arrays(expression),
        loops=Loops(
            paths=tuple(columns["loop_paths"].tolist()),
            licenses=_spread(card["loops"]["licenses"]),
            sources=_spread(card["loops"]["sources"]),
            loop=np.repeat(np.arange(len(bars)), bars),
            form=columns["loop_form"].reshape(-1, 4).astype(np.int64),
            symbols=columns["loop_symbols"].astype(np.int64),
        ),
        card=card["card"],
    )


def _levels(columns: Mapping[str, Array], name: str) -> tuple[Level, ...]:
    found: list[Level] = []
    while f"{name}{len(found)}_parent" in columns:
        this = f"{name}{len(found)}"
        sizes = columns[f"{this}_sizes"]
        found.append(
            Level(
                keys=checks.keys_of(columns, this),
                first=np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]),
                symbol=columns[f"{this}_symbol"].astype(np.int64),
                probability=np.exp2(-columns[f"{this}_code"].astype(np.float64) / CODES_PER_BIT),
            )
        )
    return tuple(found)


def _array(table: pa.Table, name: str) -> Array:
    column = table.column(name).combine_chunks()
    values = column.flatten() if isinstance(column, pa.ListArray) else column.chunk(0).flatten()
    found: Array = values.to_numpy(zero_copy_only=False)
    return found


def _grouped(texts: tuple[str, ...]) -> list[list[Any]]:
    """Return runs of equal texts as (text, how many)."""
    runs: list[list[Any]] = []
    for text in texts:
        if runs and runs[-1][0] == text:
            runs[-1][1] += 1
        else:
            runs.append([text, 1])
    return runs


def _spread(runs: list[list[Any]]) -> tuple[str, ...]:
    return tuple(str(text) for text, times in runs for _ in range(times))
