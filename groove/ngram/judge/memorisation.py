"""How much of a groove stands verbatim in the training loops.

A *run* is a stretch of consecutive steps with the same sets of labels on the same grid, bar
lines ignored; runs do not reach from one loop into the next. Velocity and timing take no part. A
groove is searched for its *maximal* runs, those that cannot be made longer on either side.

A long run need not be a copy: four on the floor stands in half of all loops, and silence in most
of them. So a run counts by its hits, not by its steps, and two figures are kept:

* ``longest``: the run with the most hits, wherever it stands, and in how many loops;
* ``single``: among runs that stand in *one* loop only, the one with the most hits that are not
  the groove's own repetition. What several loops have is common property; what one has is its
  own. And a bar that is played four times was taken once: hits on a step that is as it was one
  bar before, within the run, are left out (``fresh``).

Search: a suffix array of the training steps (Manber and Myers 1993), built by doubling, and one
binary search for all places of all grooves at once.

What belongs here: runs. What does not: what is too much (:mod:`groove.ngram.quality`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.judge.hits import in_order, loops_of
from groove.ngram.language.context import Ints, events_of_bars

Codes = NDArray[np.int64]

_GAP = -1
_END = -2
_SYMBOL_BITS = 32
#: Suffixes are sorted by so many steps; a run longer than that is given as this long.
MOST_STEPS = 4096
_CELLS = 1 << 21


@dataclass(frozen=True)
class Corpus:
    """Training loops, one after the other with a gap between.

    Parameters
    ----------
    codes
        Grid and set of labels of each step, -1 in the gaps.
    bar
        Row of the table of bars that each step is from, -1 in the gaps.
    loop
        Number of the loop that each step is from, in order of the table; -1 in the gaps.
    """

    codes: Codes
    bar: Ints
    loop: Ints

    @cached_property
    def suffixes(self) -> Ints:
        """Where suffixes begin, in order of what they say (as far as ``MOST_STEPS``)."""
        return _suffix_array(self.codes)

    @cached_property
    def same_loop_before(self) -> Ints:
        """Per place in :attr:`suffixes`, the nearest earlier place of the same loop, or -1."""
        loop = self.loop[self.suffixes]
        order = np.argsort(loop, kind="stable")
        before = np.full(len(loop), -1, dtype=np.int64)
        same = loop[order][1:] == loop[order][:-1]
        before[order[1:][same]] = order[:-1][same]
        return before


@dataclass(frozen=True)
class Run:
    """A verbatim run.

    Parameters
    ----------
    start, steps, hits
        Where it begins in the groove, how long it is, and how many drums it strikes.
    fresh
        Hits on steps that don't repeat the step one bar before, within the run.
    loops
        How many training loops it stands in.
    bar
        Row of the training bars where it ends, in the first of those loops; -1 if there is no
        run at all.
    """

    start: int = 0
    steps: int = 0
    hits: int = 0
    fresh: int = 0
    loops: int = 0
    bar: int = -1


@dataclass(frozen=True)
class Copies:
    """The runs of one groove: with the most steps, with the most hits, and of one loop only."""

    most_steps: Run
    longest: Run
    single: Run


def corpus_of(bars: pd.DataFrame) -> Corpus:
    """Return rows of ``groove_events``, in order of key and bar, ready to be searched."""
    events = events_of_bars(bars)
    starts = np.unique(events.loop_start)
    loop = loops_of(bars)[events.bar] if len(events) else events.bar
    return Corpus(
        np.insert(coded(events.symbol, events.resolution), starts, _GAP),
        np.insert(events.bar, starts, _GAP),
        np.insert(loop, starts, _GAP),
    )


def coded(symbol: Ints, resolution: Ints | int) -> Codes:
    """Return grid and set of labels as one number: the same set on another grid differs."""
    return np.asarray(np.asarray(resolution, dtype=np.int64) << _SYMBOL_BITS | symbol)


def longest_run(symbols: Ints, corpus: Corpus, resolution: int = 4) -> Run:
    """Return the run of ``symbols`` with the most steps; the first of equals."""
    return copies_of([coded(symbols, resolution)], corpus)[0].most_steps


def copies_of_bars(bars: pd.DataFrame, corpus: Corpus) -> list[Copies]:
    """Return the runs of each groove of a table of bars, in order of key."""
    if not len(bars):
        return []
    ordered = in_order(bars)
    events = events_of_bars(ordered)
    codes = coded(events.symbol, events.resolution)
    first = np.unique(events.loop_start)
    return copies_of(np.split(codes, first[1:]), corpus, events.steps[first].tolist())


def copies_of(
    grooves: Sequence[Codes], corpus: Corpus, steps_per_bar: Sequence[int] | None = None
) -> list[Copies]:
    """Return the runs of each groove.

    Parameters
    ----------
    grooves
        Steps of each groove, of :func:`coded`.
    corpus
        Where they are looked for.
    steps_per_bar
        Of each groove; without them, no hit counts as repeated.
    """
    if not len(corpus.codes) or not any(map(len, grooves)):
        return [Copies(Run(), Run(), Run()) for _ in grooves]
    sizes = np.array([len(groove) for groove in grooves], dtype=np.int64)
    steps = np.concatenate([np.zeros(0, np.int64), *grooves])
    owner = np.repeat(np.arange(len(grooves)), sizes)
    ends = np.cumsum(sizes)
    place = np.arange(len(steps))
    room = np.minimum(ends[owner] - place, MOST_STEPS)
    length, at = _longest(steps, room, corpus)
    # A run that its left neighbour's is the rest of can be made longer there.
    begins = np.append(True, owner[1:] != owner[:-1])
    covered = ~begins & (np.append(0, length[:-1]) == length + 1)
    chosen = np.flatnonzero((length > 0) & ~covered)
    low, high = _range(steps, chosen, length[chosen], at[chosen], corpus)
    loops, suffix = _loops(low, high, corpus)
    count = np.bitwise_count(steps & ((1 << _SYMBOL_BITS) - 1)).astype(np.int64)
    struck = np.append(0, np.cumsum(count))
    end = chosen + length[chosen]
    hits = struck[end] - struck[chosen]
    # Within the first bar of a run nothing is repeated; later, what is as it was a bar before.
    bar_length = np.repeat(sizes if steps_per_bar is None else np.asarray(steps_per_bar), sizes)
    again = (place >= bar_length) & (steps == steps[np.maximum(place - bar_length, 0)])
    changed = np.append(0, np.cumsum(np.where(again, 0, count)))
    first_bar = np.minimum(chosen + bar_length[chosen], end)
    fresh = struck[first_bar] - struck[chosen] + changed[end] - changed[first_bar]
    bar = corpus.bar[suffix + length[chosen] - 1]
    start = chosen - (ends - sizes)[owner[chosen]]
    table = np.stack([start, length[chosen], hits, fresh, loops, bar], axis=1)
    found = []
    for number in range(len(grooves)):
        mine = table[owner[chosen] == number]
        found.append(
            Copies(_best(mine, 1, 2), _best(mine, 2, 1), _best(mine[mine[:, 4] == 1], 3, 2))
        )
    return found


def _best(runs: Ints, *columns: int) -> Run:
    """Return the run that is largest in a column, then in the next; the first of equals."""
    if not len(runs):
        return Run()
    order = np.lexsort([np.arange(len(runs)), *(-runs[:, column] for column in reversed(columns))])
    return Run(*map(int, runs[order[0]]))


def _suffix_array(codes: Codes) -> Ints:
    """Return suffixes in order, told apart by their first ``MOST_STEPS`` steps."""
    size = len(codes)
    rank = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    width = 1
    while width < MOST_STEPS and size and int(rank.max()) < size - 1:
        # Beyond the end sorts before everything.
        later = np.zeros(size, dtype=np.int64)
        later[: max(0, size - width)] = rank[width:] + 1
        rank = np.unique(rank * (size + 1) + later, return_inverse=True)[1].astype(np.int64)
        width *= 2
    return np.argsort(rank, kind="stable")


def _common(
    steps: Codes, place: Ints, room: Ints, suffix: Ints, corpus: Corpus
) -> tuple[Ints, Ints]:
    """Return (steps in common, whether the groove's next step sorts after the suffix's: 1, 0).

    Where the groove has no more room, it sorts before.
    """
    common = np.zeros(len(place), dtype=np.int64)
    after = np.zeros(len(place), dtype=np.int64)
    going = np.flatnonzero(room > 0)
    width, last_step, last_code = 8, len(steps) - 1, len(corpus.codes) - 1
    while len(going):
        ahead = common[going][:, None] + np.arange(width)
        mine = steps[np.minimum(place[going][:, None] + ahead, last_step)]
        mine = np.where(ahead < room[going][:, None], mine, _END)
        other = suffix[going][:, None] + ahead
        theirs = np.where(other <= last_code, corpus.codes[np.minimum(other, last_code)], _GAP)
        differs = mine != theirs
        stopped = differs.any(axis=1)
        same = np.where(stopped, np.argmax(differs, axis=1), width)
        rows = np.arange(len(going))
        edge = np.minimum(same, width - 1)
        after[going] = np.where(stopped, mine[rows, edge] > theirs[rows, edge], 0)
        common[going] += same
        going = going[~stopped]
        width = min(width * 2, 256)
    return common, after


def _longest(steps: Codes, room: Ints, corpus: Corpus) -> tuple[Ints, Ints]:
    """Return (length of the longest run from each place, where a suffix with it stands)."""
    length, at = np.zeros(len(steps), np.int64), np.zeros(len(steps), np.int64)
    size = len(corpus.suffixes)
    for begin in range(0, len(steps), _CELLS >> 8):
        place = np.arange(begin, min(begin + (_CELLS >> 8), len(steps)))
        low = np.zeros(len(place), dtype=np.int64)
        high = np.full(len(place), size, dtype=np.int64)
        while (open_ := np.flatnonzero(low < high)).size:
            middle = (low[open_] + high[open_]) // 2
            _, after = _common(
                steps, place[open_], room[place[open_]], corpus.suffixes[middle], corpus
            )
            low[open_] = np.where(after == 1, middle + 1, low[open_])
            high[open_] = np.where(after == 1, high[open_], middle)
        for near in (np.maximum(low - 1, 0), np.minimum(low, size - 1)):
            common, _ = _common(steps, place, room[place], corpus.suffixes[near], corpus)
            better = common > length[place]
            at[place] = np.where(better, near, at[place])
            length[place] = np.maximum(length[place], common)
    return length, at


def _range(steps: Codes, place: Ints, length: Ints, at: Ints, corpus: Corpus) -> tuple[Ints, Ints]:
    """Return the suffixes that begin with each run: from low to before high."""

    def edge(inside: Ints, outside: Ints) -> Ints:
        """Return the last place with the run, going from one that has it to one that hasn't."""
        while (open_ := np.flatnonzero(np.abs(outside - inside) > 1)).size:
            middle = (inside[open_] + outside[open_]) // 2
            common, _ = _common(steps, place[open_], length[open_], corpus.suffixes[middle], corpus)
            has = common == length[open_]
            inside[open_] = np.where(has, middle, inside[open_])
            outside[open_] = np.where(has, outside[open_], middle)
        return inside

    low = edge(at.copy(), np.full(len(at), -1, dtype=np.int64))
    high = edge(at.copy(), np.full(len(at), len(corpus.suffixes), dtype=np.int64))
    return low, high + 1


def _loops(low: Ints, high: Ints, corpus: Corpus) -> tuple[Ints, Ints]:
    """Return (how many loops have each range of suffixes, where the first of them begins)."""
    pairs, which = np.unique(np.stack([low, high], axis=1), axis=0, return_inverse=True)
    before = corpus.same_loop_before
    loops = np.array([int((before[a:b] < a).sum()) for a, b in pairs.tolist()], dtype=np.int64)
    first = np.array([int(corpus.suffixes[a:b].min()) for a, b in pairs.tolist()], dtype=np.int64)
    return loops[which.ravel()], first[which.ravel()]
