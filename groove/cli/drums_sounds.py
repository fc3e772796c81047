"""Audio files and models that drum commands are given.

What belongs here: which files a path means, and where a promoted model lies. What does not: the
order in which models are taken (:mod:`groove.drums.transcribe.choice`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from groove.cli.data import data_root
from groove.core.inputs import AUDIO_SUFFIXES

if TYPE_CHECKING:
    from groove.drums.transcribe.choice import Kind


class SoundsError(ValueError):
    """Paths that mean no audio. The message says which."""


def audio_files(paths: Iterable[Path]) -> list[Path]:
    """Return files as they were given, and those with audio in folders, by name; each once.

    A file that was named is taken whatever its suffix; in a folder only audio is, hidden files
    and folders left out.

    Raises
    ------
    SoundsError
        If a folder has none, or a path is neither a file nor a folder (a pipe would never end).
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise SoundsError(f"{path}: is neither a file nor a folder")
        inside = _below(path) if path.is_dir() else [path]
        if not inside:
            raise SoundsError(
                f"{path}: no audio in this folder ({' '.join(sorted(AUDIO_SUFFIXES))})"
            )
        for file in inside:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def check_threshold(threshold: float | None) -> None:
    """Refuse a confidence that every frame reaches, or that is none.

    Raises
    ------
    SoundsError
        If it is not above 0 and at most 1.
    """
    if threshold is not None and not 0 < threshold <= 1:
        raise SoundsError(f"--threshold {threshold:g}: give a confidence above 0, at most 1")


def promoted(kind: Kind) -> tuple[str, bytes] | None:
    """Return the newest released model of a kind below the data root, if ``GROOVE_DATA`` names one.

    Without the variable nothing is looked for: what a pipeline left in the working folder is no
    reason to hear differently there.
    """
    if not os.environ.get("GROOVE_DATA"):
        return None
    releases = data_root() / "releases"
    newest = releases / "LATEST"
    if not newest.is_file():
        return None
    name = newest.read_text().strip()
    model = releases / name / "models" / f"drum_{kind}.safetensors"
    if "/" in name or not model.is_file():
        return None
    return f"the drum {kind} promoted in release {name}", model.read_bytes()


def _below(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in AUDIO_SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
