"""Sources: where the raw input is, and the table of its files.

What belongs here: the setting, and the listing of every input file with its content hash.
What does not: folders and safe paths (:mod:`resources.raw`), what is known about a file
(:mod:`resources.provenance`), what is in it (the index stages).
"""

import hashlib
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dagster as dg
import pandas as pd
from pydantic import Field

from groove.core import tags
from groove.core.digest import digest
from groove.core.inputs import KINDS, RAW_FILES, format_of
from groove.core.tables import frame_of
from resources.files import location
from resources.provenance import Knowledge
from resources.raw import Folder, Found, RawFolders, folders_of, inside, listing, wanted
from resources.tables import Tables

_LOG = logging.getLogger("groove.sources")
_CHUNK_BYTES = 1 << 20
_READERS = 8
_OWN_COLUMNS = frozenset(tags.KNOWN)


class Sources(dg.ConfigurableResource):  # type: ignore[type-arg]  # resource value is itself
    """The raw input.

    Parameters
    ----------
    raw
        A folder with ``loops``, ``songs``, ``tracks`` and ``hits`` in it, a sources file, or
        empty for the demo corpus.
    data
        The data root: where the table of the run before is, and the demo's files go.
    demo
        Folder of the demo's texts.
    processes
        Processes that compose the demo; 0 takes one per core.
    """

    raw: str = Field("", description="Raw folder or sources file; empty: the demo corpus")
    data: str = Field("data", description="Data root")
    demo: str = Field("data/demo", description="Texts of the demo corpus")
    processes: int = Field(0, ge=0, description="Processes that compose the demo; 0: one per core")

    @property
    def place(self) -> str:
        """The raw folder or sources file in use."""
        return self.raw.strip() or str(location(self.data) / "raw" / "demo")

    def folders(self) -> RawFolders:
        """Return the folders of the raw input. Raises ``SourcesError`` if there is none."""
        return folders_of(self.place)

    def reader(self) -> RawFolders:
        """Return what reads an input file by its path; it may cross process borders."""
        return self.folders()

    def compose_demo(self) -> int:
        """Bring the demo corpus up to date if it is the raw input; return files made."""
        if self.raw.strip():
            return 0
        from groove.demo.spec import DemoSpec
        from resources.demo import compose

        return compose(self.demo, self.place, DemoSpec(), self.processes)

    def fingerprint(self) -> str:
        """Return a hash that changes when a file came, went or changed; reads no file.

        Side-cars and manifests count; of the demo, its texts do.

        Raises
        ------
        SourcesError
            As :meth:`raw_files`.
        """
        if self.raw.strip():
            folders = self.folders().folders
        else:
            folders = (Folder(kind="loops", path=self.demo, name="demo"),)
        return digest(
            self.place,
            [
                (folder.model_dump(), found.relative, found.bytes, found.modified_ns)
                for folder in folders
                for found in listing(folder)
            ],
        )

    def raw_files(self) -> pd.DataFrame:
        """Return the table of all input files, in order of path.

        A file whose path, size and modification time are those of the run before is not read
        again.

        Raises
        ------
        SourcesError
            If the raw setting or a sources file is wrong.
        """
        self.compose_demo()
        tables = Tables(self.data)
        known: dict[tuple[str, int, int], str] = {}
        if tables.exists(RAW_FILES.name):
            before = tables.read(RAW_FILES.name)
            keys = zip(before["path"], before["bytes"], before["modified_ns"], strict=True)
            known = dict(zip(keys, before["sha256"], strict=True))
        rows: list[dict[str, Any]] = []
        for folder in self.folders().folders:
            rows.extend(_rows(folder, known))
        return frame_of(sorted(rows, key=lambda row: row["path"]), RAW_FILES)


def counts(raw_files: pd.DataFrame) -> dict[str, int]:
    """Return how many files of each kind there are, and how many name no licence."""
    sizes = raw_files["kind"].value_counts()
    found = {kind: int(sizes.get(kind, 0)) for kind in KINDS}
    return {**found, "license_unknown": int((raw_files["license"] == "unknown").sum())}


def _rows(folder: Folder, known: dict[tuple[str, int, int], str]) -> Iterator[dict[str, Any]]:
    everything = list(listing(folder))
    knowledge = Knowledge(folder, (found.relative for found in everything))
    for problem in knowledge.problems:
        _LOG.warning("ignored %s", problem)
    music = [f for f in everything if format_of(f.relative) and wanted(f.relative, folder)]
    with ThreadPoolExecutor(_READERS) as pool:
        hashes = list(pool.map(lambda found: _hash(folder, found, known), music))
    for found, sha256 in zip(music, hashes, strict=True):
        about = knowledge.about(found.relative)
        if "problem" in about:
            _LOG.warning("%s%s: %s", folder.prefix, found.relative, about["problem"])
        yield {
            "path": folder.prefix + found.relative,
            "sha256": sha256,
            "kind": folder.kind,
            "format": format_of(found.relative),
            "bytes": found.bytes,
            "modified_ns": found.modified_ns,
            "is_fill": bool(about.get("is_fill", False)),
            **{name: about.get(name) for name in tags.KNOWN if name != "is_fill"},
            "tags_json": tags.to_json({k: v for k, v in about.items() if k not in _OWN_COLUMNS}),
        }


def _hash(folder: Folder, found: Found, known: dict[tuple[str, int, int], str]) -> str:
    """Return a file's SHA-256; "" where it cannot be read, which its index stage then says."""
    at = (folder.prefix + found.relative, found.bytes, found.modified_ns)
    if known.get(at) and found.modified_ns:
        return known[at]
    sha256 = hashlib.sha256()
    try:
        with inside(folder.path, found.relative).open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                sha256.update(chunk)
    except OSError as error:
        _LOG.warning("%s cannot be read: %s", at[0], error)
        return ""
    return sha256.hexdigest()
