"""How hits are played: velocities, micro-timing and flams, learnt per label and place.

Histograms over bins, conditioned on (label, position in the bar) and smoothed towards
(label, place within the quarter) and that towards the label alone, by adding ``SMOOTHING``
imagined hits drawn from the coarser histogram (a Dirichlet prior).

What belongs here: the histograms and drawing from them. What does not: which labels are struck.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.language.context import Ints, place_feature, position_feature

Floats = NDArray[np.float64]

VELOCITY_BINS = 32
_VELOCITY_WIDTH = 4
#: Offsets are kept in bins of 4 ticks (480 to the quarter), up to a quarter of a beat each way.
OFFSET_BINS = 61
_OFFSET_WIDTH = 4
SMOOTHING = 8.0


@dataclass(frozen=True)
class Expression:
    """Histograms of how hits are played.

    Parameters
    ----------
    positions
        ``int64[p]``, sorted: positions (:func:`groove.ngram.language.context.position_feature`) known.
    velocity
        ``float32[p + 1, labels, VELOCITY_BINS]``: cumulative shares; the last row is for
        positions not known.
    offset
        ``float32[p + 1, labels, OFFSET_BINS]``: cumulative shares of micro-timing.
    flam
        ``float32[labels]``: share of a label's strokes that are followed by another one on the
        same step.
    """

    positions: Ints
    velocity: NDArray[np.float32]
    offset: NDArray[np.float32]
    flam: NDArray[np.float32]

    def row(self, position: Ints) -> Ints:
        """Return the row of each position."""
        if not len(self.positions):
            return np.zeros(len(position), np.int64)
        at = np.minimum(np.searchsorted(self.positions, position), len(self.positions) - 1)
        return np.where(self.positions[at] == position, at, len(self.positions))

    def draw(
        self, row: Ints, label: Ints, random: np.random.Generator
    ) -> tuple[Ints, NDArray[np.float64]]:
        """Return (velocity 1..127, offset in ticks at 480 to the quarter) of each hit."""
        loud = _draw(self.velocity[row, label], random)
        velocity = loud * _VELOCITY_WIDTH + random.integers(0, _VELOCITY_WIDTH, len(row))
        late = _draw(self.offset[row, label], random) - OFFSET_BINS // 2
        within = random.integers(0, _OFFSET_WIDTH, len(row)) - _OFFSET_WIDTH // 2
        return np.clip(velocity, 1, 127), (late * _OFFSET_WIDTH + within).astype(np.float64)


def _draw(cumulative: NDArray[np.float32], random: np.random.Generator) -> Ints:
    at = (cumulative < random.random((len(cumulative), 1))).sum(axis=1)
    return np.asarray(np.minimum(at, cumulative.shape[1] - 1), dtype=np.int64)


def fit_expression(bars: pd.DataFrame, labels: int) -> Expression:
    """Return the histograms of the hits in rows of ``groove_events``.

    Parameters
    ----------
    bars
        Training bars.
    labels
        Number of labels.
    """
    per_bar = np.array([len(steps) for steps in bars["hit_step"]], dtype=np.int64)

    def hits(name: str) -> Floats:
        return np.concatenate([np.zeros(0), *(np.asarray(v, np.float64) for v in bars[name])])

    def bar(name: str) -> Ints:
        return np.repeat(bars[name].to_numpy(np.int64), per_bar)

    step, label = hits("hit_step").astype(np.int64), hits("hit_label").astype(np.int64)
    position = position_feature(step, bar("resolution"), bar("numerator"), bar("denominator"))
    place = place_feature(step, bar("resolution"))
    velocity = np.clip(hits("hit_velocity").astype(np.int64) // _VELOCITY_WIDTH, 0, 31)
    offset = np.rint(hits("hit_offset_ticks") / _OFFSET_WIDTH).astype(np.int64) + OFFSET_BINS // 2
    offset = np.clip(offset, 0, OFFSET_BINS - 1)
    positions, at = np.unique(position, return_inverse=True)
    places, coarse = np.unique(place, return_inverse=True)
    of_position = np.zeros(len(positions), dtype=np.int64)
    of_position[at] = coarse
    row = np.repeat(np.arange(len(bars)), per_bar)
    stroke = np.stack([row, step, label], axis=1)
    strokes = np.unique(stroke, axis=0)[:, 2] if len(stroke) else np.zeros(0, np.int64)
    struck = np.bincount(strokes, minlength=labels)
    all_hits = np.bincount(label, minlength=labels)
    flam = (all_hits - struck) / np.maximum(all_hits, 1)
    shapes = (len(positions), len(places), labels)
    return Expression(
        positions=positions,
        velocity=_smoothed(at, coarse, of_position, label, velocity, VELOCITY_BINS, shapes),
        offset=_smoothed(at, coarse, of_position, label, offset, OFFSET_BINS, shapes),
        flam=flam.astype(np.float32),
    )


def _smoothed(
    at: Ints,
    coarse: Ints,
    of_position: Ints,
    label: Ints,
    value: Ints,
    bins: int,
    shapes: tuple[int, int, int],
) -> NDArray[np.float32]:
    """Return cumulative shares ``[positions + 1, labels, bins]``."""
    positions, places, labels = shapes

    def histogram(group: Ints, groups: int) -> Floats:
        flat = (group * labels + label) * bins + value
        counted = np.bincount(flat, minlength=groups * labels * bins)
        return counted.reshape(groups, labels, bins).astype(np.float64)

    def shares(counts: Floats, prior: Floats) -> Floats:
        total = counts.sum(axis=-1, keepdims=True)
        return np.asarray((counts + SMOOTHING * prior) / (total + SMOOTHING))

    everything = histogram(np.zeros_like(label), 1).sum(axis=(0, 1))
    whole = (everything + 1.0 / bins) / (everything.sum() + 1.0)
    by_label = shares(histogram(np.zeros_like(label), 1), whole)
    by_place = shares(histogram(coarse, places), by_label)
    by_position = shares(histogram(at, positions), by_place[of_position])
    table = np.concatenate([by_position, by_label])
    return np.cumsum(table, axis=-1).astype(np.float32)
