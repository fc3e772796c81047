"""How hits are played: velocities and micro-timing, learnt in the context of the hits before.

Each hit has an *expected* velocity and offset: what its label usually has at such a place under
the condition, moved by what this performance did so far. Four running means of the deviations
(all hits; the label; the label at this place of the quarter; the label at this step of the bar)
are stacked, each shrunk towards the one before; offsets have three. Then histograms say what is
really played. Several are mixed in equal shares, each one looking at something else:

==================  ==========================================================================
velocity, pace      label, expected velocity, how far the same label's neighbours are
velocity, previous  label, expected velocity, velocity of the label's stroke before
velocity, company   label, expected velocity, velocity of what is already struck on the step
offset, label       how far off expectation the hit before was (on this step or an earlier one),
                    expected offset, label
offset, place       place in the quarter, expected offset, how far off the hit before was
==================  ==========================================================================

Histograms keep what means cannot: ghost notes and accents are two hills, not one between them.
Means, parts and priors were chosen by held-out likelihood on human performances.

What belongs here: the histograms, their fit and likelihood. What does not: playing
(:mod:`groove.ngram.play.player`), which labels are struck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.play.histograms import counted, cumulative, packed, unpacked
from groove.ngram.play.hits import PLACES, Floats, Hits, Ints, hits_of, previous, running
from groove.ngram.play.usual import means_of, tagged, usual

VELOCITY_BINS = 32
VELOCITY_WIDTH = 4
#: Offsets in bins of 4 ticks (480 to the quarter), up to a quarter of a beat each way.
OFFSET_BINS = 61
OFFSET_WIDTH = 4
VELOCITY_LEVELS = 16
OFFSET_LEVELS = 15
PACES = 16
LOUDNESSES = 9
#: 16 for the hit before on this step, 10 for one on an earlier step, 1 for none.
NEIGHBOURS = 27

#: (decay, strength of the mean before) of each running mean.
VELOCITY_MEMORY = ((0.95, 8.0), (0.9, 2.0), (0.9, 2.0), (0.7, 1.0))
OFFSET_MEMORY = ((0.8, 2.0), (0.9, 8.0), (0.95, 8.0))
_VELOCITY_PRIORS = (1.0, 8.0, 8.0, 60.0)
_OFFSET_PRIORS = (1.0, 8.0, 30.0, 60.0)
_FARTHEST = 59.9

VELOCITY_TABLES = ("pace", "previous", "company")
OFFSET_TABLES = ("offset_label", "offset_place")
TABLES = VELOCITY_TABLES + OFFSET_TABLES


@dataclass(frozen=True)
class Expression:
    """How hits are played.

    Parameters
    ----------
    velocity_mean, offset_mean
        ``float32[conditions, labels, PLACES + 1]``: usual velocity and offset at each place;
        the last is the label's own. Condition 0 is any.
    flam
        ``float32[labels]``: share of a label's strokes that are followed by another one on the
        same step.
    counts
        Name in :data:`TABLES` to occurrences, as above; outcomes are the last axis.
    """

    velocity_mean: NDArray[np.float32]
    offset_mean: NDArray[np.float32]
    flam: NDArray[np.float32]
    counts: Mapping[str, NDArray[np.int32]]

    @cached_property
    def tables(self) -> Mapping[str, Floats]:
        """Cumulative shares, one row per context: ``float64[contexts, outcomes]``."""
        found = {}
        for name, counts in self.counts.items():
            priors = _OFFSET_PRIORS if name.startswith("offset") else _VELOCITY_PRIORS
            found[name] = cumulative(counts, priors).reshape(-1, counts.shape[-1])
        return found

    @cached_property
    def means(self) -> Mapping[str, Floats]:
        """Mean velocity or offset in ticks of each row of :attr:`tables`."""
        centres = {
            VELOCITY_BINS: np.arange(VELOCITY_BINS) * VELOCITY_WIDTH + (VELOCITY_WIDTH - 1) / 2,
            OFFSET_BINS: (np.arange(OFFSET_BINS) - OFFSET_BINS // 2) * float(OFFSET_WIDTH),
        }
        return {
            name: np.diff(table, prepend=0.0, axis=-1) @ centres[table.shape[1]]
            for name, table in self.tables.items()
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as flat arrays by name, for a file."""
        found: dict[str, NDArray[Any]] = {
            "velocity_mean": self.velocity_mean.ravel(),
            "offset_mean": self.offset_mean.ravel(),
            "flam": self.flam,
        }
        for name in TABLES:
            found[f"{name}_at"], found[f"{name}_n"] = packed(self.counts[name])
        return found

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Expression:
        """Return what :meth:`arrays` was called on.

        Raises
        ------
        KeyError
            If an array is missing.
        ValueError
            If sizes do not fit or values are out of range.
        """
        flam = np.asarray(arrays["flam"], np.float32)
        labels = len(flam)
        means = [np.asarray(arrays[name], np.float32) for name in ("velocity_mean", "offset_mean")]
        if not labels or not all(np.isfinite(values).all() for values in (*means, flam)):
            raise ValueError("means of hits are damaged: missing, or not finite")
        velocity_mean, offset_mean = (values.reshape(-1, labels, PLACES + 1) for values in means)
        if not len(velocity_mean) or len(velocity_mean) != len(offset_mean):
            raise ValueError("means of hits are damaged: conditions differ")
        return cls(
            velocity_mean,
            offset_mean,
            flam,
            {
                name: unpacked(
                    np.asarray(arrays[f"{name}_at"], np.int32),
                    np.asarray(arrays[f"{name}_n"], np.int32),
                    shape,
                )
                for name, shape in _shapes(labels).items()
            },
        )


