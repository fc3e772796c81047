"""Files that `groove phase` writes: refused before any work, written whole.

What belongs here: paths. What does not: what is in them (:mod:`groove.phase.play`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes its name when all went well.

    It is for files that are too large to hold (:func:`groove.cli.writing.write_whole` writes the
    others).
    """
    target = path.resolve()
    aside = target.with_name(f".{target.name[:64]}.{uuid.uuid4().hex}.tmp")
    try:
        yield aside
        if target.exists():
            aside.chmod(target.stat().st_mode & 0o777)
        aside.replace(target)
    finally:
        # Renamed, it is gone; otherwise it is what must not stay.
        aside.unlink(missing_ok=True)
