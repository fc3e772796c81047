"""Files that `groove phase` writes: refused before any work.

What belongs here: paths. What does not: what is in them (:mod:`groove.phase.play`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class OutputError(ValueError):
    """An output that cannot be written there. The message says why."""


def check_outputs(sources: Mapping[str, Path], outputs: Mapping[str, Path | None]) -> None:
    """Refuse outputs that could not be written, or would destroy something.

    Parameters
    ----------
    sources
        What is read, by what it is called.
    outputs
        What is to be written, by option; ``None`` is not given.

    Raises
    ------
    OutputError
        If a folder is missing, or a file is read, or two outputs are one.
    """
    seen: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        if path.is_dir():
            raise OutputError(f"{option} {path} is a folder; name a file in it")
        if not path.parent.is_dir():
            raise OutputError(f"{path.parent} is no folder to write {path.name} to; make it first")
        for name, source in sources.items():
            if path.exists() and source.exists() and path.samefile(source):
                raise OutputError(f"{option} {path} is {name} itself; name another file")
        # What is no file, such as /dev/null, may be given twice.
        if (path.is_file() or not path.exists()) and seen.setdefault(
            path.resolve(), option
        ) != option:
            raise OutputError(f"{option} and {seen[path.resolve()]} are one file: {path}")
