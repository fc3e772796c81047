"""The aux map: what a song says about each loop, as JSON.

The map goes from file name to what is known of it::

    {"verse_01.mid": {"section": "verse", "heat_bin": 3, "intensity": "low"}}

What belongs here: reading it, refusing what is wrong, and matching it to files. What does not: tags
in side-cars and file names (:mod:`groove.core.tags`), what a condition is
(:mod:`groove.ngram.corpus.conditions`).

Conventions
-----------
* A name is a file's path below the folder, or its name, or its stem; the first of these that the
  map has counts.
* ``section`` is up to 32 of a-z, 0-9, ``_`` and ``-``; ``heat_bin`` a whole number 0..15;
  ``intensity`` one of low, mid, high. Each may be left out.
* A loop that the map doesn't have is an error that lists it; a name without a loop, or a field that
  has no meaning here, is a warning. Nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from groove.midi.inventory import INTENSITIES, MAX_HEAT

MAX_AUX_BYTES = 16_777_216
_MAX_DEPTH = 8
_LISTED = 20
_SECTION = re.compile(r"[a-z0-9_-]{1,32}")
_FIELDS = ("section", "heat_bin", "intensity")

AuxMap = Mapping[str, Mapping[str, Any]]


class AuxError(ValueError):
    """An aux map that cannot be used. The message says which entry, and what to write instead."""


def read_aux(data: bytes) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return (map, warnings) of an aux map's JSON.

    Raises
    ------
    AuxError
        Too large, too deep, no JSON, a key given twice, or a value out of its range.
    """
    if len(data) > MAX_AUX_BYTES:
        raise AuxError(f"{len(data):,} bytes; an aux map has at most {MAX_AUX_BYTES:,}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AuxError("not UTF-8 text") from error
    _refuse_depth(text)
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        raise AuxError(f"not JSON: {error}") from error
    except ValueError as error:
        # A number of thousands of digits, which Python refuses to read.
        raise error if isinstance(error, AuxError) else AuxError(str(error)) from error
    return checked(found)


def checked(found: object) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return (map, warnings) of an aux map that is plain values already; as :func:`read_aux`."""
    if not isinstance(found, Mapping):
        raise AuxError("an object is expected: file name -> {section, heat_bin, intensity}")
    warnings = []
    entries = {}
    for name, fields in found.items():
        if not isinstance(fields, Mapping):
            raise AuxError(f"{name!r}: an object is expected, with section, heat_bin, intensity")
        if unknown := sorted(str(field) for field in fields if field not in _FIELDS):
            warnings.append(f"{name!r}: ignored {', '.join(unknown)}")
        entries[str(name)] = _entry(str(name), fields)
    return entries, warnings


def matched(
    entries: Mapping[str, Mapping[str, Any]], paths: Iterable[str]
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return the tags of each loop, by path, and warnings about entries without a loop.

    Raises
    ------
    AuxError
        If a loop is in no entry; the message lists them.
    """
    tags: dict[str, dict[str, str]] = {}
    missing, used = [], set()
    for path in paths:
        place = PurePosixPath(path)
        name = next((n for n in (path, place.name, place.stem) if n in entries), None)
        if name is None:
            missing.append(path)
            continue
        used.add(name)
        tags[path] = {
            ("heat" if field == "heat_bin" else field): str(value)
            for field, value in entries[name].items()
        }
    if missing:
        more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
        raise AuxError(f"the aux map has no entry for {', '.join(missing[:_LISTED])}{more}")
    extra = sorted(set(entries) - used)
    return tags, [f"the aux map names {name!r}, which is no loop here" for name in extra]


def _entry(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    section, heat, intensity = (fields.get(field) for field in _FIELDS)
    if section is not None:
        if not isinstance(section, str) or not _SECTION.fullmatch(section):
            raise AuxError(f"{name!r}: section {section!r}; up to 32 of a-z, 0-9, _ and -")
        entry["section"] = section
    if heat is not None:
        if isinstance(heat, bool) or not isinstance(heat, int) or not 0 <= heat <= MAX_HEAT:
            raise AuxError(f"{name!r}: heat_bin {heat!r}; a whole number 0..{MAX_HEAT}")
        entry["heat_bin"] = heat
    if intensity is not None:
        if intensity not in INTENSITIES:
            raise AuxError(f"{name!r}: intensity {intensity!r}; one of {', '.join(INTENSITIES)}")
        entry["intensity"] = intensity
    return entry


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for name, value in pairs:
        if name in entries:
            raise AuxError(f"{name!r} is given twice")
        entries[name] = value
    return entries


def _no_constant(name: str) -> Any:
    raise AuxError(f"{name} is no JSON number")


def _refuse_depth(text: str) -> None:
    """Refuse brackets nested deeper than an aux map's, before a parser recurses into them."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", bare):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > _MAX_DEPTH:
        raise AuxError(f"nested {deepest} levels deep; an aux map has two")
