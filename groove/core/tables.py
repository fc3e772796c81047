"""Table contracts: the columns a table has, their types, units and bounds, and `enforce`.

What belongs here: how a contract is written and checked. What does not: any particular
table (each subject lists its own in ``tables.py``; :mod:`groove.contracts` collects them)
and where tables are kept (:mod:`resources.tables`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: The column types a contract may use, by the name it is written with.
TYPES: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "bytes": pa.binary(),
    "floats": pa.list_(pa.float64()),
    "float32s": pa.list_(pa.float32()),
    "ints": pa.list_(pa.int64()),
    "strings": pa.list_(pa.string()),
}


class ContractError(ValueError):
    """A table does not keep its contract. The message names table, column, rule and a value."""


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    Parameters
    ----------
    name
        Column name; carries its unit as a suffix where it has one (``start_s``).
    type
        A key of :data:`TYPES`.
    doc
        One line for the data dictionary.
    nullable
        Whether a value may be missing. A float that is not known is null, never 0.
    at_least, at_most
        Inclusive bounds of every value (numeric columns; of every element in list columns).
    one_of
        The allowed values of a string column.
    volatile
        True for what legitimately differs between two runs on the same data (a run id,
        a measured time). Volatile columns take no part in a table's digest or in row keys.
    """

    name: str
    type: str
    doc: str
    nullable: bool = False
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[str, ...] | None = None
    volatile: bool = False