def _shapes(labels: int) -> dict[str, tuple[int, ...]]:
    return {
        "pace": (labels, VELOCITY_LEVELS, PACES, VELOCITY_BINS),
        "previous": (labels, VELOCITY_LEVELS, LOUDNESSES, VELOCITY_BINS),
        "company": (labels, VELOCITY_LEVELS, LOUDNESSES, VELOCITY_BINS),
        "offset_label": (NEIGHBOURS, OFFSET_LEVELS, labels, OFFSET_BINS),
        "offset_place": (PLACES, OFFSET_LEVELS, NEIGHBOURS, OFFSET_BINS),
    }


def fit_expression(
    bars: pd.DataFrame, labels: int, conditions: Sequence[str] = ("",)
) -> Expression:
    """Return how the hits in rows of ``groove_events`` are played.

    Parameters
    ----------
    bars
        Training bars, in order of key and bar.
    labels
        Number of labels.
    conditions
        Names of conditions that have means of their own; the first is ``""``, any.
    """
    hits = hits_of(bars)
    tags = tagged(bars, conditions)
    velocity_mean = means_of(hits, hits.velocity.astype(np.float64), tags, labels)
    offset_mean = means_of(hits, hits.offset, tags, labels)
    served = tags.served[tags.kind[hits.row]]
    parts, velocity, offset = _contexts(hits, velocity_mean, offset_mean, served)
    outcome = {VELOCITY_BINS: velocity, OFFSET_BINS: offset}
    again = np.ones(len(hits), dtype=np.bool_)
    for of in (hits.loop, hits.time, hits.label):
        again &= np.diff(of, prepend=-1) == 0
    every = np.bincount(hits.label, minlength=labels)
    flams = np.bincount(hits.label[again], minlength=labels)
    return Expression(
        velocity_mean=velocity_mean,
        offset_mean=offset_mean,
        flam=(flams / np.maximum(every, 1)).astype(np.float32),
        counts={
            name: counted(parts[name], outcome[shape[-1]], shape)
            for name, shape in _shapes(labels).items()
        },
    )


def held_out_bits(
    expression: Expression, bars: pd.DataFrame, conditions: Sequence[str] = ("",)
) -> tuple[float, float]:
    """Return (bits per velocity 1..127, bits per offset in ticks) of hits never heard.

    Within a bin all values are taken as equally likely. NaN without hits.
    """
    hits = hits_of(bars)
    if not len(hits):
        return float("nan"), float("nan")
    tags = tagged(bars, conditions)
    served = tags.served[tags.kind[hits.row]]
    parts, velocity, offset = _contexts(
        hits, expression.velocity_mean, expression.offset_mean, served
    )
    figures = []
    for names, outcome, width in (
        (VELOCITY_TABLES, velocity, VELOCITY_WIDTH),
        (OFFSET_TABLES, offset, OFFSET_WIDTH),
    ):
        shares = []
        for name in names:
            shape = expression.counts[name].shape[:-1]
            row = np.ravel_multi_index(parts[name], shape)
            table = np.diff(expression.tables[name], prepend=0.0, axis=-1)
            shares.append(table[row, outcome])
        figures.append(float(-np.log2(np.mean(shares, axis=0) / width).mean()))
    return figures[0], figures[1]


