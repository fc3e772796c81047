"""The vocabulary: 316 tokens, their numbers and their names.

::

    0..3      PAD BOS EOS UNK
    4..131    NOTE_ON_<pitch>
    132..259  NOTE_OFF_<pitch>
    260..291  TIME_SHIFT_<steps>    32 of them
    292..299  VELOCITY_<bin>        8 bins, 16 wide
    300..315  DURATION_<steps>      16 of them

The numbers are the same for every spec, so that models over different grids have the same
shape; what a TIME_SHIFT or DURATION is worth is in the spec.

What belongs here: what a token is. What does not: how notes become tokens
(:mod:`groove.sequence.tokens`).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.sequence.spec import DURATION_TOKENS, SHIFT_TOKENS, VELOCITY_TOKENS, TokenSpec

Ints = NDArray[np.int64]

PAD, BOS, EOS, UNK = range(4)
NOTE_ON = 4
NOTE_OFF = NOTE_ON + 128
TIME_SHIFT = NOTE_OFF + 128
VELOCITY = TIME_SHIFT + SHIFT_TOKENS
DURATION = VELOCITY + VELOCITY_TOKENS
SIZE = DURATION + DURATION_TOKENS

#: Token families in the order of their numbers, and the first number of each.
KINDS = ("SPECIAL", "NOTE_ON", "NOTE_OFF", "TIME_SHIFT", "VELOCITY", "DURATION")
_FIRST = np.array([0, NOTE_ON, NOTE_OFF, TIME_SHIFT, VELOCITY, DURATION])

#: Kind (an index into :data:`KINDS`) of each token.
KIND: Ints = (np.searchsorted(_FIRST, np.arange(SIZE), side="right") - 1).astype(np.int64)

#: Width of a velocity bin; a bin stands for its middle, so no velocity is off by more than 8.
VELOCITY_WIDTH = 128 // VELOCITY_TOKENS


class VocabularyError(ValueError):
    """A vocabulary that cannot be used here. The message says why."""


def shift_values(spec: TokenSpec) -> Ints:
    """Return the grid steps that each token moves time by: 0 unless it is a TIME_SHIFT."""
    values = np.zeros(SIZE, dtype=np.int64)
    values[TIME_SHIFT:VELOCITY] = spec.shift_steps
    return values


def duration_values(spec: TokenSpec) -> Ints:
    """Return the grid steps that each token adds to a note: 0 unless it is a DURATION."""
    values = np.zeros(SIZE, dtype=np.int64)
    values[DURATION:SIZE] = spec.duration_steps
    return values


def names(spec: TokenSpec) -> list[str]:
    """Return the 316 token names in order.

    >>> names(TokenSpec())[60 + NOTE_ON], names(TokenSpec())[TIME_SHIFT + 31]
    ('NOTE_ON_60', 'TIME_SHIFT_96')
    """
    return [
        *("PAD", "BOS", "EOS", "UNK"),
        *(f"NOTE_ON_{pitch}" for pitch in range(128)),
        *(f"NOTE_OFF_{pitch}" for pitch in range(128)),
        *(f"TIME_SHIFT_{steps}" for steps in spec.shift_steps),
        *(f"VELOCITY_{number}" for number in range(VELOCITY_TOKENS)),
        *(f"DURATION_{steps}" for steps in spec.duration_steps),
    ]


def to_json(spec: TokenSpec) -> str:
    """Return the vocabulary as JSON: the spec, from which all names follow."""
    return json.dumps({"size": SIZE, **spec.model_dump()}, sort_keys=True)


def from_json(text: str) -> TokenSpec:
    """Return the spec of a vocabulary that :func:`to_json` wrote.

    Raises
    ------
    VocabularyError
        If it is not one, or one of another size.
    """
    try:
        values: dict[str, Any] = json.loads(text)
        size = values.pop("size")
        spec = TokenSpec(**values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise VocabularyError(f"not a token vocabulary: {error}") from error
    if size != SIZE:
        raise VocabularyError(f"a vocabulary of {size} tokens, not {SIZE}: encode the songs again")
    return spec
