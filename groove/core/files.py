"""Whole files or none: the one atomic write of a local file.

What belongs here: bytes to a local path. What does not: object stores (:mod:`resources.files`),
what is in a file.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def write_whole(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write ``data`` so that a reader finds the old content or the new, never a part.

    The bytes are written beside the target and renamed over it.

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
    aside = path.with_name(f".{path.name[:64]}.{uuid.uuid4().hex}.tmp")
    try:
        file = aside.open("xb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        with file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            aside.chmod(mode)
        aside.replace(path)
    finally:
        # Renamed, it is gone; otherwise it is what must not stay.
        aside.unlink(missing_ok=True)
