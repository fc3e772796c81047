"""Files that commands write: whole, or not at all.

What belongs here: putting bytes where the user said. What does not: making them.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that whoever reads it finds the old content or the new, never a part.

    The bytes go to a file beside it first, which then takes its name. What is no regular file
    (a pipe, ``/dev/null``) is written as it is.

    Raises
    ------
    OSError
        If the folder cannot be written to, or the path is a folder.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(data)
        return
    if path.is_dir():
        raise IsADirectoryError(21, "is a folder", str(path))
    # Follow a link: the file behind it is replaced, not the link.
    target = path.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:64]}.", dir=target.parent)
    except OSError as error:
        # It is about the file that was asked for, not about ours.
        raise OSError(error.errno, error.strerror, str(path)) from error
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        beside.chmod(_mode(target))
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _mode(target: Path) -> int:
    """Return the permissions that a file has, or that a new one would get."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
