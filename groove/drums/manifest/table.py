"""A manifest as a flat table, and back without loss.

What belongs here: the contract and the way between events and rows. What does not: files.

Conventions
-----------
* ``label`` and ``klass`` are the first component's that the taxonomy knows; ``labels`` and
  ``classes`` are all of them. They, and the columns of the first component, are read from
  ``components_json``, which is what counts when a table is written.
* ``row_json`` holds the fields that have no column of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pandas as pd
import pyarrow as pa

from groove.core.columns import KEY
from groove.core.splits import SPLITS
from groove.core.tables import (
    Column,
    ContractError,
    Table,
    enforce_arrow,
    records,
    to_pandas,
)
from groove.drums.manifest.schema import BUCKETS, FIELDS, Event, event_of
from groove.midi.taxonomy import CLASSES, LABELS, class_of

_PART = 10_000

#: Column -> field of a line, of everything that is a column as it is.
_PLAIN: Mapping[str, str] = {
    **{
        name: name
        for name in (
            "sample_id", "session_id", "drummer_id", "kit_id", "room_id", "source_set", "license",
            "is_synthetic", "audio_path", "audio_sha256",
        )
    },
    "onset_s": "onset_time",
    "offset_s": "offset_time",
    **{name: name for name in ("tempo_bpm", "meter", "bar_index", "track_id")},
    "techniques": "techniques",
    "negative_example": "negative_example",
    "device_vendor": "device_vendor",
    "device_model": "device_model",
    "label_method": "label_method",
    "split": "split",
}  # fmt: skip
_TYPES = {
    "is_synthetic": "bool", "negative_example": "bool", "onset_s": "float", "offset_s": "float",
    "tempo_bpm": "float", "bar_index": "int", "techniques": "strings",
}  # fmt: skip
_NEEDED = {
    "sample_id", "session_id", "is_synthetic", "audio_path", "onset_s", "techniques",
    "negative_example",
}  # fmt: skip


def _column(name: str, field: str) -> Column:
    return Column(
        name,
        _TYPES.get(name, "string"),
        FIELDS[field],
        nullable=name not in _NEEDED,
        at_least=0 if _TYPES.get(name) in ("float", "int") else None,
        one_of=SPLITS if name == "split" else None,
    )


_STRUCK = (
    Column("label", "string", "First known label", nullable=True, one_of=LABELS),
    Column("klass", "string", "Its class", nullable=True, one_of=CLASSES),
    Column("labels", "strings", "Known labels, each once", one_of=LABELS),
    Column("classes", "strings", "Their classes, each once", one_of=CLASSES),
    Column("velocity", "float", "Of the first component", True, at_least=0, at_most=1),
    Column("dynamic_bucket", "string", "Of the first component", nullable=True, one_of=BUCKETS),
    Column("openness", "float", "Of the first hi-hat", True, at_least=0, at_most=1),
    Column("unknown_labels", "int", "Components that the taxonomy has no label for", at_least=0),
    Column("components_json", "string", "All components"),
    Column("row_json", "string", "All fields without a column"),
)

DRUM_MANIFEST = Table(
    "drum_manifest",
    "An event of a manifest: one hit, or hits that sound as one",
    (*(_column(name, field) for name, field in _PLAIN.items()), *_STRUCK),
    unique=("sample_id",),
)

#: The same as a stage writes it.
DRUM_MANIFEST_STAGE = Table(
    DRUM_MANIFEST.name, DRUM_MANIFEST.doc, (KEY, *DRUM_MANIFEST.columns), DRUM_MANIFEST.unique
)


def row_of(event: Event) -> dict[str, Any]:
    """Return an event as a row of :data:`DRUM_MANIFEST`."""
    given = event.model_dump(mode="json", exclude_none=True)
    components = given.pop("components")
    row = {column: given.pop(field, None) for column, field in _PLAIN.items()}
    row["techniques"] = row["techniques"] or []
    labels = event.labels
    first = next((c for c in event.components if c.known), None) or next(
        iter(event.components), None
    )
    hats = (c.openness for c in event.components if c.openness is not None)
    return {
        **row,
        "label": labels[0] if labels else None,
        "klass": class_of(labels[0]) if labels else None,
        "labels": labels,
        "classes": event.classes,
        "velocity": first.velocity if first else None,
        "dynamic_bucket": first.dynamic_bucket if first else None,
        "openness": next(hats, None),
        "unknown_labels": sum(c.known is None for c in event.components),
        "components_json": _json(components),
        "row_json": _json(given),
    }


def table_of(events: Iterable[Event]) -> pd.DataFrame:
    """Return events as a table of :data:`DRUM_MANIFEST`.

    Raises
    ------
    groove.core.tables.ContractError
        If two events have the same identity.
    """
    given = iter(events)
    parts = []
    # In parts: rows as mappings take ten times the memory of the table.
    while rows := [row_of(event) for event in islice(given, _PART)]:
        frame = pd.DataFrame.from_records(rows, columns=DRUM_MANIFEST.names)
        parts.append(enforce_arrow(frame, DRUM_MANIFEST))
    if not parts:
        return DRUM_MANIFEST.empty()
    table = to_pandas(pa.concat_tables(parts))
    if (again := table["sample_id"].duplicated()).any():
        name = table.loc[again, "sample_id"].iloc[0]
        raise ContractError(f"{DRUM_MANIFEST.name}: {name!r} is the sample_id of two events")
    return table


def events_of(frame: pd.DataFrame) -> Iterator[Event]:
    """Yield the rows of a manifest table as events, in order.

    Raises
    ------
    groove.drums.manifest.schema.ManifestError
        If a row is no event, counted from 1.
    """
    for number, row in enumerate(records(frame), 1):
        yield event_of(_given(row), number)


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(json.loads(row["row_json"]))
    for column, field in _PLAIN.items():
        value = row.get(column)
        if column == "techniques":
            value = [] if value is None else list(value)
        elif value is None or pd.isna(value):
            continue
        elif _TYPES.get(column) == "bool":
            value = bool(value)
        elif _TYPES.get(column) == "int":
            value = int(value)
        given[field] = value
    return {**given, "components": json.loads(row["components_json"])}


def components_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per component: its event's identity and group, and the component's fields.

    Columns: ``sample_id``, ``session_id``, ``kit_id``, ``source_set``, ``is_synthetic``,
    ``given`` (the label as written), ``label`` and ``klass`` (null where unknown), ``velocity``,
    ``dynamic_bucket``, ``openness``, ``openness_raw``.
    """
    from groove.midi.taxonomy import label_of_alias

    about = ("sample_id", "session_id", "kit_id", "source_set", "is_synthetic")
    measured = ("velocity", "dynamic_bucket", "openness", "openness_raw")
    rows = [
        (*row[:-1], component["label"], *(component.get(name) for name in measured))
        for row in frame[[*about, "components_json"]].itertuples(index=False, name=None)
        for component in json.loads(row[-1])
    ]
    found = pd.DataFrame.from_records(rows, columns=[*about, "given", *measured])
    known = {name: label_of_alias(name) for name in sorted(set(found["given"]))}
    label = found["given"].map(known)
    classes = {name: class_of(name) for name in LABELS}
    found.insert(6, "label", label.astype(object).where(label.notna(), None))
    found.insert(7, "klass", found["label"].map(classes))
    return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


TABLES = (DRUM_MANIFEST_STAGE,)
