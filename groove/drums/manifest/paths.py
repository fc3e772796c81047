"""Audio paths of manifests: below the data root, or refused.

What belongs here: which paths may be named. What does not: opening them.
"""

from __future__ import annotations

import re
from pathlib import Path

from groove.drums.manifest.schema import ManifestError

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.\-]*:")
_CACHE = 4096


def plain_path(path: str) -> str:
    """Return a path that is relative, without ``..``, and the same on every system.

    Raises
    ------
    ManifestError
        Naming what is wrong with it.
    """
    shown = path if len(path) <= 80 else path[:77] + "..."
    if "\\" in path:
        raise ManifestError(f"audio_path {shown!r}: write / between folders")
    if path.startswith(("/", "~")) or _SCHEME.match(path):
        raise ManifestError(f"audio_path {shown!r} is absolute; give it relative to the data root")
    if not path.isprintable():
        raise ManifestError(f"audio_path {shown!r} holds control characters")
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise ManifestError(f"audio_path {shown!r}: empty, '.' and '..' parts are not allowed")
    return path


class Inside:
    """Checks paths against a data root, links followed; remembers the ones it has just seen.

    Parameters
    ----------
    root
        The data root; None checks the spelling alone.
    """

    def __init__(self, root: Path | None) -> None:
        self.root = root.resolve() if root is not None else None
        self._seen: set[str] = set()

    def check(self, path: str) -> str:
        """Return the path if it stays below the root.

        Raises
        ------
        ManifestError
            If it does not.
        """
        if path in self._seen:
            return path
        plain_path(path)
        if self.root is not None:
            try:
                inside = (self.root / path).resolve().is_relative_to(self.root)
            except (OSError, RuntimeError, ValueError) as error:
                raise ManifestError(f"audio_path {path[:80]!r} cannot be followed") from error
            if not inside:
                raise ManifestError(f"audio_path {path[:80]!r} leads out of the data root")
        if len(self._seen) >= _CACHE:
            self._seen.clear()
        self._seen.add(path)
        return path

    def file(self, path: str) -> Path:
        """Return where the file is.

        Raises
        ------
        ManifestError
            As :meth:`check`, or without a root.
        """
        if self.root is None:
            raise ManifestError("no data root was given, so no audio can be found")
        return self.root / self.check(path)
