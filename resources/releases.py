"""Releases: bundles as folders that people open.

What belongs here: laying a bundle's blobs out as files, whole or not at all. What does
not: what is in a bundle (:mod:`groove.readiness.bundle`).
"""

import pathlib
import shutil
import uuid

import dagster as dg
import pandas as pd
from upath import UPath

from groove.core.digest import digest
from groove.core.store import Store
from resources.files import location, write_whole


class Releases(dg.ConfigurableResource):  # type: ignore[type-arg]  # resource value is itself
    """Writes bundles below ``<data>/releases``; ``LATEST`` names the newest."""

    data: str = "data"

    def publish(self, files: pd.DataFrame, store: Store) -> str:
        """Lay out a bundle and return where it is.

        Parameters
        ----------
        files
            Rows of ``release_bundle``: ``file`` (relative path) and ``blob``.
        store
            Where the blobs are.

        Raises
        ------
        ValueError
            If a file's path would leave the bundle.
        """
        root = location(self.data) / "releases"
        listed = sorted(zip(files["file"], files["blob"], strict=True))
        name = digest(listed)[:12]
        target = root / name
        for path, _ in listed:
            if path.startswith("/") or ".." in pathlib.PurePosixPath(path).parts:
                raise ValueError(f"{path!r} leaves the bundle")
        if not target.exists():
            _lay_out(listed, store, target)
        write_whole(root / "LATEST", name.encode())
        return str(target)


def _lay_out(listed: list[tuple[str, str]], store: Store, target: UPath) -> None:
    """Write the files beside ``target`` and rename the folder (an object store: in place)."""
    local = isinstance(target, pathlib.Path)
    place = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp") if local else target
    try:
        for path, blob in listed:
            file = place / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(store.read(blob))
        if local and not target.exists():
            place.rename(target)
    finally:
        if local:
            shutil.rmtree(str(place), ignore_errors=True)
