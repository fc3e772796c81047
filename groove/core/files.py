"""Whole files or none: the one atomic write of a local file.

What belongs here: bytes to a local path. What does not: object stores (:mod:`resources.files`),
what is in a file, what a user's path may be (:mod:`groove.cli.writing`).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write ``data`` so that a reader finds the old content or the new, never a part.

    Parameters
    ----------
    path
        The file; its folder is there.
    data
        Its content.
    mode
        Its permissions; ``None`` takes those of a new file.

    Raises
    ------
    OSError
        If the folder cannot be written to; it is about ``path``, not about the file beside it.
    """
    with written_aside(path, mode) as aside:
        aside.write_bytes(data)


@contextmanager
def written_aside(path: Path, mode: int | None = None) -> Iterator[Path]:
    """Yield an empty file beside ``path`` to write to; it takes the name when all went well.

    For what is too large to hold; :func:`write_whole` writes the rest.

    Parameters
    ----------
    path, mode
        As there.

    Raises
    ------
    OSError
        As there.
    """
    aside = path.with_name(f".{path.name[:64]}.{uuid.uuid4().hex}.tmp")
    try:
        aside.open("xb").close()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        if mode is not None:
            aside.chmod(mode)
        aside.replace(path)
    finally:
        # Renamed, it is gone; otherwise it is what must not stay.
        aside.unlink(missing_ok=True)


def mode_of(path: Path) -> int | None:
    """Return the permissions of a file that is there, else ``None``."""
    return path.stat().st_mode & 0o777 if path.exists() else None
