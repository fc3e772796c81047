"""The pipeline's own events as a manifest: rows of ``drum_events`` to rows of ``drum_manifest``.

What belongs here: the change of form, and techniques by the rules of
:mod:`groove.drums.manifest.annotate`. What does not: how the events came about
(:mod:`groove.drums.corpus.events`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from groove.core.store import Store
from groove.core.tables import records
from groove.drums.manifest.annotate import annotated, notes_of, techniques_of
from groove.drums.manifest.schema import Component, Event
from groove.drums.manifest.spec import AnnotateSpec
from groove.drums.manifest.table import row_of
from groove.midi import taxonomy

VERSION = f"2+{taxonomy.DIGEST}"


def event_of_row(row: Mapping[str, Any]) -> Event:
    """Return a row of ``drum_events`` as an event; what is in the blob store is below ``blobs/``."""
    labels = list(row["labels"])
    given = row["velocities"]
    velocities = [None] * len(labels) if given is None else [float(v) for v in given]
    blob = row["blob"]
    components = [
        Component(label=label, velocity=None if v is None or math.isnan(v) else v)
        for label, v in zip(labels, velocities, strict=True)
    ]
    return Event(
        sample_id=row["sample_id"],
        session_id=row["session_id"],
        kit_id=row["kit_id"],
        source_set=row["source"],
        license=row["license"],
        is_synthetic=bool(row["is_synthetic"]),
        audio_sha256=row["content"][:64],
        audio_path=f"blobs/{blob[:2]}/{blob}" if isinstance(blob, str) else row["path"],
        onset_time=float(row["onset_s"]),
        components=components,
        techniques=list(row["techniques"]),
        negative_example=not components,
        label_method="rendered" if row["origin"] == "song" else "one-shot",
        split_group=row["split_group"],
        split=row["split"],
    )


def rows_of(
    drum_events: pd.DataFrame,
    spec: AnnotateSpec,
    store: Store,  # noqa: ARG001  # every whole-table function is handed one
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``drum_manifest``, annotated, in the order of the events."""
    events = [event_of_row(row) for row in records(drum_events)]
    for event in annotated(events, techniques_of(notes_of(events), spec)):
        yield row_of(event)


def class_counts(drum_manifest: pd.DataFrame) -> pd.DataFrame:
    """Return the events of each class (row, in the taxonomy's order) by side of the split."""
    long = drum_manifest[["split", "classes"]].explode("classes").dropna()
    counts = pd.crosstab(long["classes"], long["split"])
    return counts.reindex(list(taxonomy.CLASSES), fill_value=0)


def technique_counts(drum_manifest: pd.DataFrame) -> pd.DataFrame:
    """Return events and sessions of each technique that was found, commonest first."""
    long = drum_manifest[["session_id", "techniques"]].explode("techniques").dropna()
    by_name = long.groupby("techniques")["session_id"]
    found = pd.DataFrame({"events": by_name.size(), "sessions": by_name.nunique()})
    return found.sort_values("events", ascending=False, kind="stable")
