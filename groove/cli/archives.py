"""Unpacking archives from strangers: nothing outside the folder, nothing without bound.

What belongs here: zip and tar. What does not: where archives come from
(:mod:`groove.cli.downloading`).
"""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

_CHUNK_BYTES = 1 << 20
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted zip member
)
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


class ArchiveError(ValueError):
    """An archive that is damaged, too large, or wants to write outside its folder."""


class Reader(Protocol):
    """What an archive's member is read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes; none at the end."""


@dataclass(frozen=True)
class ArchiveLimits:
    """What unpacking may cost."""

    max_files: int = 5_000_000
    max_ratio: float = 200.0
    """Unpacked bytes per archive byte."""
    min_allowance: int = 100_000_000
    """Bytes that even a tiny archive may unpack to."""


def is_archive(name: str) -> bool:
    """Return whether a file's name says that it is to be unpacked."""
    return name.lower().endswith(_ARCHIVES)


def unpack(archive: Path, into: Path, limits: ArchiveLimits | None = None) -> int:
    """Unpack an archive's plain files below ``into``; return how many.

    Raises
    ------
    ArchiveError
        Not an archive, damaged, over a limit, or with a path or link that leads outside. What was
        unpacked until then stays: unpack into a fresh folder.
    """
    limits = limits or ArchiveLimits()
    allowance = max(limits.min_allowance, int(archive.stat().st_size * limits.max_ratio))
    count = 0
    try:
        for name, source in _members(archive):
            count += 1
            if count > limits.max_files:
                raise ArchiveError(f"{archive.name} holds more than {limits.max_files:,} files")
            target = into.joinpath(*_safe_parts(archive, name))
            target.parent.mkdir(parents=True, exist_ok=True)
            with source, target.open("wb") as file:
                allowance = _copy(source, file, allowance, archive)
    except _DAMAGE as error:
        raise ArchiveError(f"{archive.name} cannot be unpacked: {error}") from error
    return count


def replace_folder(fresh: Path, target: Path) -> None:
    """Put a folder in the place of another, which goes away."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                if stat.S_ISLNK(info.external_attr >> 16):
                    raise ArchiveError(f"{archive.name} holds a link: {info.filename}")
                if not info.is_dir():
                    yield info.filename, zipped.open(info)
        return
    with tarfile.open(archive, "r|*") as tape:
        for member in tape:
            # The data filter refuses absolute paths, "..", links outside and devices.
            safe = tarfile.data_filter(member, "/nowhere")
            if member.islnk() or member.issym():
                raise ArchiveError(f"{archive.name} holds a link: {member.name}")
            if safe.isfile() and (source := tape.extractfile(member)) is not None:
                yield safe.name, source


def _safe_parts(archive: Path, name: str) -> tuple[str, ...]:
    path = PurePosixPath(name.replace("\\", "/"))
    parts = path.parts
    if path.is_absolute() or ".." in parts or not parts or ":" in parts[0] or "\0" in name:
        raise ArchiveError(f"{archive.name} wants to write outside its folder: {name!r}")
    return parts


def _copy(source: Reader, target: IO[bytes], allowance: int, archive: Path) -> int:
    while chunk := source.read(_CHUNK_BYTES):
        allowance -= len(chunk)
        if allowance < 0:
            raise ArchiveError(f"{archive.name} unpacks to far more than its size: a bomb?")
        target.write(chunk)
    return allowance
