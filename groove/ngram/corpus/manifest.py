"""Manifests: what an ``info.csv`` in a folder says about the loops below it.

What belongs here: reading one, under the column names of the Groove MIDI data set, and the groups
that its loops are split by. What does not: side-cars and file names (:mod:`groove.core.tags`).

Columns, all but the first optional: ``midi_filename`` (or ``path``, ``file``, ``filename``; with
``audio_filename`` for the recording of the same take), ``style`` (``rock/halftime`` is rock),
``feel``, ``section``, ``beat_type`` (``fill`` is a fill), ``time_signature``, ``bpm``, ``drummer``,
``session``, ``split``, ``license``, ``source``.
"""

from __future__ import annotations

import csv
import io
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

from groove.core.splits import TEST, TRAIN, VALIDATION

MANIFEST = "info.csv"
MAX_MANIFEST_BYTES = 33_554_432
_MAX_FIELD = 65_536
#: Fewer groups than this cannot be split three ways.
MIN_GROUPS = 3

#: A manifest with these columns is the data set's own: its notes mean a Roland TD-11's pads.
GROOVE_MIDI_COLUMNS = {"drummer", "session", "beat_type", "midi_filename", "time_signature"}
GROOVE_MIDI = "groove-midi"

_PATH_COLUMNS = ("midi_filename", "audio_filename", "path", "file", "filename")
_GROOVE_MIDI_NAME = re.compile(
    r"\d{1,6}_(?P<style>[a-z]+)(?:-[a-z0-9-]+)?_\d{2,3}_(?P<kind>beat|fill)_(?P<meter>\d{1,2}-\d{1,2})"
    r"(?:_\d{1,3})?"
)
_TAG_COLUMNS = ("style", "feel", "section", "time_signature", "bpm", "license", "source")
_SPLITS = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "eval": TEST,
}


class ManifestError(ValueError):
    """A manifest that cannot be read. The message says why."""


def read_manifest(data: bytes, folder: str) -> dict[str, dict[str, Any]]:
    """Return the tags of each file named in a manifest, by path below the root.

    Parameters
    ----------
    data
        The CSV file.
    folder
        Where it lies below the root, which its file names start from; empty is the root.

    Raises
    ------
    ManifestError
        Too large, not UTF-8, not CSV, or without a column of file names.
    """
    if len(data) > MAX_MANIFEST_BYTES:
        raise ManifestError(f"{len(data):,} bytes; at most {MAX_MANIFEST_BYTES:,} are read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError("not UTF-8 text") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        named = [name for name in _PATH_COLUMNS if name in (reader.fieldnames or ())]
        if not named:
            raise ManifestError(f"no column of file names: one of {', '.join(_PATH_COLUMNS)}")
        found: dict[str, dict[str, Any]] = {}
        for row in reader:
            about = _tags(row)
            for name in named:
                relative = (row.get(name) or "").strip()
                if relative and len(relative) < _MAX_FIELD:
                    found[posixpath.normpath(posixpath.join(folder, relative))] = about
    except csv.Error as error:
        raise ManifestError(f"not CSV: {error}") from error
    return found


def of_groove_midi_name(stem: str) -> dict[str, Any]:
    """Return what a file of the Groove MIDI data set says by its name, where no manifest does.

    >>> found = of_groove_midi_name("12_funk-groove1_138_beat_4-4")
    >>> found["style"], found["is_fill"], found["time_signature"], found["source"]
    ('funk', False, '4-4', 'groove-midi')
    >>> of_groove_midi_name("12_funk")
    {}
    """
    found = _GROOVE_MIDI_NAME.fullmatch(stem)
    if found is None:
        return {}
    return {
        "style": found["style"],
        "is_fill": found["kind"] == "fill",
        "time_signature": found["meter"],
        "source": GROOVE_MIDI,
    }


def groups_of(paths: Iterable[str], about: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the split group of each path.

    The first of these that makes at least three groups: drummer, session, topmost folder, folder;
    else every file is a group of its own.

    Parameters
    ----------
    paths
        Files, by path below the root.
    about
        Tags of manifest and side-cars by path; a file's ``group`` tag overrides all of it.
    """
    listed = list(paths)
    ways = (
        [_said(about, path, "drummer") for path in listed],
        [_said(about, path, "session") for path in listed],
        [path.partition("/")[0] if "/" in path else path for path in listed],
        [posixpath.dirname(path) or path for path in listed],
    )
    chosen = next((names for names in ways if len({*names} - {""}) >= MIN_GROUPS), listed)
    return {
        path: _said(about, path, "group") or name or path
        for path, name in zip(listed, chosen, strict=True)
    }


def _said(about: Mapping[str, Mapping[str, Any]], path: str, tag: str) -> str:
    return str(about.get(path, {}).get(tag) or "")


def _tags(row: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        name: value.strip()
        for name, value in row.items()
        if isinstance(name, str) and isinstance(value, str) and value.strip()
    }
    tags: dict[str, Any] = {name: said[name] for name in _TAG_COLUMNS if name in said}
    if {*row} >= GROOVE_MIDI_COLUMNS:
        tags.setdefault("source", GROOVE_MIDI)
    if "beat_type" in said:
        tags["is_fill"] = said["beat_type"].lower() == "fill"
    if "drummer" in said:
        tags["drummer"] = said["drummer"]
    if "session" in said:
        drummer = said.get("drummer", "")
        session = said["session"]
        tags["session"] = session if session.startswith(drummer) else f"{drummer}/{session}"
    if (split := _SPLITS.get(said.get("split", "").lower())) is not None:
        tags["split"] = split
    return tags
