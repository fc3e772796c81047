"""Raw input files: the table that every index starts from, and what a path may look like.

What belongs here: the contract of ``raw_files``, the kinds of input and the formats, and the
few selections that every index makes. What does not: finding and reading files
(:mod:`resources.sources`), side-cars and file names (:mod:`groove.core.tags`), what is in a
file (:mod:`groove.midi.inventory`, :mod:`groove.audio.inventory`).

Conventions
-----------
* ``path`` is ``kind/[folder name/]path below the folder``, with ``/`` on every system. It is
  the file's name everywhere in the pipeline and says nothing about where the bytes are.
* An unknown licence is the word ``unknown``, never an empty field: what is not known must not
  look like what is free.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Literal, get_args

import pandas as pd

from groove.core.columns import PROVENANCE
from groove.core.digest import digest
from groove.core.splits import SPLITS, TEST, TRAIN, VALIDATION, assign, merge_groups
from groove.core.tables import Column, Table

Kind = Literal["loops", "songs", "tracks", "hits"]
Format = Literal["midi", "audio"]

KINDS: tuple[str, ...] = get_args(Kind)
FORMATS: tuple[str, ...] = get_args(Format)

MIDI_SUFFIXES = frozenset({".mid", ".midi"})
AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"})

UNKNOWN_LICENSE = "unknown"

RAW_FILES = Table(
    "raw_files",
    "One row per input file, as found in the raw folders.",
    (
        *PROVENANCE,
        Column("kind", "string", "What the file is given as", one_of=KINDS),
        Column("format", "string", "What the file is, by its suffix", one_of=FORMATS),
        Column("bytes", "int", "File size in bytes", at_least=0),
        Column("modified_ns", "int", "Modification time, ns since 1970", volatile=True),
        Column("group", "string", "Split-group hint: drummer, kit, library, song"),
        Column("label", "string", "What a one-shot is, as its manifest or folder says", True),
        Column("style", "string", "Musical style", nullable=True),
        Column("feel", "string", "Feel of the performance", nullable=True),
        Column("section", "string", "Part of a song that it is meant for", nullable=True),
        Column("is_fill", "bool", "Whether it is a fill, by side-car or file name"),
        Column("tags_json", "string", "All other tags, of manifest, side-car and file name"),
    ),
    unique=("path",),
)

TABLES = (RAW_FILES,)


class InputError(ValueError):
    """A raw file that cannot be used; the message says why and what to do."""


def format_of(path: str) -> Format | None:
    """Return what a file is by its suffix, or None for what is no music.

    >>> format_of("loops/a.MID"), format_of("hits/kick.flac"), format_of("notes.txt")
    ('midi', 'audio', None)
    """
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in MIDI_SUFFIXES:
        return "midi"
    return "audio" if suffix in AUDIO_SUFFIXES else None


def of_kind(raw_files: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Return the input files of one kind, in order of path."""
    chosen = raw_files[raw_files["kind"] == kind]
    return chosen.sort_values("path").reset_index(drop=True)


def originals(index: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of an index table that repeat no other row's content."""
    return index[index["duplicate_of"].isna()].reset_index(drop=True)


def tag(item: Any, name: str) -> Any:
    """Return one tag of a ``raw_files`` row's ``tags_json``, or None."""
    return json.loads(item["tags_json"]).get(name)


def with_splits(
    index: pd.DataFrame,
    raw_files: pd.DataFrame,
    content: list[str],
    validation: float,
    test: float,
    salt: str,
    related: list[int] | None = None,
) -> pd.DataFrame:
    """Return an index with ``duplicate_of``, ``split_group`` and ``split`` filled in.

    Duplicates are found first. Files are then in one split group when they share a group hint
    or their content, directly or over others: a loop that two libraries have joins the two. What is
    related without being the same (two versions of a song) shares a group, too.

    Parameters
    ----------
    index
        Rows with ``path``, one per file.
    raw_files
        Where each path's group hint is.
    content
        One label per row of ``index``; equal labels are the same content.
    validation, test, salt
        As in :func:`groove.core.splits.assign`.
    related
        One number per row of ``index``; equal numbers are related. None: nothing is.
    """
    families = range(len(index)) if related is None else related
    marked = index.assign(_content=content, _family=families)
    ordered = marked.sort_values("path").reset_index(drop=True)
    contents, families = ordered.pop("_content"), ordered.pop("_family").tolist()
    hints = ordered["path"].map(raw_files.set_index("path")["group"])
    first = contents.map(ordered["path"].groupby(contents).first())
    merged = merge_groups(hints.tolist(), contents.tolist(), families)
    components = pd.Series(merged, dtype="int64")
    # A merged group is named by its first hint, so that its side hangs on names alone.
    names = components.map(hints.groupby(components).min())
    sides = assign(names.tolist(), validation, test, salt)
    return ordered.assign(
        duplicate_of=first.where(first != ordered["path"], None).astype(object),
        split_group=names,
        split=_topped_up(names.tolist(), sides, {TEST: test, VALIDATION: validation}, salt),
    )


def _topped_up(
    names: list[str], sides: list[str], shares: Mapping[str, float], salt: str
) -> list[str]:
    """Return the sides with training groups moved to a side that has under half its files.

    With few groups chance may leave a side one small kit, on which nothing can be measured. Which
    group moves depends on its name; never more than twice the share, never half the groups.
    """
    sizes = Counter(names)
    side = dict(zip(names, sides, strict=True))
    for wanted, share in shares.items():
        training = sorted(
            (name for name in sizes if side[name] == TRAIN),
            key=lambda name: digest(salt, "top up", wanted, name),
        )
        have = sum(sizes[name] for name in sizes if side[name] == wanted)
        for name in training[: max(0, len(training) - len(sizes) // 2)]:
            if have >= share * len(names) / 2:
                break
            if have + sizes[name] <= 2 * share * len(names):
                side[name] = wanted
                have += sizes[name]
    return [side[name] for name in names]


def splits_of(index: pd.DataFrame) -> dict[str, int]:
    """Return how many files each side of the split has, how many groups, and how many copies."""
    sides = index["split"].value_counts()
    return {
        **{side: int(sides.get(side, 0)) for side in SPLITS},
        "groups": int(index["split_group"].nunique()),
        "duplicates": int(index["duplicate_of"].notna().sum()),
    }
