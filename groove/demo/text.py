"""Reading the demo corpus's text: YAML in, checked models out, errors that can be found.

What belongs here: parsing and the naming of file, line and entry in every complaint. What does
not: what a groove or a song is (:mod:`groove.demo.patterns`, :mod:`groove.demo.songs`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

Model = TypeVar("Model", bound=BaseModel)


class DemoError(ValueError):
    """The corpus's text is wrong; the message names file, line and entry."""


class Entry(BaseModel):
    """Base of everything that is written in the corpus: frozen, unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def parse(model: type[Model], text: str, file: str) -> Model:
    """Return ``text`` as a checked ``model``.

    Raises
    ------
    DemoError
        If the text is no YAML, or doesn't fit; the message starts with ``file:line: entry:``.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise DemoError(f"{file}:{line}: not YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(content, dict):
        raise DemoError(f"{file}:1: a mapping is expected, not {type(content).__name__}")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise DemoError("; ".join(_complaints(error, text, file))) from error


def _complaints(error: ValidationError, text: str, file: str) -> list[str]:
    lines = []
    for item in error.errors(include_url=False):
        path = [part for part in item["loc"] if part != "[key]"]
        message = item["msg"].removeprefix("Value error, ")
        lines.append(f"{file}:{line_of(text, path)}: {'.'.join(map(str, path))}: {message}")
    return lines


def line_of(text: str, path: Sequence[Any]) -> int:
    r"""Return the line (from 1) of the entry at ``path``, or of its nearest parent.

    >>> line_of("a:\n  b: 1\n  c: 2\n", ["a", "c"])
    3
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
