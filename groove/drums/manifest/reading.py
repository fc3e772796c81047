"""Reading manifests: a stream of events, or a table; every problem with its line.

What belongs here: files to events. What does not: fields (:mod:`groove.drums.manifest.schema`),
writing (:mod:`groove.drums.manifest.writing`).
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from groove.drums.manifest.lines import LineLimits, numbered_lines, parse_line
from groove.drums.manifest.paths import Inside
from groove.drums.manifest.schema import Event, ManifestError, event_of

if TYPE_CHECKING:
    import pandas as pd

Refuse = Callable[[ManifestError], None]
Source = Path | str | bytes | BinaryIO


def stream_events(
    source: Source,
    *,
    root: Path | None,
    limits: LineLimits | None = None,
    refuse: Refuse | None = None,
    repeats: bool = False,
) -> Iterator[Event]:
    """Return an iterator of a manifest's events, in bounded memory (16 bytes an event, to find repeats).

    Parameters
    ----------
    source
        A file by its path, its bytes, or an open binary file.
    root
        Where audio paths start, and what they must not lead out of; None checks their spelling.
    limits
        Of lines and files.
    refuse
        Told of each line that cannot be used, which is then left out; None raises at the first.
    repeats
        Whether an identity may come again; otherwise it is refused when the end is reached,
        with all its lines.

    Raises
    ------
    ManifestError
        Naming the line.
    OSError
        If the file cannot be read.
    """
    found = numbered_events(source, root=root, limits=limits, refuse=refuse, repeats=repeats)
    return (event for _, event in found)


def numbered_events(
    source: Source,
    *,
    root: Path | None,
    limits: LineLimits | None = None,
    refuse: Refuse | None = None,
    repeats: bool = False,
) -> Iterator[tuple[int, Event]]:
    """Yield (line number, event), otherwise as :func:`stream_events`."""
    limits = limits or LineLimits()
    inside = Inside(root)
    seen = Identities()
    with _opened(source, limits) as file:
        for number, line in numbered_lines(file, limits):
            try:
                if isinstance(line, ManifestError):
                    raise line
                event = event_of(parse_line(line, number), number)
                try:
                    inside.check(event.audio_path)
                except ManifestError as error:
                    raise ManifestError(error.reason, number) from error
            except ManifestError as error:
                if refuse is None:
                    raise
                refuse(error)
                continue
            if not repeats:
                seen.add(event.sample_id, number)
            yield number, event
    for again in seen.repeated():
        if refuse is None:
            raise again
        refuse(again)


def read_events(
    source: Source,
    *,
    root: Path | None,
    limits: LineLimits | None = None,
    refuse: Refuse | None = None,
) -> pd.DataFrame:
    """Return a manifest as a table of :data:`groove.drums.manifest.table.DRUM_MANIFEST`.

    Parameters
    ----------
    source, root, limits, refuse
        As in :func:`stream_events`. Of an identity that comes again the first is kept.

    Raises
    ------
    ManifestError
        Naming the line.
    OSError
        If the file cannot be read.
    """
    from groove.drums.manifest.table import table_of

    events = stream_events(source, root=root, limits=limits, refuse=refuse)
    return table_of(_first(events) if refuse else events)


def check_events(
    source: Source, *, root: Path | None, limits: LineLimits | None = None, at_most: int = 100
) -> tuple[int, list[ManifestError]]:
    """Return how many events a manifest has, and its first problems in order of lines."""
    problems: list[ManifestError] = []

    def keep(error: ManifestError) -> None:
        if len(problems) < at_most:
            problems.append(error)

    try:
        count = sum(1 for _ in stream_events(source, root=root, limits=limits, refuse=keep))
    except ManifestError as error:
        return 0, [*problems, error]
    return count, sorted(problems, key=lambda error: error.line or 0)


class Identities:
    """Remembers identities by 64 bits of a hash, and the line of each.

    Two of ten million have the same hash with a chance of 3 in a million.
    """

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._lines = array("Q")

    def add(self, identity: str, line: int) -> None:
        """Remember one."""
        self._hashes.append(short_hash(identity))
        self._lines.append(line)

    def repeated(self) -> Iterator[ManifestError]:
        """Yield an error for each line that repeats an earlier one's identity, in order."""
        hashes = np.frombuffer(self._hashes, dtype=np.uint64)
        lines = np.frombuffer(self._lines, dtype=np.uint64)
        if not len(hashes):
            return
        _, first, member = np.unique(hashes, return_index=True, return_inverse=True)
        again = np.flatnonzero(first[member] != np.arange(len(hashes)))
        for place in again.tolist():
            before = int(lines[first[member[place]]])
            yield ManifestError(
                f"has the sample_id of line {before}; an event is listed once", int(lines[place])
            )


def short_hash(text: str) -> int:
    """Return 64 bits that stand for a text."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _first(events: Iterator[Event]) -> Iterator[Event]:
    seen: set[str] = set()
    for event in events:
        if event.sample_id not in seen:
            seen.add(event.sample_id)
            yield event


def _opened(source: Source, limits: LineLimits) -> BinaryIO | nullcontext[BinaryIO]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if isinstance(source, Path | str):
        path = Path(source)
        if path.is_file() and path.stat().st_size > limits.max_file_bytes:
            raise ManifestError(f"the manifest is over {limits.max_file_bytes:,} bytes; split it")
        return path.open("rb")
    return nullcontext(source)
