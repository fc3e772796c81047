"""Writing manifests: JSON lines, whole or not at all, the same bytes for the same events.

What belongs here: events to lines and files. What does not: reading
(:mod:`groove.drums.manifest.reading`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from groove.core.files import mode_of, written_aside
from groove.drums.manifest.paths import plain_path
from groove.drums.manifest.schema import Event, ManifestError
from groove.drums.manifest.table import events_of


def line_of(event: Event) -> bytes:
    """Return an event as a line: fields in the schema's order, without what is null.

    Raises
    ------
    ManifestError
        If its audio path is one that no reader would take.
    """
    plain_path(event.audio_path)
    row = event.model_dump(mode="json", exclude_none=True)
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError as error:
        raise ManifestError(f"{event.sample_id!r} holds text that is no Unicode") from error


def write_events(events: pd.DataFrame | Iterable[Event], path: Path) -> int:
    """Write a manifest, and return how many events it has; a reader finds all of it or the old.

    Parameters
    ----------
    events
        A manifest table, or events; they may be read from the file that is written.
    path
        The file.

    Raises
    ------
    ManifestError
        If a row is no event.
    OSError
        If the folder cannot be written to.
    """
    count = 0
    target = path.resolve()
    if target.is_dir():
        raise IsADirectoryError(21, "is a folder", str(path))
    with written_aside(target, mode_of(target)) as aside, aside.open("wb") as file:
        for event in events_of(events) if isinstance(events, pd.DataFrame) else events:
            file.write(line_of(event))
            count += 1
    return count
