"""Many songs as one stream of tokens, with the place in the bar after each.

The place in the bar is what a musician knows and a token does not say: it is the running
sum of TIME_SHIFTs, held against the bar starts of the song. It is known before the next
token is, so that models may use it.

Conventions
-----------
* A target is every token but each song's BOS. Its inputs are all tokens before it, and the
  slot after the last of them. Every model is measured on exactly these.
* A slot is an eighth of a quarter note (a thirty-second note); the nearest one counts, so a
  note played a little early belongs to its bar. Slots stop at 63: bars longer than eight
  quarters share the last one.

What belongs here: corpus rows to arrays. What does not: training windows
(:mod:`groove.sequence.windows`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from groove.sequence.spec import TokenSpec
from groove.sequence.vocabulary import Ints, from_json, shift_values

SLOTS = 64
SLOTS_PER_QUARTER = 8


class CorpusError(ValueError):
    """A corpus that nothing can be learnt from or measured on. The message says why."""


@dataclass(frozen=True)
class Stream:
    """Songs, one after the other.

    Attributes
    ----------
    tokens, slots
        int64 (n,): token numbers, and the slot in the bar (0..63) once each has sounded.
    offsets
        int64 (songs + 1,): where each song begins; the last is n.
    """

    tokens: Ints
    slots: Ints
    offsets: Ints

    @property
    def targets(self) -> Ints:
        """Places of the tokens that are predicted: all but the first of each song."""
        predicted = np.ones(len(self.tokens), dtype=np.bool_)
        predicted[self.offsets[:-1]] = False
        return np.flatnonzero(predicted).astype(np.int64)

    @property
    def beginnings(self) -> Ints:
        """For each token, where its song begins."""
        return np.repeat(self.offsets[:-1], np.diff(self.offsets))


def vocabulary_of(corpus: pd.DataFrame) -> TokenSpec:
    """Return the one vocabulary of a corpus.

    Raises
    ------
    CorpusError
        If there is none, or more than one.
    """
    found = sorted(set(corpus["vocabulary_json"]))
    if len(found) != 1:
        raise CorpusError(f"the corpus has {len(found)} vocabularies, one is needed: encode anew")
    return from_json(found[0])


def stream_of(corpus: pd.DataFrame, split: str) -> Stream:
    """Return the songs of one split, in table order.

    Raises
    ------
    CorpusError
        If the split has no song.
    """
    rows = corpus[corpus["split"] == split]
    if not len(rows):
        raise CorpusError(f"the corpus has no song in split {split!r}: add songs")
    spec = vocabulary_of(rows)
    tokens, offsets = _joined(rows["tokens"])
    bars, bar_offsets = _joined(rows["bar_steps"])
    return Stream(tokens, _slots(tokens, offsets, bars, bar_offsets, spec), offsets)


def _joined(lists: pd.Series[Any]) -> tuple[Ints, Ints]:
    arrays = [np.asarray(values, dtype=np.int64) for values in lists]
    ends = np.cumsum([len(values) for values in arrays])
    return np.concatenate(arrays), np.concatenate([[0], ends]).astype(np.int64)


def _slots(tokens: Ints, offsets: Ints, bars: Ints, bar_offsets: Ints, spec: TokenSpec) -> Ints:
    song = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    bar_song = np.repeat(np.arange(len(offsets) - 1), np.diff(bar_offsets))
    shift = shift_values(spec)[tokens]
    total = np.cumsum(shift)
    time = total - (total - shift)[offsets[:-1]][song]
    # Slots are counted in units of 1 / (steps_per_quarter * SLOTS_PER_QUARTER) quarter, so
    # that half a slot is a whole number whatever the grid.
    fine = time * SLOTS_PER_QUARTER * 2 + spec.steps_per_quarter
    starts = bars * SLOTS_PER_QUARTER * 2
    # One search for all songs: each has a number range of its own.
    apart = np.int64(max(int(fine.max()), int(starts.max())) + 1)
    bar = np.searchsorted(starts + bar_song * apart, fine + song * apart, side="right") - 1
    within = fine - starts[np.maximum(bar, bar_offsets[:-1][song])]
    slots: Ints = np.clip(within // (2 * spec.steps_per_quarter), 0, SLOTS - 1)
    return slots
