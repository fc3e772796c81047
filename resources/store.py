"""Content-addressed blobs and raw input files: the store that domain functions are handed.

What belongs here: bytes by reference. What does not: tables, and what the bytes mean.
"""

import mmap
import pathlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from groove.core.digest import sha256
from resources.files import location, write_whole

_REFERENCE = re.compile(r"[0-9a-f]{64}(\.[a-z0-9]{1,12}){0,2}")


def is_blob(value: object) -> bool:
    """Return whether a value is a blob's reference: 64 hexadecimal digits and a suffix."""
    return isinstance(value, str) and "." in value and bool(_REFERENCE.fullmatch(value))


@dataclass(frozen=True)
class FileStore:
    """Blobs below ``<data>/blobs``; raw files through ``raw``. Crosses process borders.

    Parameters
    ----------
    data
        The data root, a path or an fsspec URI.
    raw
        Returns the content of an input file by the path that ``raw_files`` lists.
    """

    data: str
    raw: Callable[[str], bytes]

    def read_raw(self, path: str) -> bytes:
        """Return an input file's content."""
        return self.raw(path)

    def read(self, blob: str) -> bytes:
        """Return a blob's content.

        Raises
        ------
        ValueError
            If the reference is malformed.
        OSError
            If the blob is missing, or its content does not match its name.
        """
        data: bytes = self._path(blob).read_bytes()
        if sha256(data) != blob[:64]:
            raise OSError(f"blob {blob} is damaged: delete it and materialise its table again")
        return data

    def view(self, blob: str) -> memoryview:
        """Return a blob's content, mapped if it is a file on this machine; not checked.

        Raises
        ------
        ValueError
            If the reference is malformed.
        OSError
            If the blob is missing.
        """
        path = self._path(blob)
        if not isinstance(path, pathlib.Path):
            return memoryview(self.read(blob))
        with path.open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def has(self, blob: str) -> bool:
        """Return whether a blob is there."""
        return bool(self._path(blob).exists())

    def write(self, data: bytes, suffix: str) -> str:
        """Keep ``data`` under the name of its content; what is there already is left alone."""
        blob = sha256(data) + suffix
        path = self._path(blob)
        if not path.exists():
            write_whole(path, data)
        return blob

    def _path(self, blob: str):  # type: ignore[no-untyped-def]  # UPath ships no types
        if not _REFERENCE.fullmatch(blob):
            raise ValueError(f"{blob!r} is no blob reference")
        return location(self.data) / "blobs" / blob[:2] / blob
