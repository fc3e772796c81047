"""Whole files or none: how bytes reach a disk or an object store.

What belongs here: paths through universal-pathlib and the atomic write. What does not:
what is in a file.
"""

import contextlib
import pathlib

from upath import UPath

from groove.core import files


def location(uri: str) -> UPath:
    """Return a path for a local folder or any fsspec URI (``s3://bucket/prefix``)."""
    path = UPath(uri)
    return path.absolute() if isinstance(path, pathlib.Path) else path


def write_whole(path: UPath, data: bytes) -> None:
    """Write ``data`` so that a reader finds the old content or the new, never a part.

    On a local disk the bytes are written beside the target and renamed over it; an object
    store puts whole objects by itself.
    """
    if not isinstance(path, pathlib.Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_whole(pathlib.Path(path), data)


def remove(path: UPath) -> None:
    """Remove a file; one that is already gone is fine."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
