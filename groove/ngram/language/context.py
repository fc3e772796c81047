"""Steps in their context: the sequences that are counted, scored and drawn.

An *event* is one step of one bar; its *symbol* is the set of drum labels struck on it, as a bit
mask (0: nothing). Its context is a tuple of features along a *chain*, the most useful first. A
model of order ``k`` sees the first ``k`` of them; backing off forgets the last one. The chains see
what a drummer keeps from bar to bar, what leads from step to step, and what comes if an earlier bar
of the same loop is repeated.

What belongs here: events from bars, features of events. What does not: counts, probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]

#: A feature fits into so many bits; symbols are shifted by one, 0 means "before the loop".
FEATURE_BITS = 28
NO_BAR_BEFORE = 1 << (FEATURE_BITS - 1)

#: Bars looked back.
BARS_BACK = 8
_STEPS_BACK = 4

#: Context features.
#:
#: ``bar``       the same step one bar earlier; in a loop's first bar, the step's position
#: ``bar2..8``   the same step so many bars earlier
#: ``back1..4``  the step so many steps earlier
#: ``place``     place within the quarter note, the downbeat apart: shared by all meters
#: ``position``  step within the bar of this meter and grid
#: ``copy``      the same step in that one of the bars before in which the steps up to here
#:               agree longest with those played now: what comes if the drummer repeats it
#: ``run``       how long they agree, in the classes of :data:`RUN_EDGES`
#: ``usual``     the commonest set on this step in the bars before, the latest of equals
#: ``share``     in how many of how many bars before it was played
FEATURES = (
    "bar",
    *(f"bar{back}" for back in range(2, BARS_BACK + 1)),
    *(f"back{back}" for back in range(1, _STEPS_BACK + 1)),
    "place",
    "position",
    "copy",
    "run",
    "usual",
    "share",
)

#: Feature ``run`` is 0 without a bar before, else 1 plus how many of these the run reaches.
RUN_EDGES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)
RUN_CLASSES = len(RUN_EDGES) + 2

#: Chain to its features, in the order in which they are added; chains and orders were chosen by
#: held-out likelihood on human performances.
CHAINS: Mapping[str, tuple[str, ...]] = {
    "bar": ("bar", "bar2", "back1", "back2", "place", "position"),
    "step": ("position", "back1", "back2", "back3", "back4", "bar"),
    "copy": ("copy", "run", "usual", "share", "back1", "position"),
}
MAX_ORDER = min(len(features) for features in CHAINS.values())

_MAX_STEPS = 4096


@dataclass(frozen=True)
class Events:
    """Every step of many bars, in order. All arrays have one entry per step.

    Parameters
    ----------
    symbol
        Bit mask of the labels struck.
    step, steps, resolution, numerator, denominator
        Place in the bar, and the bar's form.
    loop_start
        Index of the first step of the same loop.
    previous_bar
        Index of the first step of the bar before, or -1 where there is none of the same form.
    bar
        Index of the row of the table.
    """

    symbol: Ints
    step: Ints
    steps: Ints
    resolution: Ints
    numerator: Ints
    denominator: Ints
    loop_start: Ints
    previous_bar: Ints
    bar: Ints

    def __len__(self) -> int:
        return len(self.symbol)


def events_of_bars(bars: pd.DataFrame) -> Events:
    """Return the steps of the rows of ``groove_events``, which are in order of key and bar."""
    steps = bars["steps"].to_numpy(np.int64)
    rows = np.repeat(np.arange(len(bars)), steps)
    starts = np.cumsum(steps) - steps
    same_loop = np.zeros(len(bars), dtype=np.bool_)
    if len(bars) > 1:
        keys = bars["key"].to_numpy()
        same_loop[1:] = keys[1:] == keys[:-1]
    first_bar = np.maximum.accumulate(np.where(same_loop, 0, np.arange(len(bars))))
    form = bars[["steps", "resolution", "numerator", "denominator"]].to_numpy(np.int64)
    alike = same_loop.copy()
    alike[1:] &= (form[1:] == form[:-1]).all(axis=1)
    before = np.where(alike, np.roll(starts, 1), -1)
    listed = [np.asarray(symbols, dtype=np.int64) for symbols in bars["symbols"]]
    return Events(
        symbol=np.concatenate(listed) if listed else np.zeros(0, np.int64),
        step=np.arange(int(steps.sum())) - starts[rows],
        steps=steps[rows],
        resolution=form[rows, 1],
        numerator=form[rows, 2],
        denominator=form[rows, 3],
        loop_start=starts[first_bar][rows],
        previous_bar=before[rows],
        bar=rows,
    )


def place_feature(step: Ints, resolution: Ints) -> Ints:
    """Return the place within the quarter note, the downbeat apart: known in every meter."""
    downbeat = (step == 0).astype(np.int64)
    place = (resolution << 8) | (step % resolution) << 1 | downbeat
    return np.asarray(place + 1)


def position_feature(step: Ints, resolution: Ints, numerator: Ints, denominator: Ints) -> Ints:
    """Return the step within the bar, together with meter and grid.

    Raises
    ------
    ValueError
        If a bar has more than 4,096 steps.
    """
    if np.any(step >= _MAX_STEPS):
        raise ValueError(f"a bar has more than {_MAX_STEPS} steps: choose a coarser grid")
    power = np.rint(np.log2(denominator)).astype(np.int64)
    return (numerator & 127) << 20 | (power & 7) << 17 | (resolution & 31) << 12 | step


def first_bar_feature(step: Ints, resolution: Ints, numerator: Ints, denominator: Ints) -> Ints:
    """Return feature ``bar`` where there is no bar before: the position, marked as such."""
    return NO_BAR_BEFORE | position_feature(step, resolution, numerator, denominator)


def features_of(events: Events) -> Ints:
    """Return every context feature of each event, ``int64[events, len(FEATURES)]``."""
    index = np.arange(len(events))
    form = (events.step, events.resolution, events.numerator, events.denominator)
    lags = _lags(events)
    earlier = np.stack([_symbol_at(events, lag, lag >= 0) for lag in lags])
    copy, run = _repeated(events, lags, earlier)
    usual, share = usual_feature(earlier)
    columns = {
        "bar": np.where(lags[0] >= 0, earlier[0], first_bar_feature(*form)),
        "place": place_feature(events.step, events.resolution),
        "position": position_feature(*form),
        "copy": copy,
        "run": run,
        "usual": usual,
        "share": share,
    }
    for back in range(2, BARS_BACK + 1):
        columns[f"bar{back}"] = earlier[back - 1]
    for back in range(1, _STEPS_BACK + 1):
        at = index - back
        columns[f"back{back}"] = _symbol_at(events, at, at >= events.loop_start)
    return np.stack([columns[name] for name in FEATURES], axis=1)


def earlier_bars(features: Ints) -> Ints:
    """Return the same step 1 to ``BARS_BACK`` bars earlier, ``int64[BARS_BACK, events]``.

    Values are symbols plus 1; 0 is "no such bar".
    """
    columns = [FEATURES.index("bar"), *(FEATURES.index(f"bar{k}") for k in range(2, BARS_BACK + 1))]
    bars = features[:, columns].T.copy()
    bars[0] = np.where(bars[0] & NO_BAR_BEFORE, 0, bars[0])
    return bars


def run_class(length: Ints) -> Ints:
    """Return feature ``run`` of lengths in steps; -1 is "no bar before"."""
    known = np.searchsorted(RUN_EDGES, length, side="right") + 1
    return np.where(length < 0, 0, known)


def usual_feature(earlier: Ints) -> tuple[Ints, Ints]:
    """Return features (``usual``, ``share``) of :func:`earlier_bars`.

    ``share`` is ``times << 4 | bars``; both are at most ``BARS_BACK``.
    """
    known = earlier > 0
    times = np.stack([(earlier == one).sum(axis=0) for one in earlier])
    best = np.where(known, times, -1).argmax(axis=0)
    events = np.arange(earlier.shape[1])
    usual = earlier[best, events]
    return usual, np.where(usual > 0, times[best, events] << 4 | known.sum(axis=0), 0)


def _lags(events: Events) -> Ints:
    """Return the index of the same step so many bars earlier, -1 without; [BARS_BACK, events]."""
    lags, bar = [], events.previous_bar
    for _ in range(BARS_BACK):
        lags.append(np.where(bar >= 0, bar + events.step, -1))
        if len(events):
            bar = np.where(bar >= 0, events.previous_bar[np.maximum(bar, 0)], -1)
    return np.stack(lags)


def _repeated(events: Events, lags: Ints, earlier: Ints) -> tuple[Ints, Ints]:
    """Return features (``copy``, ``run``)."""
    index = np.arange(len(events))
    length = np.full(lags.shape, -1, dtype=np.int64)
    for found, lag, symbol in zip(length, lags, earlier, strict=True):
        # A loop starts without bars before it: no run reaches over its start.
        broken = np.where(events.symbol + 1 == symbol, -1, index)
        run = index - np.maximum.accumulate(broken) if len(index) else index
        found[1:] = run[:-1]
        found[lag < 0] = -1
    best = length.argmax(axis=0) if len(index) else index
    return earlier[best, index], run_class(length[best, index])


def columns_of(chain: str) -> list[int]:
    """Return where a chain's features stand among all features."""
    return [FEATURES.index(name) for name in CHAINS[chain]]


def _symbol_at(events: Events, at: Ints, known: NDArray[np.bool_]) -> Ints:
    if not len(events):
        return np.zeros(0, np.int64)
    return np.where(known, events.symbol[np.where(known, at, 0)] + 1, 0)
