"""Writing manifests: JSON lines, whole or not at all, the same bytes for the same events.

What belongs here: events to lines and files. What does not: reading
(:mod:`groove.drums.manifest.reading`).
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pandas as pd

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
    with whole_file(path) as file:
        for event in events_of(events) if isinstance(events, pd.DataFrame) else events:
            file.write(line_of(event))
            count += 1
    return count


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a binary file beside ``path`` that takes its name when all went well."""
    target = path.resolve()
    if target.is_dir():
        raise IsADirectoryError(21, "is a folder", str(path))
    aside = target.with_name(f".{target.name[:64]}.{uuid.uuid4().hex}.tmp")
    try:
        file = aside.open("xb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            aside.chmod(target.stat().st_mode & 0o777)
        aside.replace(target)
    finally:
        # Renamed, it is gone; otherwise it is what must not stay.
        aside.unlink(missing_ok=True)
