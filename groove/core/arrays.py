"""Arrays in the blob store: NumPy files that are mapped into memory, not read.

What belongs here: plain numbers as npy bytes, and back. What does not: what they mean.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.core.store import Store


class ArrayError(ValueError):
    """A blob that holds no plain array; the message says which."""


def npy(array: NDArray[Any]) -> bytes:
    """Return an array as a NumPy file."""
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def mapped(store: Store, blob: str) -> NDArray[Any]:
    """Return an array that :func:`npy` wrote, read-only; nothing of it is read yet.

    Raises
    ------
    ArrayError
        If the blob is no such array.
    """
    view = store.view(blob)
    head = io.BytesIO(bytes(view[:256]))
    try:
        version = np.lib.format.read_magic(head)
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(head)
        plain = version == (1, 0) and not fortran and not dtype.hasobject
        data = np.frombuffer(
            view, dtype=dtype if plain else np.uint8, offset=head.tell(), count=math.prod(shape)
        )
    except ValueError as error:
        raise ArrayError(f"{blob} is damaged: delete it and run its stage again") from error
    if not plain:
        raise ArrayError(f"{blob} holds no plain array of numbers")
    array: NDArray[Any] = data.reshape(shape)
    return array
