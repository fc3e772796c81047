"""How much of a drawn groove stands verbatim in the training loops.

What belongs here: the longest run of steps that a sample and a loop share. What does not: what
is too much (:mod:`groove.ngram.quality`).

A run is a stretch of consecutive steps with the same sets of labels, bar lines ignored; runs do
not reach from one loop into the next. Velocity and timing take no part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.language.context import Ints, events_of_bars

_GAP = -1


@dataclass(frozen=True)
class Corpus:
    """Training loops, one after the other with a gap between.

    Parameters
    ----------
    symbols
        Sets of labels, -1 in the gaps.
    bar
        Row of the table of bars that each step is from, -1 in the gaps.
    """

    symbols: NDArray[np.int32]
    bar: Ints


@dataclass(frozen=True)
class Run:
    """The longest verbatim run: its length in steps, and the row of the bar where it ends."""

    steps: int
    bar: int


def corpus_of(bars: pd.DataFrame) -> Corpus:
    """Return rows of ``groove_events`` ready to be searched."""
    events = events_of_bars(bars)
    starts = np.unique(events.loop_start)
    return Corpus(
        np.insert(events.symbol, starts, _GAP).astype(np.int32),
        np.insert(events.bar, starts, _GAP),
    )


def longest_run(symbols: Ints, corpus: Corpus) -> Run:
    """Return the longest run of ``symbols`` that stands in the corpus; the first of equals."""
    run = np.zeros(len(corpus.symbols), dtype=np.int32)
    best, at = 0, -1
    for symbol in symbols:
        # The run that ends here is one longer than the one that ended a step earlier.
        run[1:] = run[:-1] + 1
        run[0] = 1
        run *= corpus.symbols == symbol
        if len(run) and int(run.max()) > best:
            at = int(run.argmax())
            best = int(run[at])
    return Run(best, int(corpus.bar[at]) if at >= 0 else -1)
