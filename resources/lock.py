"""One run at a time per data root.

What belongs here: the lock that keeps two runs from writing the same stage at once. What
does not: Dagster's own queue, which knows nothing of runs started at a command line.
"""

import pathlib

from filelock import FileLock, Timeout

from resources.files import location

_HELD: dict[str, FileLock] = {}


class BusyError(RuntimeError):
    """Another process is writing to the data root. The message names it."""


def hold(data: str) -> None:
    """Keep other processes from writing below ``data`` until this one ends, however it ends.

    Raises
    ------
    BusyError
        If another process holds the lock.
    """
    root = location(data)
    if not isinstance(root, pathlib.Path) or str(root) in _HELD:
        return
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(str(root / ".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BusyError(
            f"another run is writing to {root}: wait until it has ended, or set GROOVE_DATA"
        ) from error
    _HELD[str(root)] = lock
