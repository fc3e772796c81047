"""Bars as one hit at a time on 16 steps: the yardstick that grooves of any model are held to.

Reference language models see a groove as a sequence of tokens, one per hit: ``step * 13 +
label``, in order of step and then of label, one sequence per loop. Two hits that fall on one
token are one. An empty step has no token and a bar line has none either: a bar ends where the
step turns back. So the sequence says a little less than the bars do (an empty bar leaves no
trace); whoever predicts whole bars pays for that too.

The 13 labels are the taxonomy's 16 with what one pad or one stroke tells apart put together:
``rimshot`` is a ``snare``; ``splash`` and ``china`` are a ``crash``.

Only bars of 4/4 take part. Bars on another grid are put on 16 steps, each of their steps on the
nearest one and on the earlier of two (the triplet's second eighth on step 1, its third on step
3), so every model is asked about the same sets on the same steps. Micro-timing plays no part.

What belongs here: bars to tokens, labels to the 13. What does not: what predicts them
(:mod:`groove.ngram.judge.reference`, :mod:`groove.ngram.judge.likelihood`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from groove.midi.taxonomy import LABELS
from groove.ngram.language.context import Ints, events_of_bars

STEPS = 16
_PER_QUARTER = 4
_JOINED: Mapping[str, str] = {"rimshot": "snare", "splash": "crash", "china": "crash"}
#: The labels of a token.
COARSE = tuple(label for label in LABELS if label not in _JOINED)
VOCABULARY = STEPS * len(COARSE)


@dataclass(frozen=True)
class Tokens:
    """Loops as tokens, one after the other.

    Parameters
    ----------
    token
        ``int64[tokens]``: ``step * 13 + label``.
    start
        ``int64[tokens]``: index of the first token of the same loop.
    bars
        How many bars they were made from, silent ones too.
    """

    token: Ints
    start: Ints
    bars: int

    def __len__(self) -> int:
        return len(self.token)


def coarse_of(labels: Sequence[str]) -> Ints | None:
    """Return the place among the 13 of each label; ``None`` if one is no drum label.

    >>> coarse_of(["kick", "rimshot", "conga"]) is None
    True
    """
    if not set(labels) <= set(LABELS):
        return None
    return np.array([COARSE.index(_JOINED.get(name, name)) for name in labels], dtype=np.int64)


def projected(symbol: Ints, coarse: Ints) -> Ints:
    """Return each set of labels as a set of the 13 (bit ``i`` for ``COARSE[i]``)."""
    found = np.zeros_like(symbol)
    for bit, place in enumerate(coarse.tolist()):
        found |= (symbol >> bit & 1) << place
    return found


def on_sixteenths(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the 4/4 bars of rows of ``groove_events``, all on 16 steps.

    Bars keep their order and tags. Only ``symbols``, ``steps`` and ``resolution`` are those of
    the new grid; columns of hits are left out.
    """
    whole = (
        (bars["numerator"] == 4)
        & (bars["denominator"] == 4)
        & (bars["steps"] == 4 * bars["resolution"])
    )
    hits = [name for name in bars.columns if str(name).startswith("hit_")]
    chosen = bars[whole].drop(columns=hits).reset_index(drop=True)
    events = events_of_bars(chosen)
    step = np.ceil(events.step * _PER_QUARTER / events.resolution - 0.5).astype(np.int64)
    symbols = np.zeros((len(chosen), STEPS), dtype=np.int64)
    np.bitwise_or.at(symbols, (events.bar, step), events.symbol)
    return chosen.assign(resolution=_PER_QUARTER, steps=STEPS, symbols=list(symbols))


def tokens_of(bars: pd.DataFrame, coarse: Ints) -> Tokens:
    """Return bars of :func:`on_sixteenths` as tokens.

    Parameters
    ----------
    bars
        In order of key and bar.
    coarse
        Of :func:`coarse_of`, for the labels that the bars' symbols are made of.
    """
    events = events_of_bars(bars)
    sets = projected(events.symbol, coarse)
    at, label = np.nonzero(sets[:, None] >> np.arange(len(COARSE)) & 1)
    loop = events.loop_start[at]
    fresh = np.append(True, loop[1:] != loop[:-1])[: len(loop)]
    start = np.maximum.accumulate(np.where(fresh, np.arange(len(loop)), 0)) if len(loop) else loop
    return Tokens(events.step[at] * len(COARSE) + label, start, len(bars))
