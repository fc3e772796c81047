"""Workers: a function over the rows of a table, in parallel, doing nothing twice.

What belongs here: running work, on local processes or on a Dask cluster by configuration
alone. What does not: the record of work done (:mod:`resources.journal`) and any music.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import dagster as dg
import joblib
import pandas as pd
from pydantic import BaseModel, Field

from groove.contracts import CONTRACTS
from groove.core.columns import SPLIT
from groove.core.digest import digest, row_key
from groove.core.tables import Column, ContractError, Table, records
from resources.journal import Entry, Journal
from resources.lock import hold
from resources.pools import Apply, Failure, Item, Row, on_cluster, on_processes, run_call
from resources.progress import Ticker
from resources.sources import Sources
from resources.store import FileStore, is_blob
from resources.tables import Tables, contract_of, digest_of

_LOG = logging.getLogger("groove.workers")
# A batch is what a killed stage loses: about a second of work.
_FLUSH_SECONDS = 1.0
_FLUSH_ITEMS = 2048
# Which side of the split an item is on says nothing about its content: when a new file moves
# an old one, its rows are carried over and only told their new side.
_SIDES = tuple(column.name for column in SPLIT)


def _volatile() -> set[str]:
    return {c.name for table in CONTRACTS.values() for c in table.columns if c.volatile}


class Workers(dg.ConfigurableResource):  # type: ignore[type-arg]  # resource value is itself
    """Maps functions over tables.

    Parameters
    ----------
    data
        The data root.
    count
        Parallel workers; 0 takes one per core.
    scheduler
        Address of a Dask scheduler (``tcp://host:8786``); empty uses local processes.
    inline
        Run items in this process: for a debugger. A file that kills its reader ends the run.
    """

    sources: dg.ResourceDependency[Sources]
    data: str = "data"
    count: int = Field(0, ge=0, description="Parallel workers; 0 takes one per core")
    scheduler: str = Field("", description="Dask scheduler address; empty: local processes")
    inline: bool = Field(False, description="Run items in this process, for a debugger")

    @property
    def store(self) -> FileStore:
        """The store that domain functions are handed."""
        return FileStore(self.data, self.sources.reader())

    def map(
        self, function: Apply, items: pd.DataFrame, spec: BaseModel | None, *, into: str
    ) -> pd.DataFrame:
        """Return the rows that ``function`` gives for each item, in the items' order.

        Parameters
        ----------
        function
            ``(item, spec, store) -> rows``; its module has a ``VERSION``. What it gives must
            not depend on the item's side of the split, which is no part of its key.
        items
            One item per row; named by ``path`` or by the first column.
        spec
            Settings; part of each item's key.
        into
            The table that the rows are for. Its earlier rows are carried over where their
            key stands; what fails goes to ``quarantine`` and the rest goes on.
        """
        started = time.monotonic()
        hold(self.data)
        version = _version(function)
        ignore = {*_volatile(), *_SIDES}
        listed = {row_key(item, version, spec, ignore): item for item in records(items)}
        journal = Tables(self.data).journal(into)
        rows = self._known_rows(journal, into)
        standing = journal.standing(rows, listed)
        todo = {key: item for key, item in listed.items() if key not in standing}
        fresh = self._compute(function, todo, spec, journal, contract_of(into))
        if todo:
            rows = self._known_rows(journal, into)
        entries = {key: standing.get(key) or fresh[key] for key in listed}
        _require_all(rows, entries, into)
        failed = [entry for entry in entries.values() if entry.error is not None]
        for entry in failed:
            _LOG.warning("%s: quarantined %s: %s", into, entry.item, entry.error)
        journal.close(
            entries,
            {
                "items": len(listed),
                "computed": len(todo),
                "carried": len(standing),
                "quarantined": len(failed),
                "map_seconds": round(time.monotonic() - started, 3),
            },
        )
        return _on_their_sides(_in_order(rows, list(listed)), listed)

    def once(
        self,
        function: Callable[..., pd.DataFrame | Iterable[Row]],
        tables: Mapping[str, pd.DataFrame],
        spec: BaseModel | None,
        *,
        into: str,
        **extra: Any,
    ) -> pd.DataFrame:
        """Return what ``function`` makes of whole tables, computed only if they changed.

        Parameters
        ----------
        function
            ``(**tables, spec=, store=, **extra) -> rows``; its module has a ``VERSION``.
        tables
            Inputs by parameter name, as loaded: their digests make the key.
        spec
            Settings; part of the key.
        into
            The table that the rows are for.
        extra
            Passed on and no part of the key (a tracker, a connection).
        """
        started = time.monotonic()
        hold(self.data)
        digests = {name: _table_key(name, frame) for name, frame in tables.items()}
        key = digest(digests, _version(function), spec)
        kept = Tables(self.data)
        if kept.exists(into):
            previous = kept.read(into)
            if (
                len(previous)
                and len(self._known_rows(kept.journal(into), into)) >= len(previous)
                and (previous["key"] == key).all()
                and list(previous.columns) == contract_of(into).names
            ):
                self._close_once(kept.journal(into), key, into, previous, 0, started)
                return previous
        result = function(**tables, spec=spec, store=self.store, **extra)
        frame = result if isinstance(result, pd.DataFrame) else pd.DataFrame(list(result))
        frame = frame.assign(key=key) if len(frame) else contract_of(into).empty()
        self._close_once(kept.journal(into), key, into, frame, 1, started)
        return frame

    def _close_once(
        self, journal: Journal, key: str, into: str, rows: pd.DataFrame, done: int, started: float
    ) -> None:
        seconds = round(time.monotonic() - started, 3)
        counts = {"items": 1, "computed": done, "carried": 1 - done, "quarantined": 0}
        journal.close({key: Entry(key, into, len(rows))}, {**counts, "map_seconds": seconds})

    def _known_rows(self, journal: Journal, into: str) -> pd.DataFrame:
        """Return the rows at hand of items all of whose blobs are there, too."""
        rows = self._rows_at_hand(journal, into)
        store = self.store
        lost: set[str] = set()
        for name in rows.select_dtypes(include=["object", "string"]).columns:
            # A column may hold references beside other hashes: each value is judged by itself.
            blobs = {value for value in _texts(rows[name]) if is_blob(value)}
            if missing := {blob for blob in blobs if not store.has(blob)}:
                lost.update(rows.loc[rows[name].isin(missing), "key"])
        return rows[~rows["key"].isin(lost)] if lost else rows

    def _rows_at_hand(self, journal: Journal, into: str) -> pd.DataFrame:
        tables = Tables(self.data)
        frames = []
        if tables.exists(into):
            frames.append(tables.read(into))
        if (batches := journal.rows()) is not None:
            frames.append(batches)
        names = set(contract_of(into).names)
        frames = [frame for frame in frames if set(frame.columns) <= names and len(frame)]
        if not frames:
            return contract_of(into).empty()
        if len(frames) == 2:
            # A batch that outlived its table's writing holds rows that the table has.
            frames[1] = frames[1][~frames[1]["key"].isin(set(frames[0]["key"]))]
            frames = [frame for frame in frames if len(frame)]
        return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)

    def _compute(
        self,
        function: Apply,
        todo: Mapping[str, Item],
        spec: BaseModel | None,
        journal: Journal,
        contract: Table,
    ) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        batch: list[Entry] = []
        rows: list[dict[str, Any]] = []
        flushed = time.monotonic()
        with Ticker(journal.stage, len(todo)) as ticker:
            for key, found, failure in self._results(function, todo, spec):
                _mark(key, found, contract)
                entry = Entry(key, _name(todo[key]), len(found))
                if failure is not None:
                    entry = replace(entry, error=failure.reason, retry=failure.retry)
                entries[key] = entry
                batch.append(entry)
                rows.extend(found)
                ticker.step()
                if len(batch) >= _FLUSH_ITEMS or time.monotonic() - flushed > _FLUSH_SECONDS:
                    _flush(journal, batch, rows, contract)
                    batch, rows, flushed = [], [], time.monotonic()
            if batch:
                _flush(journal, batch, rows, contract)
        return entries

    def _results(
        self, function: Apply, todo: Mapping[str, Item], spec: BaseModel | None
    ) -> Iterator[tuple[str, list[dict[str, Any]], Failure | None]]:
        """Yield (key, rows, failure) as they come, whatever the backend."""
        store = self.store
        call = joblib.delayed(run_call)
        calls = {key: call(key, function, item, spec, store) for key, item in todo.items()}
        if self.inline:
            yield from (run_call(key, function, item, spec, store) for key, item in todo.items())
        elif self.scheduler:
            yield from on_cluster(calls, self.scheduler)
        elif calls:
            yield from on_processes(calls, self.count or joblib.cpu_count())


def _texts(column: pd.Series) -> list[str]:
    return [value for value in column.dropna().tolist() if isinstance(value, str)]


def _require_all(rows: pd.DataFrame, entries: Mapping[str, Entry], into: str) -> None:
    """Raise unless every item has the rows that its entry says: none may vanish unseen."""
    counts = rows["key"].value_counts()
    short = [entry.item for key, entry in entries.items() if int(counts.get(key, 0)) != entry.rows]
    if short:
        raise RuntimeError(
            f"{into}: the rows of {len(short)} items are not at hand, {short[0]} among them; are "
            "files below the data root being deleted? Start the run again"
        )


def _mark(key: str, rows: list[dict[str, Any]], contract: Table) -> None:
    """Give rows their key; columns that the contract lacks are a defect of the function."""
    for row in rows:
        unknown = set(row) - set(contract.index)
        if unknown:
            raise ContractError(f"{contract.name}: a function returned columns {sorted(unknown)}")
        row["key"] = key


def _flush(journal: Journal, batch: list[Entry], rows: list[dict[str, Any]], full: Table) -> None:
    # A stage may add columns after the map (a split, a duplicate); the batch has the rest.
    present = {name for row in rows for name in row}
    columns: tuple[Column, ...] = tuple(c for c in full.columns if c.name in present)
    journal.append(batch, rows, replace(full, columns=columns, unique=()))


def _in_order(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    if not len(rows):
        return rows
    place = {key: index for index, key in enumerate(keys)}
    order = rows["key"].map(place)
    kept = rows[order.notna()]
    ranks = order[order.notna()].astype("int64")
    return kept.iloc[ranks.argsort(kind="stable")].reset_index(drop=True)


def _on_their_sides(rows: pd.DataFrame, items: Mapping[str, Item]) -> pd.DataFrame:
    known = next(iter(items.values()), {})
    sides = {
        name: rows["key"].map({key: item[name] for key, item in items.items()})
        for name in _SIDES
        if name in known and name in rows
    }
    return rows.assign(**sides)


def _name(item: Item) -> str:
    return str(item["path"] if "path" in item else next(iter(item.values()), "?"))


def _version(function: Callable[..., Any]) -> str:
    module = sys.modules[function.__module__]
    version = getattr(module, "VERSION", None)
    if not isinstance(version, str):
        raise TypeError(f"{function.__module__} needs a VERSION string: it is part of row keys")
    return f"{function.__module__}.{function.__qualname__}:{version}"


def _table_key(name: str, frame: pd.DataFrame) -> str:
    if name in CONTRACTS and set(frame.columns) == set(CONTRACTS[name].names):
        return digest_of(name, frame)
    kept = [column for column in frame.columns if column not in _volatile()]
    return digest(kept, [frame[column].tolist() for column in kept])
