"""Raw folders: which folders the input is in, and reading from them without leaving them.

What belongs here: the sources file, safe paths, listing. What does not: what is known about
a file (:mod:`resources.sources`).

A sources file is a YAML list; see ``docs/sources.example.yaml``. Paths in it may be absolute,
relative to the sources file, or any fsspec URI (``s3://bucket/loops``).
"""

import fnmatch
import logging
import os
import pathlib
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from upath import UPath

from groove.core.inputs import KINDS, Kind
from groove.core.tags import TagsError, load_yaml
from resources.files import location

_LOG = logging.getLogger("groove.sources")
_MAX_SOURCES_BYTES = 4_194_304
_YAML_SUFFIXES = {".yaml", ".yml"}


class SourcesError(ValueError):
    """The raw setting or a sources file is wrong; the message names it and the remedy."""


class RawPathError(ValueError):
    """A path that is no input file: outside of every raw folder, or not a plain path."""


class Folder(BaseModel):
    """One folder of input files.

    Relative file paths below it become ``kind/name/relative path``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field(description="What its files are given as")
    path: str = Field(min_length=1, description="Folder: absolute, relative, or an fsspec URI")
    name: str | None = Field(None, description="Its name in paths; the folder's own by default")
    source: str | None = Field(None, description="Data set; the folder's name by default")
    license: str | None = Field(None, description="Licence of files that name none themselves")
    manifest: str | None = Field(None, description="CSV with a row per file, below the folder")
    columns: dict[str, str] = Field({}, description="Tag name -> column of the manifest")
    include: list[str] = Field(["*"], description="Patterns of relative paths or file names")
    groups: dict[str, str] = Field({}, description="Group -> the group that it is joined to")
    group_by: Literal["title", "folder", "top", "prefix"] | None = Field(
        None,
        description="Split group of files whose group nobody names: the file's title, its "
        "folder, the topmost folder, or the name up to the first double underscore",
    )

    @field_validator("include", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("name")
    @classmethod
    def _plain_name(cls, value: str | None) -> str | None:
        if value and (value.startswith(".") or "/" in value or "\\" in value):
            raise ValueError("a name is one word of a path: no slash, no leading dot")
        return value

    @property
    def prefix(self) -> str:
        """What paths of its files start with."""
        return f"{self.kind}/{self.name}/" if self.name else f"{self.kind}/"


@dataclass(frozen=True)
class Found:
    """One file below a folder: its relative path, size and modification time."""

    relative: str
    bytes: int
    modified_ns: int


@dataclass(frozen=True)
class RawFolders:
    """The folders of a run. Small and picklable: workers get a copy."""

    folders: tuple[Folder, ...]

    def read(self, path: str) -> bytes:
        """Return the content of the input file ``path``, as listed in ``raw_files``.

        Raises
        ------
        RawPathError
            If the path is in no folder or leads out of its folder.
        """
        folder, relative = self.place(path)
        return bytes(inside(folder.path, relative).read_bytes())

    __call__ = read

    def place(self, path: str) -> tuple[Folder, str]:
        """Return the folder that ``path`` is in, and the path below it."""
        for folder in sorted(self.folders, key=lambda folder: -len(folder.prefix)):
            if path.startswith(folder.prefix):
                return folder, path[len(folder.prefix) :]
        raise RawPathError(f"{path!r} is in none of the raw folders")


def inside(root: str, relative: str) -> UPath:
    """Return ``relative`` below ``root``, wherever that is, if it really is below it.

    Raises
    ------
    RawPathError
        For an absolute path, one with ``..``, or a link that leads out of the root.
    """
    parts = relative.replace("\\", "/").split("/")
    if not relative or "\0" in relative or any(part in {"", ".", ".."} for part in parts):
        raise RawPathError(f"{relative!r} is no plain relative path")
    base = _base(root)
    path = base.joinpath(*parts)
    if not isinstance(base, pathlib.Path):
        if not f"{path.path}/".startswith(f"{base.path.rstrip('/')}/"):
            raise RawPathError(f"{relative!r} leads out of {root}")
        return path
    if not _below(base, path):
        raise RawPathError(f"{relative!r} leads out of {root}; declare the folder it leads to")
    return path


def _base(root: str) -> UPath:
    base = location(root)
    return base.resolve() if isinstance(base, pathlib.Path) else base


def _below(base: pathlib.Path, path: pathlib.Path) -> bool:
    return pathlib.Path(os.path.realpath(path)).is_relative_to(os.path.realpath(base))


def listing(folder: Folder) -> Iterator[Found]:
    """Yield all files below a folder, hidden ones and links out of it left out.

    The order is that of the relative path, whatever the file system says.

    Raises
    ------
    SourcesError
        If the folder is not there.
    """
    base = _base(folder.path)
    if not base.is_dir():
        raise SourcesError(f"{folder.path} ({folder.kind}) is no folder that can be read")
    root = base.path.rstrip("/")
    for full, info in sorted(base.fs.find(base.path, detail=True).items()):
        relative = full[len(root) :].replace("\\", "/").strip("/")
        if _hidden(relative) or not readable_name(relative):
            continue
        if not isinstance(base, pathlib.Path):
            yield Found(relative, int(info.get("size") or 0), _modified_ns(info))
            continue
        path = base / relative
        if path.is_file() and _below(base, path):
            stat = path.stat()
            yield Found(relative, stat.st_size, stat.st_mtime_ns)


def readable_name(relative: str) -> bool:
    """Return whether a file's name is UTF-8: tables can hold no other."""
    try:
        relative.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(relative).decode("utf-8", "backslashreplace")
        _LOG.warning("left out %s: its name is not UTF-8; rename it", shown)
        return False
    return True


