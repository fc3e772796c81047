"""Ways of playing: the catalogue of techniques, and what a name in a manifest means.

``techniques.json`` beside this module is the catalogue. Another one may be given as JSON of the
same form, or as plain text of the older form: one technique a line, under category headings or
without any.

What belongs here: reading a catalogue and looking names up. What does not: finding techniques in
what was played (:mod:`groove.drums.manifest.annotate`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

#: Techniques that :mod:`groove.drums.manifest.annotate` finds from notes alone.
INFERRED = (
    "drag",
    "flam",
    "ghost_note",
    "hihat_bark",
    "metric_modulation",
    "multi_cymbal_same_class",
    "variable_meter",
)

MAX_BYTES = 4_000_000
_MAX_LINE = 400
_HEADING = re.compile(r"^(?:#+\s*(?P<hash>.+?)|\[(?P<box>.+?)\]|=+\s*(?P<bar>.+?)\s*=+)\s*$")
_BULLET = re.compile(r"^(?:[-*•+]|\d{1,3}[.)])\s+")
_ABOUT = re.compile(r"\s+[-–—:]\s+|:\s+")
_WORDS = re.compile(r"[^a-z0-9]+")


class TechniqueError(ValueError):
    """A catalogue that cannot be used. The message names the file and the place."""


class Technique(BaseModel):
    """One way of playing.

    Parameters
    ----------
    name
        How manifests spell it: small letters, digits and underscores.
    category
        What it is a technique of: ``stroke``, ``hihat`` …
    priority
        How much it matters that data covers it.
    aliases, keywords
        Other whole names; words to search by.
    description
        What the player does, or what is heard.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9]+(?:_[a-z0-9]+)*$", max_length=64)
    category: str = Field("other", min_length=1, max_length=64)
    priority: Literal["high", "medium", "low"] = "medium"
    aliases: list[str] = []
    keywords: list[str] = []
    description: str = Field("", max_length=1000)


class Catalogue(BaseModel):
    """Techniques, each name and alias meaning one of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = Field(1, alias="schema")
    about: str = ""
    techniques: list[Technique]

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        owner: dict[str, str] = {}
        for technique in self.techniques:
            for name in dict.fromkeys(map(_plain, (technique.name, *technique.aliases))):
                if owner.setdefault(name, technique.name) != technique.name or not name:
                    raise ValueError(f"{name!r} means both {owner[name]} and {technique.name}")
        names = [technique.name for technique in self.techniques]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"{twice!r} is listed twice")
        return self

    @cached_property
    def _names(self) -> dict[str, str]:
        return {
            _plain(name): technique.name
            for technique in self.techniques
            for name in (technique.name, *technique.aliases)
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Every technique's name, in the catalogue's order."""
        return tuple(technique.name for technique in self.techniques)

    def resolve(self, name: str) -> str | None:
        """Return the technique that a name or alias means, in any spelling, or None.

        >>> catalogue().resolve("Hi-Hat Bark")
        'hihat_bark'
        """
        return self._names.get(_plain(name))

    def search(self, words: str) -> list[Technique]:
        """Return the techniques in whose names or keywords every one of ``words`` occurs."""
        wanted = _plain(words).split()
        found = []
        for technique in self.techniques:
            fields = (technique.name, technique.category, *technique.aliases, *technique.keywords)
            text = _plain(" ".join(fields))
            if wanted and all(word in text for word in wanted):
                found.append(technique)
        return found

    def of(self, priority: str = "", category: str = "") -> list[Technique]:
        """Return the techniques of a priority and category; an empty one is any."""
        return [
            technique
            for technique in self.techniques
            if priority in ("", technique.priority) and category in ("", technique.category)
        ]


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return the catalogue that comes with the package."""
    text = resources.files("groove.drums").joinpath("techniques.json").read_text(encoding="utf-8")
    return parse_catalogue(text, "techniques.json")


def load_catalogue(path: Path | None = None, legacy: Path | None = None) -> Catalogue:
    """Return a catalogue from a file.

    Parameters
    ----------
    path
        JSON of :class:`Catalogue`'s form. It counts where it exists.
    legacy
        Plain text, read where ``path`` is not given or missing. With neither, the package's own.

    Raises
    ------
    TechniqueError
        If the file that counts is missing or not a catalogue.
    """
    if path is not None and (path.exists() or legacy is None):
        return parse_catalogue(_text(path), str(path))
    if legacy is not None:
        return parse_legacy(_text(legacy).splitlines(), str(legacy))
    return catalogue()


def parse_catalogue(text: str, name: str = "catalogue") -> Catalogue:
    """Return the catalogue in a JSON text.

    Raises
    ------
    TechniqueError
        If it is none; ``name`` says which file.
    """
    try:
        return Catalogue.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "catalogue"
        raise TechniqueError(f"{name}: {place}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise TechniqueError(f"{name}: not JSON: {error}") from error


def parse_legacy(lines: Iterable[str], name: str = "list") -> Catalogue:
    """Return the catalogue in plain text: a technique a line, optional category headings.

    A heading is a line that ends with a colon, or is set as ``# Heading``, ``[Heading]`` or
    ``== Heading ==``. Bullets and numbers before a technique are dropped; what follows a dash or
    a colon describes it. A technique that comes again is the same one; one that the package's
    catalogue has by any name is that one.

    Raises
    ------
    TechniqueError
        If a line is far too long to be a name, or there is no technique at all.
    """
    category = "other"
    found: dict[str, Technique] = {}
    for number, raw in enumerate(lines, 1):
        line = raw.strip().lstrip("\ufeff")
        if len(line) > _MAX_LINE:
            raise TechniqueError(f"{name}, line {number}: {len(line)} characters in one name")
        if not line or line.startswith("//"):
            continue
        heading = _HEADING.match(line)
        if heading or line.endswith(":"):
            given = next(filter(None, heading.groups())) if heading else line
            category = _plain(given).replace(" ", "_")[:64] or "other"
            continue
        title, _, about = _parted(_BULLET.sub("", line))
        slug = _plain(title).replace(" ", "_")[:64].strip("_")
        known = catalogue().resolve(title)
        if known and known not in found:
            found[known] = next(t for t in catalogue().techniques if t.name == known)
        elif slug and not known and slug not in found:
            found[slug] = Technique(name=slug, category=category, description=about[:1000])
    if not found:
        raise TechniqueError(f"{name}: holds no technique; write one on each line")
    return Catalogue(techniques=list(found.values()))


def _parted(line: str) -> tuple[str, str, str]:
    dash = _ABOUT.search(line)
    return (line[: dash.start()], dash[0], line[dash.end() :]) if dash else (line, "", "")


def _plain(name: str) -> str:
    return _WORDS.sub(" ", name.lower()).strip()


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TechniqueError(f"{path}: over {MAX_BYTES // 1_000_000} MB, so no catalogue")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TechniqueError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise TechniqueError(f"{path}: not UTF-8 text") from error
