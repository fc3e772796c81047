"""Conditions: what is known of a loop besides its notes, from the general to the specific.

A loop has *tags* (style, section, ...). A condition is one or more tags at once; its *name* is
text such as ``section=chorus&heat=3``, and the name ``""`` is any loop. Conditions form a lattice
along :data:`PATHS`: a name without its last tag is its *parent*, which it falls back to::

    section=chorus&heat=3&intensity=high  ->  section=chorus&heat=3  ->  section=chorus  ->  ""

What belongs here: names, parents, and which known names serve a wish. What does not: counting
by condition (:mod:`groove.ngram.language.counts`), probabilities given one
(:mod:`groove.ngram.language.model`).

Conventions
-----------
* Keys are those of :data:`KEYS`; values are lower-case text. ``heat`` is ``0`` to ``15``,
  ``fill`` is ``yes`` or ``no``.
* Within a name, ``%``, ``&`` and ``=`` of a value are written as in a URL, so that every name
  reads back as its tags.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

#: What a loop may be tagged with.
KEYS = ("style", "feel", "section", "heat", "intensity", "density", "fill")

#: Paths from general to specific. Every key alone is a path too.
PATHS: tuple[tuple[str, ...], ...] = (
    ("style", "feel"),
    ("style", "fill"),
    ("section", "heat", "intensity"),
    ("section", "intensity"),
    *((key,) for key in KEYS),
)

_ESCAPES = (("%", "%25"), ("&", "%26"), ("=", "%3d"))
_MAX_VALUE = 64


@dataclass(frozen=True)
class Resolved:
    """Known conditions that serve a wish.

    Parameters
    ----------
    names
        The most specific ones; together they cover all tags that are known in any of them.
    ignored
        Tags of the wish (``key=value``) that no known condition has.
    """

    names: tuple[str, ...]
    ignored: tuple[str, ...]


def value_of(text: object) -> str | None:
    """Return a tag's value as it is compared: lower case, no spaces around; None if empty.

    >>> value_of(" Drum & Bass "), value_of(""), value_of(float("nan"))
    ('drum & bass', None, None)
    """
    if text is None or text is pd.NA or isinstance(text, float):
        return None
    return str(text).strip().lower()[:_MAX_VALUE] or None


def name_of(tags: Sequence[tuple[str, str]]) -> str:
    """Return the name of tags in the order given.

    >>> name_of([("section", "chorus"), ("heat", "3")])
    'section=chorus&heat=3'
    """
    return "&".join(f"{key}={_escaped(value)}" for key, value in tags)


def tags_of_name(name: str) -> dict[str, str]:
    """Return the tags of a condition's name.

    >>> tags_of_name("section=chorus&heat=3")
    {'section': 'chorus', 'heat': '3'}
    """
    parts = [part.partition("=") for part in name.split("&") if part]
    return {key: _plain(value) for key, _, value in parts}


def parent(name: str) -> str:
    """Return the name without its last tag: what the condition falls back to.

    >>> parent("section=chorus&heat=3"), parent("section=chorus")
    ('section=chorus', '')
    """
    return name.rpartition("&")[0]


def names_of(tags: Mapping[str, str | None]) -> list[str]:
    """Return all names true of a loop with these tags, but for ``""``; sorted.

    >>> names_of({"style": "funk", "fill": "no", "feel": None})
    ['fill=no', 'style=funk', 'style=funk&fill=no']
    """
    known = {key: value for key in KEYS if (value := value_of(tags.get(key))) is not None}
    found = set()
    for path in PATHS:
        for length in range(1, len(path) + 1):
            if all(key in known for key in path[:length]):
                found.add(name_of([(key, known[key]) for key in path[:length]]))
    return sorted(found)


def resolve(wanted: Mapping[str, str | None], known: Collection[str]) -> Resolved:
    """Return the known conditions that serve a wish, the most specific first.

    A name is taken if it has a tag that no more specific name before it has. So the wish for
    section, heat and intensity is served by all three together where they were heard together,
    else by (section, heat) with (section, intensity), else by those of them that are known.

    Parameters
    ----------
    wanted
        Tags; empty values ask for nothing.
    known
        Names of conditions to choose from.
    """
    wish = {key: value for key, text in wanted.items() if (value := value_of(text)) is not None}
    depth = {key: place for place, key in enumerate(KEYS)}
    offered = [name for name in names_of(wish) if name in known]
    offered.sort(key=lambda name: (-len(tags_of_name(name)), _place(name), name))
    covered: set[str] = set()
    chosen = []
    for name in offered:
        if new := set(tags_of_name(name)) - covered:
            covered |= new
            chosen.append(name)
    left = sorted((key for key in wish if key not in covered), key=lambda key: depth.get(key, 99))
    return Resolved(tuple(chosen), tuple(f"{key}={wish[key]}" for key in left))


def tags_of_row(row: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the tags of a row of ``groove_events`` or ``loop_index``, ``is_fill`` as ``fill``."""
    tags = {key: value_of(row.get(key)) for key in KEYS if key != "fill"}
    fill = row.get("is_fill")
    tags["fill"] = None if fill is None or fill is pd.NA else "yes" if fill else "no"
    return tags


def names_by_bar(bars: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return, for each row of ``groove_events``, the names true of it (:func:`names_of`)."""
    columns = [name for name in (*KEYS[:-1], "is_fill") if name in bars.columns]
    known: dict[tuple[Any, ...], tuple[str, ...]] = {}
    listed = []
    for values in zip(*(bars[name].astype(object) for name in columns), strict=True):
        # Missing values of different kinds are not equal to themselves: compared as text.
        key = tuple(map(str, values))
        if key not in known:
            row = dict(zip(columns, values, strict=True))
            known[key] = tuple(names_of(tags_of_row(row)))
        listed.append(known[key])
    return listed


def _place(name: str) -> int:
    return PATHS.index(tuple(tags_of_name(name))) if tuple(tags_of_name(name)) in PATHS else 99


def _escaped(value: str) -> str:
    for plain, written in _ESCAPES:
        value = value.replace(plain, written)
    return value


def _plain(value: str) -> str:
    for plain, written in reversed(_ESCAPES):
        value = value.replace(written, plain)
    return value
