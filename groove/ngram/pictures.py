"""What pictures of grooves and models show, from tables, models and drawn bars.

What belongs here: choosing and adding up. What does not: drawing (:mod:`groove.plots.ngram`,
:mod:`groove.plots.rolls`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.language.context import events_of_bars
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.render import OFFSET_TICKS, Bar
from groove.plots.ngram import NgramCounts, Timing
from groove.plots.rolls import Roll

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FORM = ["numerator", "denominator", "resolution", "steps"]
_MS_PER_MINUTE = 60_000.0


def counts_shown(
    bars: pd.DataFrame, labels: Sequence[str], contexts: Mapping[str, Ints] | None = None
) -> NgramCounts:
    """Return what the heat map shows of rows of ``groove_events``.

    Parameters
    ----------
    bars
        In order of key and bar; steps are those of the commonest meter and grid.
    labels
        Names by bit.
    contexts
        Of :func:`contexts_of`.
    """
    common = commonest(bars)
    struck = np.stack([_bits(np.asarray(row, np.int64), len(labels)) for row in common["symbols"]])
    return NgramCounts(
        labels=labels,
        follows=follows(bars, len(labels)),
        struck=np.asarray(struck.mean(axis=0).T),
        steps_per_beat=steps_per_beat(common),
        contexts=contexts or {},
    )


def follows(bars: pd.DataFrame, labels: int) -> Floats:
    """Return, after each label (row), the share of each label among the next step's hits.

    The next step is the next one of the same loop on which anything is struck.
    """
    events = events_of_bars(bars)
    heard = np.flatnonzero(events.symbol)
    struck = _bits(events.symbol[heard], labels).astype(np.float64)
    same = events.loop_start[heard][1:] == events.loop_start[heard][:-1]
    counted = struck[:-1][same].T @ struck[1:][same]
    return np.asarray(counted / np.maximum(counted.sum(axis=1, keepdims=True), 1.0))


def contexts_of(model: GrooveModel) -> dict[str, Ints]:
    """Return, per chain, the numbers of contexts and n-grams of each order."""
    return {
        chain.name: np.array(
            [(len(level.keys), len(level.symbol)) for level in chain.any_condition], dtype=np.int64
        )
        for chain in model.chains
    }


def commonest(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in the commonest meter and grid."""
    sizes = bars.groupby(_FORM).size()
    return bars.set_index(_FORM, drop=False).loc[[sizes.idxmax()]].reset_index(drop=True)


def steps_per_beat(bars: pd.DataFrame) -> float:
    """Return the steps from one beat to the next in rows of one form."""
    first = bars.iloc[0]
    return float(first["resolution"] * 4 / first["denominator"])


def beats_by_style(bars: pd.DataFrame) -> dict[str, float]:
    """Return, per style, the steps from one beat to the next in its commonest form."""
    named = bars.assign(style=bars["style"].fillna(""))
    return {str(s): steps_per_beat(commonest(rows)) for s, rows in named.groupby("style")}


def timings_of_bars(
    bars: Sequence[Bar], tempo_bpm: float, labels: Sequence[str]
) -> dict[str, Timing]:
    """Return the micro-timing of each label in drawn bars of one form."""
    tick_ms = _MS_PER_MINUTE / tempo_bpm / OFFSET_TICKS
    step, label = (np.concatenate([getattr(b, n) for b in bars]) for n in ("step", "label"))
    offset_ms = np.concatenate([bar.offset_ticks for bar in bars]) * tick_ms
    return _timings(step, label, offset_ms, labels)


def roll_of(bars: Sequence[Bar]) -> Roll:
    """Return drawn bars of one form as the roll of what is played."""
    first = bars[0]
    quarter = [
        number * first.quarters + bar.step / bar.resolution + bar.offset_ticks / OFFSET_TICKS
        for number, bar in enumerate(bars)
    ]
    return Roll(
        quarter=np.concatenate(quarter),
        label=np.concatenate([bar.label for bar in bars]),
        velocity=np.concatenate([bar.velocity for bar in bars]),
        bar_quarters=first.quarters,
        beat_quarters=4.0 / first.denominator,
        bars=len(bars),
    )


def _timings(
    step: Ints, label: Ints, offset_ms: Floats, labels: Sequence[str]
) -> dict[str, Timing]:
    found = {}
    for number, name in enumerate(labels):
        mine = label == number
        if not mine.any():
            continue
        hits = np.bincount(step[mine])
        at = np.flatnonzero(hits)
        total = np.bincount(step[mine], offset_ms[mine])[at]
        mean = total / hits[at]
        squares = np.bincount(step[mine], offset_ms[mine] ** 2)[at]
        spread = np.sqrt(np.maximum(squares / hits[at] - mean**2, 0.0))
        found[name] = Timing(at, mean, spread, hits[at])
    return found


def _bits(symbols: Ints, labels: int) -> Ints:
    return np.asarray(symbols[:, None] >> np.arange(labels) & 1)


def _joined(lists: pd.Series) -> Floats:
    return np.concatenate([np.zeros(0), *(np.asarray(values, np.float64) for values in lists)])
