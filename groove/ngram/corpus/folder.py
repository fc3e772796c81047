"""A folder of loops as tables: the inventory of its files and the bars of its drum loops.

What belongs here: reading every file, in parallel, and what is found only by comparing all of them.
What does not: walking the folder (:mod:`groove.ngram.corpus.listing`), measuring one file
(:mod:`groove.midi.inventory`), steps (:mod:`groove.ngram.corpus.events`).

Conventions
-----------
* The folder is never written to. The result depends on its files and the settings alone, not on
  the number of processes.
* A file that cannot be used is in the quarantine with the reason, and the rest goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from groove.audio.strokes import Labeller
from groove.core import tags
from groove.core.digest import digest, sha256
from groove.core.tables import frame_of
from groove.midi.inventory import VERSION as INDEX_VERSION
from groove.midi.inventory import finish_loops, index_loop, loop_song
from groove.midi.spec import LoopIndexSpec
from groove.midi.tables import LOOP_INDEX
from groove.ngram.corpus import auxmap
from groove.ngram.corpus.events import VERSION, events_of, rows_of_song
from groove.ngram.corpus.listing import list_folder
from groove.ngram.corpus.processes import ReaderDiedError, run_chunks
from groove.ngram.spec import EventSpec, FolderSpec
from groove.ngram.tables import GROOVE_EVENTS

_CHUNK_FILES = 32
_PENDING = ("duplicate_of", "split_group", "split")
#: Columns that a condition may be made of.
_CONDITIONS = ("style", "feel", "section", "heat", "intensity", "density")
_UNSPLIT = {"split_group": "", "split": "train"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Folder:
    """What a folder of loops holds.

    Parameters
    ----------
    bars
        ``groove_events`` of its drum loops, each content once, in order of path.
    loops
        ``loop_index``: every readable loop, in order of path.
    quarantine
        (path, reason) of what cannot be used, in order of path.
    warnings
        What was ignored, in words.
    """

    bars: pd.DataFrame
    loops: pd.DataFrame
    quarantine: list[tuple[str, str]]
    warnings: list[str]

    @property
    def files(self) -> int:
        """Files of music that were found."""
        return len(self.loops) + len({path for path, _ in self.quarantine} - {*self.loops["path"]})


@dataclass(frozen=True)
class _Held:
    """One file's content, read once."""

    data: bytes

    def read_raw(self, path: str) -> bytes:
        del path
        return self.data

    def read(self, blob: str) -> bytes:
        raise FileNotFoundError(blob)

    def view(self, blob: str) -> memoryview:
        raise FileNotFoundError(blob)

    def write(self, data: bytes, suffix: str) -> str:
        raise PermissionError(f"{len(data)} bytes ({suffix})")


def read_folder(
    root: Path,
    *,
    index: LoopIndexSpec | None = None,
    events: EventSpec | None = None,
    filters: FolderSpec | None = None,
    aux: Mapping[str, Mapping[str, Any]] | None = None,
    jobs: int = 0,
    labeller: Labeller | None = None,
    with_bars: bool = True,
) -> Folder:
    """Return the loops of a folder and the bars of its drum loops.

    Parameters
    ----------
    root
        Folder of MIDI files and recordings, at any depth; ``info.csv`` files in it are its
        manifests.
    index, events, filters
        Settings; None takes the defaults.
    aux
        Aux map (:mod:`groove.ngram.corpus.auxmap`), by file.
    jobs
        Processes; 0 takes one per core.
    labeller
        What names the strokes of recordings; must be picklable.
    with_bars
        Whether drum loops become bars; without, ``bars`` is empty.

    Raises
    ------
    NotADirectoryError
        If ``root`` is no folder.
    groove.ngram.corpus.auxmap.AuxError
        If the aux map is wrong, or a loop is not in it.
    """
    index, events, filters = (
        index or LoopIndexSpec(),
        events or EventSpec(),
        filters or FolderSpec(),
    )
    listing = list_folder(root, filters)
    warnings = [*listing.warnings, *_apply_aux(listing.items, aux)]
    for item in listing.items if filters.aux_key else ():
        _only_condition(item, filters.aux_key)
    function = partial(_read_chunk, root, index, events if with_bars else None, labeller)
    loops: list[Row] = []
    bars: dict[str, list[Row]] = {}
    quarantine = list(listing.quarantine)
    answers = run_chunks(function, _chunks(listing.items), jobs=jobs, limit_s=filters.time_limit_s)
    for item, answer in answers:
        if isinstance(answer, ReaderDiedError):
            quarantine.append((item["path"], str(answer)))
            continue
        row, rows, reason = answer
        if reason:
            quarantine.append((item["path"], reason))
        if row is not None:
            loops.append(row)
            bars[item["path"]] = rows
    table = _finished(loops, listing.items, index)
    return Folder(_bars_of(table, bars), table, sorted(quarantine), warnings)