def _contexts(
    hits: Hits,
    velocity_mean: NDArray[np.float32],
    offset_mean: NDArray[np.float32],
    served: Ints,
) -> tuple[dict[str, tuple[Ints, ...]], Ints, Ints]:
    """Return (parts of the contexts by table, velocity bins, offset bins)."""
    loop, label = hits.loop << 32, hits.label << 24
    base = usual(velocity_mean, served, hits.label, hits.place)
    loud = base + _stacked(
        (loop, loop | label, loop | label | hits.in_quarter, loop | label | hits.in_bar),
        hits.velocity - base,
        VELOCITY_MEMORY,
    )
    base = usual(offset_mean, served, hits.label, hits.place)
    late = base + _stacked(
        (loop, loop | hits.in_quarter, loop | label | hits.in_quarter),
        hits.offset - base,
        OFFSET_MEMORY,
    )
    before = previous(loop | label)
    after = np.full(len(hits), -1, dtype=np.int64)
    after[before[before >= 0]] = np.flatnonzero(before >= 0)
    gap = np.where(before >= 0, hits.time - hits.time[before], 4096)
    gap_after = np.where(after >= 0, hits.time[after] - hits.time, 4096)
    last = previous(loop)
    on_step = (last >= 0) & (hits.time[last] == hits.time) if len(hits) else last >= 0
    off = (hits.offset - late)[last] if len(hits) else late
    level, level_late = velocity_level(loud), offset_level(late)
    company = np.where(on_step, hits.velocity[last] // 16 + 1, 0)
    neighbour = np.where(last >= 0, neighbour_of(off, on_step), NEIGHBOURS - 1)
    parts: dict[str, tuple[Ints, ...]] = {
        "pace": (hits.label, level, pace_of(gap) * 4 + pace_of(gap_after)),
        "previous": (hits.label, level, np.where(before >= 0, hits.velocity[before] // 16 + 1, 0)),
        "company": (hits.label, level, company),
        "offset_label": (neighbour, level_late, hits.label),
        "offset_place": (hits.place, level_late, neighbour),
    }
    velocity = np.clip(hits.velocity // VELOCITY_WIDTH, 0, VELOCITY_BINS - 1)
    offset = np.rint(hits.offset / OFFSET_WIDTH).astype(np.int64) + OFFSET_BINS // 2
    return parts, velocity, np.clip(offset, 0, OFFSET_BINS - 1)


def _stacked(keys: Sequence[Ints], value: Floats, memory: Sequence[tuple[float, float]]) -> Floats:
    expected = np.zeros(len(value))
    for key, (decay, strength) in zip(keys, memory, strict=True):
        total, number = running(key, value, decay)
        expected = (total + strength * expected) / (number + strength)
    return expected


def velocity_level(expected: Any) -> Any:
    """Return the level of an expected velocity, or of each of several."""
    return np.clip(expected, 0, 127.9).astype(np.int64) // 8


def offset_level(expected: Any) -> Any:
    """Return the level of an expected offset in ticks, or of each of several."""
    return (np.clip(expected, -_FARTHEST, _FARTHEST) + 60).astype(np.int64) // 8


def pace_of(gap: Any) -> Any:
    """Return how far a neighbour is: same step, a sixteenth, an eighth, more."""
    return np.digitize(gap, (1, 13, 25))


def neighbour_of(off: Any, on_step: Any) -> Any:
    """Return the part of a context that tells how far off expectation the hit before was."""
    place = (np.clip(off, -_FARTHEST, _FARTHEST) + 60).astype(np.int64)
    return np.where(on_step, place // 8 + 1, 16 + place // 12)
