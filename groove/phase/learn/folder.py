"""Features in a folder: what the pipeline wrote, for training without it, on another machine say.

What belongs here: finding the table and its arrays below a folder. What does not: writing them
(the stage ``phase_features``), what is in them (:mod:`groove.phase.learn.features`).
"""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from groove.core.digest import sha256
from groove.core.tables import ContractError, enforce
from groove.phase.learn.features import FeatureError
from groove.phase.tables import PHASE_FEATURES

_REFERENCE = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,12}")
_NAME = f"{PHASE_FEATURES.name}.parquet"


@dataclass
class FolderStore:
    """Blobs below ``<root>/blobs``, to be read; what is written stays in memory.

    Parameters
    ----------
    root
        A data root, or a copy of the part of it that training needs.
    """

    root: Path
    written: dict[str, bytes] = field(default_factory=dict, repr=False)

    def read_raw(self, path: str) -> bytes:
        """Refuse: training reads no input files."""
        raise FeatureError(f"{path} is not among the features")

    def read(self, blob: str) -> bytes:
        """Return a blob's content.

        Raises
        ------
        FeatureError
            If it is not there, or is not what its name says.
        """
        data = self.written[blob] if blob in self.written else self._path(blob).read_bytes()
        if sha256(data) != blob[:64]:
            raise FeatureError(f"blob {blob} is damaged: run the stage phase_features again")
        return data

    def view(self, blob: str) -> memoryview:
        """Return a blob's content, mapped; not checked."""
        if blob in self.written:
            return memoryview(self.written[blob])
        with self._path(blob).open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def write(self, data: bytes, suffix: str) -> str:
        """Keep ``data`` in memory; return its reference."""
        name = sha256(data) + suffix
        self.written[name] = data
        return name

    def _path(self, blob: str) -> Path:
        if not _REFERENCE.fullmatch(blob):
            raise FeatureError(f"{blob!r} is no blob reference")
        path = self.root / "blobs" / blob[:2] / blob
        if not path.is_file():
            raise FeatureError(f"no blob {blob} below {self.root}: run the stage phase_features")
        return path


def open_folder(root: Path) -> tuple[pd.DataFrame, FolderStore]:
    """Return ``phase_features`` of a folder, and the store of its arrays.

    Parameters
    ----------
    root
        Holds ``phase_features.parquet``, itself or in ``tables``, and ``blobs``.

    Raises
    ------
    FeatureError
        If there is no such table, or it is another version's.
    """
    for path in (root / "tables" / _NAME, root / _NAME):
        if path.is_file():
            try:
                return enforce(pd.read_parquet(path), PHASE_FEATURES), FolderStore(root)
            except ContractError as error:
                raise FeatureError(f"{path}: {error}; run its stage again") from error
    raise FeatureError(
        f"no {_NAME} in {root} or {root / 'tables'}: run `dagster asset materialize "
        "--select '*phase_features' -m groove_dagster.definitions`, or name another folder"
    )
