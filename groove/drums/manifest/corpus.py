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

VERSION = f"1+{taxonomy.DIGEST}"


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
        audio_path=f"blobs/{blob[:2]}/{blob}" if isinstance(blob, str) else row["path"],
        onset_time=float(row["onset_s"]),
        components=components,
        techniques=list(row["techniques"]),
        negative_example=not components,
        label_method="rendered" if row["origin"] == "song" else "one-shot",
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