def _chunks(items: Sequence[Row]) -> list[list[Row]]:
    """Return items as work for one call each: recordings one by one, MIDI files in handfuls."""
    midi = [item for item in items if item["format"] == "midi"]
    chunks = [midi[start : start + _CHUNK_FILES] for start in range(0, len(midi), _CHUNK_FILES)]
    return [[item] for item in items if item["format"] == "audio"] + chunks


def _read_chunk(
    root: Path,
    index: LoopIndexSpec,
    events: EventSpec | None,
    labeller: Labeller | None,
    items: Sequence[Row],
) -> list[tuple[Row | None, list[Row], str]]:
    """Return (row of the inventory, rows of bars, why not) per file. Runs in a worker."""
    return [_read(root, index, events, labeller, item) for item in items]


def _read(
    root: Path, index: LoopIndexSpec, events: EventSpec | None, labeller: Labeller | None, item: Row
) -> tuple[Row | None, list[Row], str]:
    row: Row | None = None
    try:
        held = _Held((root / item["path"]).read_bytes())
        about = {**item, "sha256": sha256(held.data)}
        row = next(iter(index_loop(about, index, held)))
        row["key"] = digest(item["path"], row["sha256"], VERSION, INDEX_VERSION, index, events)
        if events is None or not (row["drum"] and row["keep_drum"]):
            return row, [], ""
        given = {**row, **_UNSPLIT}
        if item["format"] == "audio":
            rows = list(events_of(given, events, held, labeller))
        else:
            song, _ = loop_song(about, index, held)
            rows = list(rows_of_song(song, given, events))
        return row, [{"key": row["key"], **bar} for bar in rows], ""
    except (ValueError, OSError) as error:
        return row, [], str(error) or type(error).__name__
    except Exception as error:  # noqa: BLE001  # any failure of one file is that file's quarantine
        return row, [], f"{type(error).__name__}: {error}"


def _finished(loops: list[Row], items: Sequence[Row], index: LoopIndexSpec) -> pd.DataFrame:
    """Return ``loop_index`` with duplicates, groups and splits; those of a manifest stand."""
    if not loops:
        return LOOP_INDEX.empty()
    frame = pd.DataFrame(loops, columns=[n for n in LOOP_INDEX.names if n not in _PENDING])
    raw = pd.DataFrame(items, columns=["path", "group", "split"])
    table = finish_loops(frame, raw, index)
    stated = table["path"].map(raw.set_index("path")["split"])
    given = stated.notna()
    if not given.any():
        return table
    # One drummer may be on all sides of a stated split: a group is on one.
    sides = table["split"].where(~given, stated)
    groups = table["split_group"].where(~given, table["split_group"] + " (" + sides + ")")
    return table.assign(split=sides, split_group=groups)


def _bars_of(table: pd.DataFrame, bars: Mapping[str, list[Row]]) -> pd.DataFrame:
    first = table[table["duplicate_of"].isna()]
    columns = zip(first["path"], first["split_group"], first["split"], strict=True)
    rows = []
    for path, group, split in columns:
        for bar in bars[path]:
            bar["split_group"], bar["split"] = group, split
            rows.append(bar)
    return frame_of(rows, GROOVE_EVENTS)


def _apply_aux(items: Sequence[Row], aux: Mapping[str, Mapping[str, Any]] | None) -> list[str]:
    """Add an aux map's tags to items; return warnings."""
    if aux is None:
        return []
    entries, ignored = auxmap.checked(aux)
    found, extra = auxmap.matched(entries, [item["path"] for item in items])
    for item in items:
        said = found[item["path"]]
        about = {**json.loads(item["tags_json"]), **said}
        item["tags_json"] = tags.to_json(about)
        item["section"] = said.get("section", item["section"])
    return ignored + extra


def _only_condition(item: Row, key: str) -> None:
    """Leave one tag of an item to condition on; one without a column of its own is the style."""
    about = json.loads(item["tags_json"])
    value = about.get(key, item.get(key))
    column = key if key in _CONDITIONS else "style"
    for name in _CONDITIONS:
        about.pop(name, None)
        if name in item:
            item[name] = None
    about.pop("heat_bin", None)
    if isinstance(value, str | int | float) and str(value).strip():
        about[column] = str(value)
        if column in item:
            item[column] = str(value)
    item["tags_json"] = tags.to_json(about)
