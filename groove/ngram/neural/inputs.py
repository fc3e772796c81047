"""What the network is told about a step before it guesses it, and what it is to guess.

The target of step ``t`` is the set struck on it; what is told stems from steps before ``t`` and
from the bar's form alone. So the target is shifted by one against what is heard: copying the
input is of no use where the next step is another one.

================  ==========================================================================
``heard``         four sets of labels: the step before, the same step one bar earlier, the step
                  after that one, and the same step two bars earlier
``place``         place within the quarter note, the downbeat apart
``position``      step within the bar of this meter and grid
``tags``          tags of the loop, as ``style=funk``
================  ==========================================================================

What belongs here: arrays from rows of ``groove_events``. What does not: batches
(:mod:`groove.ngram.neural.batches`), the network (:mod:`groove.ngram.neural.network`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.corpus.conditions import names_by_bar
from groove.ngram.language.context import (
    Events,
    Ints,
    events_of_bars,
    place_feature,
    position_feature,
)

#: Sets of labels that are heard: see above.
HEARD = 4


@dataclass(frozen=True)
class Vocabulary:
    """What was met in training; what was not has number 0, and nothing known of it.

    Parameters
    ----------
    labels
        Names of the labels, by bit.
    symbols
        ``int64[k]``, sorted: sets of labels, the outcomes that have a probability of their own.
    places, positions
        Sorted features of :mod:`groove.ngram.language.context`; numbered from 1.
    tags
        Names of single tags, sorted.
    """

    labels: tuple[str, ...]
    symbols: Ints
    places: Ints
    positions: Ints
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Steps:
    """Steps of loops, ready for the network; one entry per step unless said otherwise.

    Parameters
    ----------
    heard
        ``int64[steps, HEARD]``: set of labels plus 1; 0 where there is no such step.
    place, position
        Numbers in the vocabulary.
    tags
        ``float32[bars, tags]``: 1 where a tag is true.
    bar
        Row of ``tags``.
    target
        Number of the symbol among the known ones, -1 if it is not.
    symbol
        Set of labels.
    offsets
        ``int64[loops + 1]``: where each loop starts; the last closes the last loop.
    """

    heard: Ints
    place: Ints
    position: Ints
    tags: NDArray[np.float32]
    bar: Ints
    target: Ints
    symbol: Ints
    offsets: Ints

    def __len__(self) -> int:
        return len(self.symbol)


def vocabulary_of(bars: pd.DataFrame, labels: Sequence[str]) -> Vocabulary:
    """Return what rows of ``groove_events`` have."""
    events = events_of_bars(bars)
    form = (events.step, events.resolution, events.numerator, events.denominator)
    return Vocabulary(
        labels=tuple(labels),
        symbols=np.unique(events.symbol),
        places=np.unique(place_feature(events.step, events.resolution)),
        positions=np.unique(position_feature(*form)),
        tags=tuple(sorted({tag for row in _tags_by_bar(bars) for tag in row})),
    )


def steps_of(bars: pd.DataFrame, vocabulary: Vocabulary) -> Steps:
    """Return the steps of rows of ``groove_events``, which are in order of key and bar."""
    events = events_of_bars(bars)
    form = (events.step, events.resolution, events.numerator, events.denominator)
    first = np.diff(events.loop_start, prepend=-1) != 0
    return Steps(
        heard=heard_of(events),
        place=number_of(vocabulary.places, place_feature(events.step, events.resolution)),
        position=number_of(vocabulary.positions, position_feature(*form)),
        tags=tags_of(_tags_by_bar(bars), vocabulary.tags),
        bar=events.bar,
        target=number_of(vocabulary.symbols, events.symbol) - 1,
        symbol=events.symbol,
        offsets=np.append(np.flatnonzero(first), len(events)),
    )


def heard_of(events: Events) -> Ints:
    """Return the sets heard before each step, ``int64[steps, HEARD]``; see :class:`Steps`."""
    index = np.arange(len(events))
    before = events.previous_bar
    known = before >= 0
    two = np.where(known, before[np.maximum(before, 0)], -1) if len(events) else before
    columns = (
        (index - 1, index > events.loop_start),
        (before + events.step, known),
        (before + events.step + 1, known & (events.step + 1 < events.steps)),
        (two + events.step, two >= 0),
    )
    found = [np.where(ok, events.symbol[np.where(ok, at, 0)] + 1, 0) for at, ok in columns]
    return np.stack(found, axis=1)


def number_of(known: Ints, values: Ints) -> Ints:
    """Return the place of each value among sorted known ones, counted from 1; 0 if not known."""
    if not len(known):
        return np.zeros(len(values), dtype=np.int64)
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[at] == values, at + 1, 0)


def tags_of(rows: Sequence[Sequence[str]], known: Sequence[str]) -> NDArray[np.float32]:
    """Return which known tags are in each row, ``float32[rows, max(1, known)]``."""
    number = {name: index for index, name in enumerate(known)}
    table = np.zeros((len(rows), max(1, len(known))), dtype=np.float32)
    for row, names in zip(table, rows, strict=True):
        row[[number[name] for name in names if name in number]] = 1.0
    return table


def rare(symbols: Ints, bars: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which symbols are heard in one group of loops (``split_group``) only.

    How often such symbols come in training is how often new ones will come later (Good 1953).
    """
    events = events_of_bars(bars)
    group = pd.factorize(bars["split_group"])[0][events.bar]
    number = np.searchsorted(symbols, events.symbol)
    pairs = np.unique(np.stack([number, group], axis=1), axis=0)
    return np.asarray(np.bincount(pairs[:, 0], minlength=len(symbols)) < 2)


def _tags_by_bar(bars: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the single tags true of each bar: conditions of more than one are sums of them."""
    return [tuple(name for name in row if "&" not in name) for row in names_by_bar(bars)]
