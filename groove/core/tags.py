"""Tags: what side-cars, file names and manifests say about a raw file.

What belongs here: parsing them into plain values, and which one wins. What does not: finding
these files (:mod:`resources.sources`) and what a tag means for a model.

Conventions
-----------
* A side-car is ``<stem>.meta.yaml`` beside the file: a YAML mapping. Known names are in
  :data:`KNOWN`; every other one is kept as it is.
* A file name carries tags as ``__key-value_``: ``take__style-lofi_feel-lazy_02.mid`` has only
  the first (one underscore does not start a tag), ``take__style-lofi__feel-lazy.mid`` both.
* A tempo stands before ``bpm``: ``amen_136.5bpm``, ``Break 90 BPM``.
* A fill has the word ``fill`` in its name: ``rock_fill_2``, ``BalladFillA``, but not ``filler``.
* Side-cars come from strangers: size and depth are limited; YAML aliases (which unfold to
  gigabytes), tags (which name types) and a key given twice (of which one would be lost) are
  refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import yaml

MAX_SIDECAR_BYTES = 262_144
MAX_DEPTH = 12

#: Tags with a column of their own in ``raw_files``.
KNOWN = ("source", "license", "group", "label", "style", "feel", "section", "is_fill")

# libyaml's loader is ten times faster; where PyYAML was built without it, its own will do.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SPELLINGS = {"licence": "license", "fill": "is_fill"}
_IN_NAME = re.compile(r"__([A-Za-z][A-Za-z0-9]*)-([^_/]+)(?=_|$)")
_FILL = re.compile(r"(?<![a-z])fills?(?![a-z])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BPM = re.compile(r"(?<![0-9.])([0-9]{2,3}(?:\.[0-9]{1,3})?)[ _-]?bpm(?![a-z])", re.IGNORECASE)
_YES = frozenset({"1", "true", "yes", "y", "fill"})
_NO = frozenset({"0", "false", "no", "n", "beat", "none", ""})


class TagsError(ValueError):
    """A side-car that cannot be read; the message says why."""


def load_yaml(data: bytes, max_bytes: int = MAX_SIDECAR_BYTES) -> Any:
    """Return a small YAML document as plain values.

    Raises
    ------
    TagsError
        Too large, not UTF-8, not YAML, with aliases, tags or a key given twice, or nested too
        deeply.
    """
    if len(data) > max_bytes:
        raise TagsError(f"{len(data):,} bytes; at most {max_bytes:,} are read")
    try:
        text = data.decode("utf-8-sig")
        _refuse_unsafe(text)
        _refuse_twice(yaml.compose(text, Loader=_LOADER))
        return yaml.load(text, Loader=_LOADER)  # noqa: S506  # one of the two safe loaders
    except UnicodeDecodeError as error:
        raise TagsError("not UTF-8 text") from error
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f" in line {place.line + 1}" if place else ""
        raise TagsError(
            f"not YAML: {getattr(error, 'problem', None) or 'damaged'}{line}"
        ) from error
    except ValueError as error:
        if isinstance(error, TagsError):
            raise
        raise TagsError(f"a value cannot be read: {error}") from error


def _refuse_unsafe(text: str) -> None:
    """Walk over a document's events before anything is built of them."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.events.AliasEvent):
            raise TagsError("YAML aliases are not allowed here: write the value out")
        if (tag := getattr(event, "tag", None)) is not None:
            raise TagsError(f"not YAML that is read here: tag {tag}; write a plain value")
        if isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise TagsError(f"nested deeper than {MAX_DEPTH} levels")


def _refuse_twice(node: yaml.Node | None) -> None:
    """Refuse a mapping with a key given twice, anywhere below a node."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twice(item)
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                line = key.start_mark.line + 1
                raise TagsError(f"key {name!r} is given twice, again in line {line}")
            seen.add(name)
            _refuse_twice(value)


def sidecar(data: bytes) -> dict[str, Any]:
    """Return the tags of a side-car, under their names in ``raw_files``.

    Raises
    ------
    TagsError
        As :func:`load_yaml`, and when the document is no mapping.
    """
    found = load_yaml(data)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise TagsError(f"a mapping is expected (style: funk), this is a {type(found).__name__}")
    return normalised(found)


def of_name(stem: str) -> dict[str, Any]:
    """Return the tags that a file's stem carries; ``is_fill`` only where it says ``fill``.

    >>> of_name("take__style-lofi__feel-lazy_fill_02")
    {'style': 'lofi', 'feel': 'lazy', 'is_fill': True}
    >>> of_name("BalladFillA"), of_name("Filler"), of_name("amen_136.5bpm")
    ({'is_fill': True}, {}, {'bpm': '136.5'})
    """
    found = normalised({key.lower(): value for key, value in _IN_NAME.findall(stem)})
    if "is_fill" not in found and _FILL.search(_CAMEL.sub(" ", stem).lower()):
        found["is_fill"] = True
    if "bpm" not in found and (tempo := _BPM.search(stem)) is not None:
        found["bpm"] = tempo[1]
    return found


def normalised(tags: Mapping[Any, Any]) -> dict[str, Any]:
    """Return tags with one spelling per name, without empty values.

    A known tag is text (a number becomes its digits); ``is_fill`` is a boolean, left out where
    its value is not understood.
    """
    found: dict[str, Any] = {}
    for key, value in tags.items():
        name = _SPELLINGS.get(str(key).strip(), str(key).strip())
        if not name or value is None or (isinstance(value, str) and not value.strip()):
            continue
        if name == "is_fill":
            if (fill := _truth(value)) is not None:
                found[name] = fill
        elif name in KNOWN:
            if not isinstance(value, Mapping | list):
                found[name] = str(value).strip()
        else:
            found[name] = value.strip() if isinstance(value, str) else value
    return found


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Return one mapping; an earlier layer wins over a later one."""
    result: dict[str, Any] = {}
    for layer in reversed(layers):
        result.update(layer)
    return result


def to_json(tags: Mapping[str, Any]) -> str:
    """Return tags as JSON in which equal tags have one spelling."""
    return json.dumps(_plain(tags), sort_keys=True, ensure_ascii=False, allow_nan=False)


def _truth(value: Any) -> bool | None:
    text = str(value).strip().lower()
    if text in _YES:
        return True
    return False if text in _NO else None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
