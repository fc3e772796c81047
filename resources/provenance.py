"""What is known about the files of a folder: manifests, ``source.yaml``, side-cars, names.

What belongs here: collecting tags from every place and deciding which one wins: side-car,
file name, manifest, nearest ``source.yaml``, the folder's declaration. What does not:
finding the files (:mod:`resources.raw`) and the table (:mod:`resources.sources`).
"""

import csv
import io
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

from groove.core import tags
from groove.core.inputs import UNKNOWN_LICENSE, Kind
from resources.raw import Folder, RawPathError, SourcesError, inside

SOURCE_FILE = "source.yaml"
SIDECAR_SUFFIX = ".meta.yaml"

_MANIFESTS = ("manifest.csv", "labels.csv")
_MAX_MANIFEST_BYTES = 256_000_000
_COLUMNS = {
    "path": ("path", "file", "filename", "file_name", "midi_filename", "audio_filename"),
    "group": ("group", "kit", "drummer", "performer", "artist"),
}
_VERSION_OF = re.compile(r"([ ._-]*(\(\d+\)|\.\d+|copy|live|remix|karaoke|instrumental))+$")
_DEFAULT_GROUP_BY: Mapping[Kind, str] = {
    "loops": "folder",
    "songs": "title",
    "tracks": "title",
    "hits": "kit",
}


class Knowledge:
    """Everything that a folder's own files say about its music files.

    Parameters
    ----------
    folder
        The declared folder.
    files
        Relative path of every file below it, music or not.
    """

    def __init__(self, folder: Folder, files: Iterable[str]) -> None:
        self.folder = folder
        self.files = frozenset(files)
        self.problems: list[str] = []
        self._sources = self._read_sources()
        self._manifests = self._read_manifests()

    def about(self, relative: str) -> dict[str, Any]:
        """Return all tags of one music file; ``problem`` says what could not be read."""
        stem, _ = posixpath.splitext(relative)
        beside: dict[str, Any] = {}
        if stem + SIDECAR_SUFFIX in self.files:
            try:
                beside = tags.sidecar(self._read(stem + SIDECAR_SUFFIX))
            except (tags.TagsError, OSError, RawPathError) as error:
                beside = {"problem": f"side-car {stem + SIDECAR_SUFFIX}: {error}"}
        row = self._manifest_row(relative)
        found = tags.merged(beside, tags.of_name(posixpath.basename(stem)), row)
        found = tags.merged(found, self._nearest_source(relative), self._declared())
        if "label" not in found and self.folder.kind == "hits":
            found["label"] = posixpath.basename(posixpath.dirname(relative)) or None
        if not found.get("source"):
            top, _, rest = relative.partition("/")
            found["source"] = self.folder.name or (top if rest else "local")
        found.setdefault("license", UNKNOWN_LICENSE)
        group = found.get("group") or self._default_group(relative)
        group = self.folder.groups.get(group, group)
        found["group"] = f"{self.folder.name}/{group}" if self.folder.name else group
        return found

    def _read(self, relative: str) -> bytes:
        return bytes(inside(self.folder.path, relative).read_bytes())

    def _declared(self) -> dict[str, Any]:
        return tags.normalised({"source": self.folder.source, "license": self.folder.license})

    def _read_sources(self) -> dict[str, dict[str, Any]]:
        found = {}
        for path in sorted(self.files):
            if posixpath.basename(path) == SOURCE_FILE:
                try:
                    found[posixpath.dirname(path)] = tags.sidecar(self._read(path))
                except (tags.TagsError, OSError, RawPathError) as error:
                    self.problems.append(f"{self.folder.prefix}{path}: {error}")
        return found

    def _nearest_source(self, relative: str) -> Mapping[str, Any]:
        place = posixpath.dirname(relative)
        while True:
            if place in self._sources:
                return self._sources[place]
            if not place:
                return {}
            place = posixpath.dirname(place)

    def _read_manifests(self) -> dict[str, dict[str, Any]]:
        """Return tags by path, and by bare name or stem where that names one row only."""
        exact: dict[str, dict[str, Any]] = {}
        for path in self._manifest_files():
            place = posixpath.dirname(path)
            try:
                rows = self._rows(path)
            except (SourcesError, OSError, RawPathError) as error:
                if self.folder.manifest:
                    raise
                self.problems.append(f"{self.folder.prefix}{path}: {error}")
                continue
            exact.update((posixpath.join(place, name), row) for name, row in rows)
        names: dict[str, list[str]] = {}
        for path in exact:
            name = posixpath.basename(path)
            for short in {name, posixpath.splitext(name)[0]}:
                names.setdefault(short, []).append(path)
        self._short = {name: paths[0] for name, paths in names.items() if len(paths) == 1}
        return exact

    def _manifest_files(self) -> list[str]:
        if self.folder.manifest:
            return [self.folder.manifest]
        return [path for path in sorted(self.files) if posixpath.basename(path) in _MANIFESTS]

    def _rows(self, path: str) -> list[tuple[str, dict[str, Any]]]:
        data = self._read(path)
        if len(data) > _MAX_MANIFEST_BYTES:
            raise SourcesError(f"{path} has {len(data):,} bytes; at most {_MAX_MANIFEST_BYTES:,}")
        try:
            reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
            header = list(reader.fieldnames or [])
            columns = self._columns(path, header)
            return [
                (_posix(row[columns["path"]]), _tags_of_row(row, columns))
                for row in reader
                if row.get(columns["path"])
            ]
        except (UnicodeDecodeError, csv.Error) as error:
            raise SourcesError(f"{path} is no CSV file in UTF-8: {error}") from error

    def _columns(self, path: str, header: list[str]) -> dict[str, str]:
        for name, column in self.folder.columns.items():
            if column not in header:
                raise SourcesError(f"{path} has no column {column!r} for {name}; it has {header}")
        columns = dict(self.folder.columns)
        for name, aliases in _COLUMNS.items():
            present = [alias for alias in aliases if alias in header]
            if name not in columns and present:
                columns[name] = present[0]
        if "path" not in columns:
            raise SourcesError(f"{path} has no column with file names: name it in columns.path")
        return columns

    def _manifest_row(self, relative: str) -> Mapping[str, Any]:
        name = posixpath.basename(relative)
        for path in (
            relative,
            posixpath.splitext(relative)[0],
            self._short.get(name),
            self._short.get(posixpath.splitext(name)[0]),
        ):
            if path is not None and path in self._manifests:
                return self._manifests[path]
        return {}

    def _default_group(self, relative: str) -> str:
        rule = self.folder.group_by or _DEFAULT_GROUP_BY[self.folder.kind]
        place, name = posixpath.split(relative)
        stem = posixpath.splitext(name)[0]
        title = posixpath.join(place, _VERSION_OF.sub("", stem.lower()) or stem.lower())
        if rule == "prefix":
            return stem.partition("__")[0] or stem
        if rule == "top":
            return relative.partition("/")[0] if place else title
        if rule == "kit":
            # kit/class/file names its kit; class/file does not: then each file stands alone.
            return posixpath.dirname(place) or title
        return place if rule == "folder" and place else title


def _posix(path: str) -> str:
    return posixpath.normpath(path.strip().replace("\\", "/"))


def _tags_of_row(row: Mapping[Any, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    named = {name: row[column] for name, column in columns.items() if name != "path"}
    rest = {
        key: value
        for key, value in row.items()
        if isinstance(key, str) and key != columns["path"] and key not in named
    }
    return tags.normalised({**rest, **named})
