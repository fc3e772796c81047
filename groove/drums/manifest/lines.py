"""JSON lines of any origin, in bounded memory: each is an object, or refused with its number.

What belongs here: bytes to parsed lines. What does not: what a line must say
(:mod:`groove.drums.manifest.schema`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from groove.drums.manifest.schema import ManifestError

_SKIP_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class LineLimits:
    """What a file may ask of memory and patience before it is refused."""

    max_line_bytes: int = 1_000_000
    max_file_bytes: int = 2_000_000_000


def numbered_lines(
    file: BinaryIO, limits: LineLimits | None = None
) -> Iterator[tuple[int, bytes | ManifestError]]:
    """Yield (number from 1, line) of a binary file; empty lines are left out.

    A line that is too long comes as the error that it is. The rest of it is skipped in pieces, so
    that no line, however long, is ever held.

    Raises
    ------
    ManifestError
        If the file goes on beyond its limit.
    """
    limits = limits or LineLimits()
    number, total = 0, 0
    while piece := file.readline(limits.max_line_bytes + 1):
        number += 1
        total += len(piece)
        line: bytes | ManifestError = piece
        if len(piece) > limits.max_line_bytes and not piece.endswith(b"\n"):
            line = ManifestError(f"longer than {limits.max_line_bytes:,} bytes", number)
            while piece and not piece.endswith(b"\n") and total <= limits.max_file_bytes:
                piece = file.readline(_SKIP_BYTES)
                total += len(piece)
        if total > limits.max_file_bytes:
            raise ManifestError(
                f"the manifest is over {limits.max_file_bytes:,} bytes; split it", number
            )
        if isinstance(line, ManifestError):
            yield number, line
        elif stripped := (line.removeprefix(_BOM) if number == 1 else line).strip():
            yield number, stripped


def parse_line(line: bytes, number: int | None = None) -> dict[str, Any]:
    """Return the object of a line.

    Raises
    ------
    ManifestError
        Not UTF-8, not JSON, not an object, a key twice, a number that is not finite.
    """
    try:
        found = _DECODER.decode(line.decode("utf-8"))
        if b"\\u" in line:
            # Half of a pair of escapes is JSON, but no text that could be written again.
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise ManifestError("not UTF-8 text", number) from error
    except RecursionError as error:
        raise ManifestError("nested far too deep", number) from error
    except json.JSONDecodeError as error:
        raise ManifestError(f"not JSON: {error.msg} at character {error.colno}", number) from error
    except ValueError as error:
        raise ManifestError(str(error), number) from error
    if not isinstance(found, dict):
        raise ManifestError("a line holds one object: {...}", number)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:60]!r} is given twice")
    return made


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is no finite number")
    return value


def _constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON number; leave the field out where nothing is known")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_constant=_constant
)
