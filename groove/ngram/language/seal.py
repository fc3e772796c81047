"""The hash inside a file over the rest of it: damage is noticed before anything is parsed.

A decoder of compressed columns is no place to find out that bytes have changed: some changes end
it and the process with it. So a model file carries, in its metadata, the SHA-256 of all of its
bytes, taken with zeros in the place of the hash.

What belongs here: putting the hash in and checking it. What does not: what a file that is intact
may contain (:mod:`groove.ngram.language.checks`).
"""

from __future__ import annotations

import hashlib

from groove.core.models import ModelError

_MARK = b"groove-model:sha256:"
_DIGITS = 64

#: What to write into the file where the hash goes.
BLANK = (_MARK + b"0" * _DIGITS).decode()


def sealed(data: bytes) -> bytes:
    """Return a file that has :data:`BLANK` in it with its hash in place."""
    at = _place(data)
    return data[:at] + hashlib.sha256(data).hexdigest().encode() + data[at + _DIGITS :]


def check(data: bytes) -> None:
    """Refuse a file that is not as it was sealed.

    Raises
    ------
    ModelError
        If there is no hash, or another one.
    """
    at = _place(data)
    stated = data[at : at + _DIGITS]
    blank = hashlib.sha256(data[:at])
    blank.update(b"0" * _DIGITS)
    blank.update(memoryview(data)[at + _DIGITS :])
    if stated != blank.hexdigest().encode():
        raise ModelError(
            "a groove model file that is damaged or was changed: it does not have the hash it states"
        )


def _place(data: bytes) -> int:
    at = data.rfind(_MARK)
    if at < 0 or data.find(_MARK) != at or at + len(_MARK) + _DIGITS > len(data):
        raise ModelError("not a groove model file: there is no hash in it")
    return at + len(_MARK)
