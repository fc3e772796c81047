"""The one IO manager: every asset's value is a table that keeps its contract.

What belongs here: Parquet in and out, with digest, and what the web UI shows of a table.
What does not: SQL (:mod:`resources.warehouse`), what a stage has already done
(:mod:`resources.journal`).
"""

import io
from collections.abc import Mapping
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from groove.contracts import CONTRACTS
from groove.core.digest import arrow_digest, table_digest
from groove.core.tables import ContractError, Table, enforce_arrow, to_pandas
from resources.files import location, write_whole
from resources.journal import Journal
from resources.warehouse import refresh_views

_DIGEST = b"groove.digest"
_PREVIEW_ROWS = 8
_PREVIEW_CHARACTERS = 80


class Tables:
    """The table folder of a data root. Not a resource: shared by those that are."""

    def __init__(self, data: str) -> None:
        self.data = data
        self.root = location(data) / "tables"

    def path(self, name: str) -> UPath:
        """Return where the table ``name`` is kept."""
        return self.root / f"{name}.parquet"

    def journal(self, name: str) -> Journal:
        """Return the journal of the stage that writes ``name``."""
        return Journal(location(self.data), name)

    def exists(self, name: str) -> bool:
        """Return whether the table was ever written."""
        return bool(self.path(name).exists())

    def read(self, name: str) -> pd.DataFrame:
        """Return a table; its digest is in ``attrs["digest"]``, its length in ``attrs["rows"]``.

        Raises
        ------
        FileNotFoundError
            If the stage has not been materialised.
        """
        path = self.path(name)
        if not path.exists():
            raise FileNotFoundError(
                f"table {name} is not there ({path}): materialise the asset {name} first"
            )
        with path.open("rb") as file:
            table = pq.read_table(file)
        frame = to_pandas(table)
        frame.attrs["digest"] = (table.schema.metadata or {}).get(_DIGEST, b"").decode()
        frame.attrs["rows"] = len(frame)
        return frame

    def write(self, name: str, frame: pd.DataFrame) -> str:
        """Check a table against its contract, write it whole, return its digest.

        Raises
        ------
        ContractError
            If there is no contract of this name or the table doesn't keep it.
        """
        contract = contract_of(name)
        table = enforce_arrow(frame, contract)
        digest = arrow_digest(table, contract)
        metadata = {**(table.schema.metadata or {}), _DIGEST: digest.encode()}
        write_whole(self.path(name), parquet_bytes(table.replace_schema_metadata(metadata)))
        return digest


def contract_of(name: str) -> Table:
    """Return the contract of a table. Raises ``ContractError`` if there is none."""
    if name not in CONTRACTS:
        raise ContractError(f"no contract for table {name}: add one to groove/contracts.py")
    return CONTRACTS[name]


def digest_of(name: str, frame: pd.DataFrame) -> str:
    """Return a loaded table's digest, computed only if it is not the table as written."""
    if frame.attrs.get("digest") and frame.attrs.get("rows") == len(frame):
        return str(frame.attrs["digest"])
    return table_digest(frame, contract_of(name))


def parquet_bytes(table: pa.Table) -> bytes:
    """Return a table as a Parquet file."""
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


class TableIO(dg.ConfigurableIOManager):
    """Writes each asset's table to ``<data>/tables/<asset>.parquet`` and reads it back."""

    data: str = "data"

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame | None) -> None:
        """Check, write and describe one table; then let its journal forget the batches."""
        if obj is None:
            return
        name = context.asset_key.path[-1]
        tables = Tables(self.data)
        digest = tables.write(name, obj)
        settled = tables.journal(name).settle()
        refresh_views(self.data)
        context.add_output_metadata({**_describe(name, obj, digest), **settled})

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        """Return the table of the upstream asset."""
        return Tables(self.data).read(context.asset_key.path[-1])


def _describe(name: str, frame: pd.DataFrame, digest: str) -> Mapping[str, Any]:
    contract = contract_of(name)
    schema = dg.TableSchema(
        columns=[dg.TableColumn(c.name, type=c.type, description=c.doc) for c in contract.columns]
    )
    head = frame.head(_PREVIEW_ROWS)
    records = [
        dg.TableRecord({str(k): _shown(v) for k, v in row.items()})
        for row in head.to_dict(orient="records")
    ]
    return {
        "dagster/row_count": len(frame),
        "dagster/column_schema": schema,
        "preview": dg.TableMetadataValue(records=records, schema=schema),
        "digest": digest,
    }


def _shown(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value).replace("\n", " ")
    return text if len(text) <= _PREVIEW_CHARACTERS else text[: _PREVIEW_CHARACTERS - 1] + "…"
