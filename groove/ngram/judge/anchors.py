"""What distances mean: the smallest that can be hoped for, and those of grooves without sense.

* The *floor* is the distance of one half of the played performances to the other half.
* *Shuffled* bars have the right number of hits, drums, velocities and micro-timings, each in the
  wrong place and in the wrong company.
* *Uniform* bars have the right number of hits, and nothing else.

What belongs here: bars to compare with. What does not: comparing
(:mod:`groove.ngram.judge.distance`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from groove.midi.taxonomy import LABELS
from groove.ngram.judge.distance import distance
from groove.ngram.judge.hits import Floats, hits_of, in_order, loops_of
from groove.ngram.language.context import Ints
from groove.ngram.play.render import OFFSET_TICKS


def floor(
    bars: pd.DataFrame, *, splits: int = 5, seed: int = 0, labels: Sequence[str] = LABELS
) -> dict[str, float] | None:
    """Return the mean ``total`` and ``joint`` distance of halves of the performances.

    ``None`` if there are fewer than two. A half has half of the data, so the floor is a little
    too high, never too low.
    """
    ordered = in_order(bars)
    loop = loops_of(ordered)
    loops = int(loop[-1]) + 1 if len(loop) else 0
    if loops < 2:
        return None
    random = np.random.default_rng(seed)
    found = []
    for _ in range(splits):
        side = random.permutation(loops) % 2 == 0
        one, other = ordered[side[loop]], ordered[~side[loop]]
        if one["hit_step"].map(len).sum() and other["hit_step"].map(len).sum():
            found.append(distance(one, other, bootstrap=0, labels=labels))
    if not found:
        return None
    return {
        "total": float(np.mean([d.total.value for d in found])),
        "joint": float(np.mean([d.joint.value for d in found])),
    }


def shuffled(bars: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return the bars with steps drawn at random and everything else dealt out anew."""
    ordered = in_order(bars)
    hits = hits_of(ordered)
    random = np.random.default_rng(seed)
    return _filled(
        ordered,
        hits.row,
        _any_step(ordered, hits.row, random),
        hits.label[random.permutation(len(hits))],
        hits.velocity[random.permutation(len(hits))],
        hits.offset_ticks[random.permutation(len(hits))],
    )


def uniform(bars: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return the bars with as many hits, every one drawn at random, drums from those in use."""
    ordered = in_order(bars)
    hits = hits_of(ordered)
    random = np.random.default_rng(seed)
    half_step = OFFSET_TICKS / hits.resolution / 2
    return _filled(
        ordered,
        hits.row,
        _any_step(ordered, hits.row, random),
        random.choice(np.unique(hits.label), len(hits)) if len(hits) else hits.label,
        random.integers(1, 128, len(hits)),
        random.uniform(-half_step, half_step),
    )


def _any_step(bars: pd.DataFrame, row: Ints, random: np.random.Generator) -> Ints:
    return random.integers(0, bars["steps"].to_numpy(np.int64)[row])


def _filled(
    bars: pd.DataFrame,
    row: Ints,
    step: Ints,
    label: Ints,
    velocity: Ints,
    offset: Floats,
) -> pd.DataFrame:
    """Return the bars with other hits; of several on one step and drum the first stays."""
    order = np.lexsort((label, step, row))
    place = np.stack([row, step, label])[:, order]
    first = np.append(True, (np.diff(place, axis=1) != 0).any(axis=0))[: len(order)]
    order = order[first]
    ends = np.cumsum(np.bincount(row[order], minlength=len(bars)))[:-1]
    steps = bars["steps"].to_numpy(np.int64)
    begins = np.cumsum(steps) - steps
    symbols = np.zeros(int(steps.sum()), dtype=np.int64)
    np.bitwise_or.at(symbols, begins[row] + step, np.left_shift(1, label))
    columns = {
        "hit_step": step,
        "hit_label": label,
        "hit_velocity": velocity,
        "hit_offset_ticks": offset,
    }
    filled = bars.copy()
    filled["symbols"] = pd.Series(np.split(symbols, begins[1:]), index=bars.index)
    for name, values in columns.items():
        filled[name] = pd.Series(np.split(values[order], ends), index=bars.index)
    return filled
