"""Files that commands write: whole, or not at all.

What belongs here: putting bytes where the user said. What does not: making them.
"""

from __future__ import annotations

import os
from pathlib import Path

from groove.core import files


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
    files.write_whole(target, data, _mode(target))


def _mode(target: Path) -> int:
    """Return the permissions that a file has, or that a new one would get."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
