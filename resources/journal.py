"""The journal of a stage: which items are done, with what result, batch by batch.

A stage that maps a function over items writes each batch of results here as one whole
file. Killed at any moment, it finds them again and redoes at most the batch that was not
written. When the stage's table has been written, the batches are dropped: from then on
the table itself holds the rows, and the ledger remembers what each item gave.

What belongs here: the record of work done. What does not: how work is run
(:mod:`resources.workers`).
"""

import io
import json
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from groove.contracts import QUARANTINE
from groove.core.tables import Table, enforce_arrow, frame_of, to_arrow, to_pandas
from resources.files import remove, write_whole

_LEDGER = b"groove.ledger"


@dataclass(frozen=True)
class Entry:
    """What one item gave.

    Attributes
    ----------
    key
        Hash of the item's content, the function's version and its spec.
    item
        The item's name, for people.
    rows
        How many rows it gave; 0 is a result, too.
    error
        Why it is in quarantine; ``None`` if it is not.
    retry
        Whether the failure may not be the item's own (a disk, a network, a process that
        died): it is in quarantine, and tried again by the next run.
    """

    key: str
    item: str
    rows: int
    error: str | None = None
    retry: bool = False


class Journal:
    """The journal of one stage below a data root."""

    def __init__(self, data: UPath, stage: str) -> None:
        self.stage = stage
        self.folder = data / "journal" / stage
        self.quarantine = data / "tables" / "quarantine" / f"{stage}.parquet"

    def entries(self) -> dict[str, Entry]:
        """Return everything known by key: the settled ledger, then the batches."""
        known: dict[str, Entry] = {}
        ledger = self.folder / "ledger.json"
        if ledger.exists():
            known.update((e["key"], Entry(**e)) for e in json.loads(ledger.read_bytes()))
        for path in self._batches():
            with path.open("rb") as file:
                metadata = pq.read_schema(file).metadata
            known.update((e["key"], Entry(**e)) for e in json.loads(metadata[_LEDGER]))
        return known

    def rows(self) -> pd.DataFrame | None:
        """Return the rows of all batches that are not settled yet, or ``None``."""
        tables = []
        for path in self._batches():
            with path.open("rb") as file:
                tables.append(pq.read_table(file).replace_schema_metadata(None))
        tables = [table for table in tables if len(table)]
        if not tables:
            return None
        return to_pandas(pa.concat_tables(tables, promote_options="permissive"))

    def append(
        self, entries: Iterable[Entry], rows: Iterable[Mapping[str, Any]], contract: Table
    ) -> None:
        """Write one batch as one whole file.

        Parameters
        ----------
        entries, rows
            The items done and the rows they gave, each with its key.
        contract
            What the stage's function returns of the stage's table.
        """
        done = [asdict(entry) for entry in entries]
        frame = frame_of(rows, contract) if rows else contract.empty()
        table = to_arrow(frame, contract).replace_schema_metadata({_LEDGER: json.dumps(done)})
        out = io.BytesIO()
        pq.write_table(table, out, compression="zstd")
        write_whole(self.folder / f"batch-{uuid.uuid4().hex}.parquet", out.getvalue())

    def close(self, current: Mapping[str, Entry], last: Mapping[str, Any]) -> None:
        """Make the ledger say what stands now, and write the stage's quarantine.

        Parameters
        ----------
        current
            Entries of the items that exist now, by key; others are forgotten.
        last
            Counts of this run, shown with the table.
        """
        lines = [asdict(entry) for entry in current.values()]
        write_whole(self.folder / "ledger.json", json.dumps(lines).encode())
        write_whole(self.folder / "last.json", json.dumps(dict(last)).encode())
        rows = [
            {"stage": self.stage, "item": e.item, "error": e.error}
            for e in current.values()
            if e.error is not None
        ]
        out = io.BytesIO()
        pq.write_table(enforce_arrow(frame_of(rows, QUARANTINE), QUARANTINE), out)
        write_whole(self.quarantine, out.getvalue())

    def settle(self) -> dict[str, Any]:
        """Drop the batches now that the table holds their rows; return the last run's counts."""
        for path in self._batches():
            remove(path)
        last = self.folder / "last.json"
        return dict(json.loads(last.read_bytes())) if last.exists() else {}

    def standing(self, rows: pd.DataFrame, keys: Collection[str]) -> dict[str, Entry]:
        """Return the entries among ``keys`` whose rows are all at hand in ``rows``."""
        counts = rows["key"].value_counts() if len(rows) else pd.Series(dtype="int64")
        known = self.entries()
        return {
            key: known[key]
            for key in keys
            if key in known and not known[key].retry and int(counts.get(key, 0)) == known[key].rows
        }

    def _batches(self) -> list[UPath]:
        if not self.folder.exists():
            return []
        return sorted(
            (path for path in self.folder.iterdir() if path.name.startswith("batch-")),
            key=lambda path: str(path.name),
        )
