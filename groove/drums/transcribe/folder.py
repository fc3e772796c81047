"""An annotated folder as recordings to train on: levels and hits, worked out once.

::

    audio/NAME.flac          a recording (any form that can be read)
    annotations/NAME.txt     its hits: time and label; .bsm, .csv, .mid and .jams will do
    index.csv                (optional) columns piece and split, and any others

What belongs here: finding the pairs, their side, a cache of levels. What does not: playing such a
folder (:mod:`groove.drums.kitplayer`), judging by one (:mod:`groove.drums.transcribe.evaluation`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from groove.audio.waveform import AudioError, read_audio
from groove.core.arrays import npy
from groove.core.digest import digest
from groove.core.files import write_whole
from groove.core.splits import TRAIN, VALIDATION, split_of
from groove.drums.beatmap import Beatmap, BeatmapError
from groove.drums.transcribe.annotations import FolderError, pairs_in, read_annotation
from groove.drums.transcribe.levels import levels
from groove.drums.transcribe.recordings import Recording
from groove.drums.transcribe.spec import LevelSpec
from groove.midi.taxonomy import CLASSES, class_of

VERSION = "1"
_INDEX = "index.csv"
_CLASS = {name: place for place, name in enumerate(CLASSES)}


@dataclass(frozen=True)
class Piece:
    """A recording's file, its annotation's, and its side of the split."""

    name: str
    audio: Path
    annotation: Path
    split: str


def pieces(root: Path) -> list[Piece]:
    """Return the annotated recordings of a folder, by name.

    The side is that of ``index.csv``; without one it hangs on the name's part before the first
    ``__``, so that versions of one piece stay together.

    Raises
    ------
    FolderError
        If there are none, or the index names a side that is none.
    """
    stated = _stated(root / _INDEX)
    found = [
        Piece(
            name,
            audio,
            annotation,
            stated.get(name) or split_of(name.partition("__")[0], validation=0.1, test=0.0),
        )
        for name, audio, annotation in pairs_in(root).both
    ]
    if not found:
        raise FolderError(f"{root}: no audio/NAME.* with an annotations/NAME.*")
    return found


def _stated(index: Path) -> dict[str, str]:
    if not index.is_file():
        return {}
    with index.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sides = {str(row.get("piece", "")): str(row.get("split", "")) for row in rows}
    for name, side in sides.items():
        if side not in (TRAIN, VALIDATION, "test", ""):
            raise FolderError(f"{index}: {name}: {side!r} is none of train, validation, test")
    return sides


def recordings(
    chosen: list[Piece], cache: Path, level: LevelSpec
) -> Iterator[tuple[Piece, Recording | Exception]]:
    """Yield each piece's levels and hits, or why it cannot be used.

    Parameters
    ----------
    chosen
        Of :func:`pieces`.
    cache
        A folder for levels, which are worked out once for a file and settings; they stay files,
        of which a training reads what it needs.
    level
        Settings.
    """
    cache.mkdir(parents=True, exist_ok=True)
    for piece in chosen:
        try:
            yield (
                piece,
                recording(piece.audio, read_annotation(piece.annotation).beatmap, cache, level),
            )
        except (AudioError, BeatmapError, OSError) as error:
            yield piece, error


def recording(audio: Path, truth: Beatmap, cache: Path, level: LevelSpec) -> Recording:
    """Return one file's levels, from the cache when they are there, and its hits."""
    stat = audio.stat()
    identity = digest(
        VERSION, str(audio.resolve()), stat.st_size, stat.st_mtime_ns, level.model_dump_json()
    )
    kept = cache / f"{identity[:24]}.npy"
    if not kept.is_file():
        found = levels(read_audio(audio.read_bytes()), level).astype(np.float16)
        write_whole(kept, npy(found))
    return of(np.load(kept, mmap_mode="r", allow_pickle=False), truth)


def of(seen: NDArray[np.float16], truth: Beatmap) -> Recording:
    """Return levels with the hits of a beatmap."""
    hits = truth.hits
    return Recording(
        seen,
        np.array([hit.time_s for hit in hits], dtype=np.float64),
        np.array([_CLASS[class_of(hit.label)] for hit in hits], dtype=np.int64),
        np.array(
            [np.nan if hit.velocity is None else hit.velocity for hit in hits], dtype=np.float64
        ),
    )