def wanted(relative: str, folder: Folder) -> bool:
    """Return whether a folder's patterns include a file."""
    name = posixpath.basename(relative)
    return any(
        fnmatch.fnmatch(relative, pattern) or fnmatch.fnmatch(name, pattern)
        for pattern in folder.include
    )


def _hidden(relative: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in relative.split("/"))


def _modified_ns(info: dict[str, Any]) -> int:
    # Each file system has its own word for it; one without any is told apart by size alone.
    for name in ("mtime", "LastModified", "last_modified", "updated", "created"):
        value = info.get(name)
        if isinstance(value, datetime):
            return int(value.timestamp() * 1e9)
        if isinstance(value, int | float):
            return int(value * 1e9)
    return 0


def folders_of(raw: str) -> RawFolders:
    """Return the folders that the raw setting names.

    Parameters
    ----------
    raw
        A folder with ``loops``, ``songs``, ``tracks`` and ``hits`` in it (any of them), or a
        sources file.

    Raises
    ------
    SourcesError
        If it is neither, or a declaration is wrong.
    """
    place = location(raw)
    if place.is_dir():
        return RawFolders(_plain(raw, place))
    if place.suffix.lower() not in _YAML_SUFFIXES:
        raise SourcesError(
            f"raw input {raw!r} is neither a folder that can be read nor a .yaml file: set "
            f"GROOVE_RAW to a folder with any of {', '.join(KINDS)} in it, or to a sources file"
        )
    if not place.is_file():
        raise SourcesError(f"the sources file {raw!r} is not there")
    return RawFolders(_declared(place))


def _plain(raw: str, place: UPath) -> tuple[Folder, ...]:
    found = []
    for kind in KINDS:
        path = place / kind
        if not path.is_dir():
            continue
        if isinstance(place, pathlib.Path) and not _below(place, path):
            raise SourcesError(
                f"{path} is a link out of {raw}: declare the folder it leads to in a sources file"
            )
        found.append(Folder(kind=kind, path=str(path), name=""))
    if not found:
        raise SourcesError(f"{raw} has none of the folders {', '.join(KINDS)} in it")
    return tuple(found)


def _declared(place: UPath) -> tuple[Folder, ...]:
    try:
        rows = load_yaml(place.read_bytes(), _MAX_SOURCES_BYTES)
    except TagsError as error:
        raise SourcesError(f"{place}: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise SourcesError(f"{place}: a list of folders is expected: - {{kind: loops, path: …}}")
    folders = tuple(_folder(place, number, row) for number, row in enumerate(rows, start=1))
    prefixes = [folder.prefix for folder in folders]
    for prefix in prefixes:
        if prefixes.count(prefix) > 1:
            raise SourcesError(f"{place}: two folders are called {prefix[:-1]}: give one a name")
    return folders


def _folder(place: UPath, number: int, row: Any) -> Folder:
    try:
        folder = Folder.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SourcesError(f"{place}, folder {number}, {where}: {first['msg']}") from error
    path = folder.path
    if "://" not in path:
        local = pathlib.Path(path).expanduser()
        path = str(local if local.is_absolute() else place.parent / path)
    name = folder.name or location(path).name
    return folder.model_copy(update={"path": path, "name": name})
