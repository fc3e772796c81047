"""The spill folder: room on disk for stages whose work does not fit into memory.

What belongs here: where it is. What does not: what is put there; whoever does removes it.
"""

import os
import pathlib

from resources.files import location


def spill_folder(data: str) -> pathlib.Path | None:
    """Return ``<data>/spill``, or None where the data root is no local folder."""
    root = location(data)
    return pathlib.Path(os.fspath(root)) / "spill" if isinstance(root, pathlib.Path) else None
