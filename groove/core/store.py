"""The store protocol: how domain functions read input files and read and write blobs.

What belongs here: the protocol and an in-memory form of it. What does not: where bytes
really are (:mod:`resources.store`). A domain function is handed a store; it opens no path.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from groove.core.digest import sha256


class Store(Protocol):
    """Bytes by reference."""

    def read_raw(self, path: str) -> bytes:
        """Return the content of the input file ``path`` (as listed in ``raw_files``)."""

    def read(self, blob: str) -> bytes:
        """Return the content of a blob; ``blob`` is what :meth:`write` returned."""

    def view(self, blob: str) -> memoryview:
        """Return a blob's content as :meth:`read` does, but mapped, not copied, where it is a file.

        For blobs of which a part is read at a time: what is not looked at costs no memory, and is
        not checked against the name either.
        """

    def write(self, data: bytes, suffix: str) -> str:
        """Keep ``data``; return its reference ``<sha256><suffix>``. Idempotent and atomic."""


@dataclass
class MemoryStore:
    """A store in a dictionary, for tests and for use without a data folder."""

    raw: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)

    def read_raw(self, path: str) -> bytes:
        """Return an input file's content. Raises ``KeyError`` if it is not there."""
        return self.raw[path]

    def read(self, blob: str) -> bytes:
        """Return a blob's content. Raises ``KeyError`` if it is not there."""
        return self.blobs[blob]

    def view(self, blob: str) -> memoryview:
        """Return a blob's content. Raises ``KeyError`` if it is not there."""
        return memoryview(self.blobs[blob])

    def write(self, data: bytes, suffix: str) -> str:
        """Keep ``data`` under its content's name."""
        name = sha256(data) + suffix
        self.blobs[name] = data
        return name
