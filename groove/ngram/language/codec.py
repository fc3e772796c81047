"""A groove model as one file: Parquet, with the model card as JSON in its schema.

What belongs here: bytes to model and back. What does not: what the arrays mean
(:mod:`groove.ngram.language.model`).

Layout: one row; each array is a list column. ``bar_any0_keys`` are the contexts of order 0
of any style along the chain ``bar``, ``step_style3_probability`` the discounted probabilities of
order 3 by style along the chain ``step``. The file is data,
never code, and readable with any Parquet reader.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from groove.core.models import ModelError
from groove.ngram.language.model import Chain, GrooveModel, Level
from groove.ngram.play.expression import OFFSET_BINS, VELOCITY_BINS, Expression

FORMAT = 1
_CARD = b"groove"
Array = NDArray[Any]


def pack(model: GrooveModel) -> bytes:
    """Return the model as a Parquet file; the same model gives the same bytes."""
    columns: dict[str, Array] = {
        "label_rates": model.label_rates.astype(np.float64),
        "starts": model.starts.astype(np.int32),
        "positions": model.expression.positions.astype(np.int64),
        "velocity": model.expression.velocity.ravel(),
        "offset": model.expression.offset.ravel(),
        "flam": model.expression.flam,
    }
    for chain in model.chains:
        for kind, levels in (("any", chain.any_style), ("style", chain.by_style)):
            for k, level in enumerate(levels):
                name = f"{chain.name}_{kind}{k}"
                columns[f"{name}_keys"] = level.keys
                columns[f"{name}_sizes"] = np.diff(level.first).astype(np.int32)
                columns[f"{name}_symbol"] = level.symbol.astype(np.int32)
                columns[f"{name}_probability"] = level.probability.astype(np.float32)
    card = {
        "format": FORMAT,
        "labels": list(model.labels),
        "order": model.order,
        "chains": {chain.name: chain.weight for chain in model.chains},
        "styles": list(model.styles),
        "share": model.share,
        "card": dict(model.card),
    }
    lists = []
    for values in columns.values():
        ends = pa.array([0, len(values)], type=pa.int32())
        lists.append(pa.ListArray.from_arrays(ends, pa.array(values)))
    table = pa.table(dict(zip(columns, lists, strict=True))).replace_schema_metadata(
        {_CARD: json.dumps(card, sort_keys=True).encode()}
    )
    out = io.BytesIO()
    integers = [name for name, values in columns.items() if values.dtype.kind == "i"]
    pq.write_table(
        table,
        out,
        compression="zstd",
        write_statistics=False,
        use_dictionary=[f"{name}.list.element" for name in columns if name not in integers],
        # Sorted keys lie close together: differences take a third of the space.
        column_encoding={f"{name}.list.element": "DELTA_BINARY_PACKED" for name in integers},
    )
    return out.getvalue()


def unpack(data: bytes) -> GrooveModel:
    """Return the model that :func:`pack` wrote.

    Raises
    ------
    ModelError
        If the bytes are no such file.
    """
    try:
        table = pq.read_table(io.BytesIO(data), use_threads=False)
        card = json.loads((table.schema.metadata or {})[_CARD])
        if card["format"] != FORMAT:
            raise ModelError(f"groove model of format {card['format']}; this reads {FORMAT}")

        def array(name: str) -> Array:
            values: Array = table.column(name).chunk(0).flatten().to_numpy(zero_copy_only=False)
            return values

        labels, orders = tuple(card["labels"]), range(int(card["order"]) + 1)
        shape = (-1, len(labels))
        return GrooveModel(
            labels=labels,
            order=int(card["order"]),
            label_rates=array("label_rates"),
            styles=tuple(card["styles"]),
            share=float(card["share"]),
            chains=tuple(
                Chain(
                    name,
                    float(weight),
                    tuple(_level(array, f"{name}_any{k}") for k in orders),
                    tuple(_level(array, f"{name}_style{k}") for k in orders),
                )
                for name, weight in card["chains"].items()
            ),
            expression=Expression(
                positions=array("positions"),
                velocity=array("velocity").reshape(*shape, VELOCITY_BINS),
                offset=array("offset").reshape(*shape, OFFSET_BINS),
                flam=array("flam"),
            ),
            starts=array("starts").astype(np.int64),
            card=card["card"],
        )
    except (pa.ArrowException, KeyError, TypeError, IndexError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"not a groove model file: {error}") from error


def _level(array: Callable[[str], Array], name: str) -> Level:
    sizes = array(f"{name}_sizes")
    return Level(
        keys=array(f"{name}_keys"),
        first=np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]),
        symbol=array(f"{name}_symbol").astype(np.int64),
        probability=array(f"{name}_probability").astype(np.float64),
    )
