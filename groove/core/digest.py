"""Content digests: what makes two files, rows, specs or tables the same, and seeds from them.

What belongs here: pure hashing. What does not: deciding what to recompute
(:mod:`resources.journal`) and where bytes are kept (:mod:`groove.core.store`).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel

from groove.core.tables import Table, to_arrow


def sha256(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hexadecimal (64 characters)."""
    return hashlib.sha256(data).hexdigest()


def _canonical(value: Any) -> Any:
    """Return a JSON-able form in which equal values have one spelling."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(json.dumps(_canonical(item)) for item in value)
    return sha256(value) if isinstance(value, bytes) else _scalar(value)


def _array(value: NDArray[Any]) -> list[Any]:
    if value.dtype.kind == "O":
        return [_canonical(item) for item in value.tolist()]
    return [str(value.dtype), list(value.shape), sha256(np.ascontiguousarray(value).tobytes())]


def _scalar(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        if math.isnan(value):
            return None
        # A column of integers becomes floats as soon as one value is missing.
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value


def digest(*parts: Any) -> str:
    """Return one SHA-256 over any JSON-like values, specs and arrays.

    Mappings are order-free; ``nan`` and ``None`` are the same absence.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1.0})
    True
    """
    text = json.dumps(_canonical(list(parts)), sort_keys=True, ensure_ascii=True)
    return sha256(text.encode())


def row_key(
    row: Mapping[str, Any], version: str, spec: BaseModel | None, ignore: Collection[str] = ()
) -> str:
    """Return the key of the work "apply ``version`` of a function with ``spec`` to ``row``".

    Parameters
    ----------
    row
        The item: file rows carry their content's sha256, so content is in the key.
    version
        The function's ``VERSION``.
    spec
        Its settings.
    ignore
        Columns that do not identify content (volatile ones; ``key`` always).
    """
    content = {name: value for name, value in row.items() if name != "key" and name not in ignore}
    return digest(content, version, spec)


def seed_of(*parts: Any) -> int:
    """Return a 63-bit seed that depends on nothing but ``parts``."""
    return int(digest(*parts)[:16], 16) >> 1


def table_digest(frame: pd.DataFrame, contract: Table) -> str:
    """Return the digest of a table's stable columns, rows in order.

    Float columns are compared bit by bit: two runs on the same data must agree exactly.
    """
    return arrow_digest(to_arrow(frame, contract), contract)


def arrow_digest(table: pa.Table, contract: Table) -> str:
    """Like :func:`table_digest`, of a table that already has the contract's schema."""
    sink = hashlib.sha256()
    sink.update(json.dumps(contract.stable).encode())
    for column in table.select(contract.stable).columns:
        for piece in _buffers(column.combine_chunks()):
            sink.update(piece)
    return sink.hexdigest()


def _buffers(array: pa.Array | pa.ChunkedArray) -> Iterable[bytes]:
    # IPC of one freshly concatenated array: no offsets or padding of its history remain.
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    columns = [pa.concat_arrays([array])]
    if array.null_count and pa.types.is_primitive(array.type):
        # What lies in the memory of a null is anything: what came from a file, or was there.
        columns = [array.fill_null(pa.scalar(0, pa.int8()).cast(array.type)), array.is_valid()]
    batch = pa.record_batch(columns, names=[str(number) for number in range(len(columns))])
    yield batch.serialize().to_pybytes()