@dataclass(frozen=True)
class Table:
    """The contract of one table.

    Parameters
    ----------
    name
        Asset, Parquet file, DuckDB view and parameter all have this name.
    doc
        What one row is.
    columns
        Every column, in order. A table has these and no others.
    unique
        Columns whose combination identifies a row.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...] = ()
    index: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {column.name: column for column in self.columns})
        if len(self.index) != len(self.columns):
            raise ValueError(f"{self.name}: a column name is used twice")
        for name in self.unique:
            if name not in self.index:
                raise ValueError(f"{self.name}: unique names an unknown column {name!r}")

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    @property
    def stable(self) -> list[str]:
        """Names of the columns that two runs on the same data agree on."""
        return [column.name for column in self.columns if not column.volatile]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, with each column's documentation as field metadata."""
        return pa.schema(
            [
                pa.field(c.name, TYPES[c.type], nullable=c.nullable, metadata={"doc": c.doc})
                for c in self.columns
            ],
            metadata={"doc": self.doc, "contract": self.name},
        )

    def empty(self) -> pd.DataFrame:
        """A table with these columns and no rows."""
        return to_pandas(self.schema.empty_table())


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Return ``table`` as pandas, nullable integers and booleans kept as such."""
    types: dict[Any, Any] = {}
    for column in table.schema:
        if table.column(column.name).null_count:
            if pa.types.is_int64(column.type):
                types[column.name] = pd.Int64Dtype()
            elif pa.types.is_boolean(column.type):
                types[column.name] = pd.BooleanDtype()
    frame: pd.DataFrame = table.to_pandas()
    for name, dtype in types.items():
        frame[name] = pd.array(table.column(name).to_pylist(), dtype=dtype)
    return frame


def to_arrow(frame: pd.DataFrame, contract: Table) -> pa.Table:
    """Return ``frame`` as an Arrow table of exactly the contract's schema.

    Raises
    ------
    ContractError
        If columns are missing or unknown, or a value does not fit its column's type.
    """
    missing = [name for name in contract.names if name not in frame.columns]
    unknown = [str(name) for name in frame.columns if name not in contract.index]
    if missing or unknown:
        raise ContractError(
            f"{contract.name}: missing columns {missing or 'none'}, unknown columns {unknown or 'none'}"
        )
    arrays = []
    for column in contract.columns:
        try:
            arrays.append(_array(frame[column.name], TYPES[column.type]))
        except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError, TypeError) as error:
            raise ContractError(f"{contract.name}.{column.name}: {error}") from error
    return pa.Table.from_arrays(arrays, schema=contract.schema)


def _array(series: pd.Series, kind: pa.DataType) -> pa.Array:
    values: Any = series
    if pa.types.is_list(kind) and all(isinstance(value, np.ndarray) for value in series):
        # Joined as arrays: as Python lists a long table would take ten times the memory.
        lengths = [len(value) for value in series]
        offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int32)
        if not sum(lengths):
            return pa.array([[] for _ in lengths], type=kind)
        flat = pa.array(np.concatenate(series.to_list()), type=kind.value_type, from_pandas=False)
        return pa.ListArray.from_arrays(pa.array(offsets), flat, type=kind)
    if pa.types.is_list(kind) or pa.types.is_binary(kind) or pa.types.is_string(kind):
        values = [_plain(value) for value in series]
    elif pa.types.is_int64(kind) and series.dtype.kind == "f":
        # Integers with gaps arrive as floats; a fraction must not be cut off silently.
        if not np.all(np.isnan(series) | (series == np.floor(series))):
            raise ValueError("a fractional value in an integer column")
        values = series.astype("Int64")
    array = pa.array(values, type=kind, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bytes | list):
        return value
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return list(value)
    if pd.isna(value):
        return None
    return value


def enforce(frame: pd.DataFrame, contract: Table) -> pd.DataFrame:
    """Return ``frame`` with the contract's columns, order and types, or raise.

    Parameters
    ----------
    frame
        Rows to check; the column order does not matter, everything else does.
    contract
        What the table promises.

    Raises
    ------
    ContractError
        On a missing or unknown column, a wrong type, a null where none may be, a value
        out of bounds or not in the list, or two rows with the same identity.
    """
    return to_pandas(enforce_arrow(frame, contract))


def enforce_arrow(frame: pd.DataFrame, contract: Table) -> pa.Table:
    """Like :func:`enforce`, but return the Arrow table that is written."""
    table = to_arrow(frame, contract)
    for column in contract.columns:
        _check(table.column(column.name), column, contract.name)
    if contract.unique and len(table):
        repeated = frame.duplicated(subset=list(contract.unique))
        if repeated.any():
            example = frame.loc[repeated, list(contract.unique)].iloc[0].to_dict()
            raise ContractError(
                f"{contract.name}: {int(repeated.sum())} rows repeat {contract.unique}, such as {example}"
            )
    return table


def _check(values: pa.ChunkedArray, column: Column, table: str) -> None:
    where = f"{table}.{column.name}"
    if not column.nullable and values.null_count:
        raise ContractError(f"{where}: {values.null_count} null values, none are allowed")
    flat = pc.list_flatten(values) if pa.types.is_list(values.type) else values
    if column.one_of is not None:
        present = set(pc.unique(flat.drop_null()).to_pylist())
        if wrong := sorted(present - set(column.one_of)):
            raise ContractError(f"{where}: {wrong[:3]} not in {list(column.one_of)}")
    if column.at_least is None and column.at_most is None:
        return
    limits = pc.min_max(flat)
    low, high = limits["min"].as_py(), limits["max"].as_py()
    if low is None:
        return
    if column.at_least is not None and not low >= column.at_least:
        raise ContractError(f"{where}: {low} is below {column.at_least}")
    if column.at_most is not None and not high <= column.at_most:
        raise ContractError(f"{where}: {high} is above {column.at_most}")


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as mappings from column name to value."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def frame_of(rows: Iterable[Mapping[str, Any]], contract: Table) -> pd.DataFrame:
    """Return rows given as mappings as a table of ``contract``.

    Raises
    ------
    ContractError
        As :func:`enforce`.
    """
    listed: Sequence[Mapping[str, Any]] = list(rows)
    if not listed:
        return contract.empty()
    return enforce(pd.DataFrame(listed, columns=_names(listed, contract)), contract)


def _names(rows: Sequence[Mapping[str, Any]], contract: Table) -> list[str]:
    extra = {name for row in rows for name in row} - set(contract.names)
    return [*contract.names, *sorted(extra)]
