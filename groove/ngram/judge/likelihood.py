"""How many bits a groove model needs for bars: its own sets, and the 13 labels of the yardstick.

A groove model predicts every step of every bar, empty ones too, as a set of its labels. To hold
it to references that predict one of 13 labels at a time (:mod:`groove.ngram.judge.tokens`), the
probability of a set of the 13 is added up over *every* set of labels that amounts to it, heard
before or not. Of 16 labels at most 21 sets amount to one (three of a snare and its rim, seven of
three crashes), so the sum is exact, and it asks the model and nothing else.

The perplexity that compares is ``2 ** (bits of all steps / number of tokens)``: the model pays
for empty steps, silent bars and where bars end, and the references don't (theirs is the shorter
message). On the other side the model remembers which pad an earlier hit was on. What it needs
for full sets, nothing joined, is an upper bound that owes nothing to that, and is reported too.

What belongs here: code lengths. What does not: references
(:mod:`groove.ngram.judge.reference`), what is reported (:mod:`groove.ngram.judge.evaluation`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.judge.tokens import projected
from groove.ngram.language.context import Ints, events_of_bars, features_of
from groove.ngram.language.model import GrooveModel

Floats = NDArray[np.float64]

#: Sets of labels asked for at a time, and the most that are asked for one by one.
_CHUNK = 1 << 18
_MOST_SETS = 1 << 20


def bits_by_event(model: GrooveModel, bars: pd.DataFrame, condition: Ints | None = None) -> Floats:
    """Return the code length of each step of rows of ``groove_events``.

    Parameters
    ----------
    model
        Who predicts.
    bars
        In order of key and bar.
    condition
        ``int64[rows, m]``: numbers of the conditions of each row; ``None`` is none.
    """
    events = events_of_bars(bars)
    given = None if condition is None else condition[events.bar]
    probability = model.probability(features_of(events), events.symbol, given)
    return np.asarray(-np.log2(probability))


def coarse_bits_by_event(model: GrooveModel, bars: pd.DataFrame, coarse: Ints) -> Floats:
    """Return the code length of each step's set of the 13 labels, all its full sets together.

    Parameters
    ----------
    model
        Who predicts.
    bars
        In order of key and bar.
    coarse
        Place of each of the model's labels among the 13.
    """
    events = events_of_bars(bars)
    return np.asarray(
        -np.log2(coarse_probability(model, features_of(events), events.symbol, coarse))
    )


def coarse_probability(model: GrooveModel, features: Ints, symbol: Ints, coarse: Ints) -> Floats:
    """Return the probability that the step amounts to the same set of the 13 as ``symbol``."""
    wanted, which = np.unique(projected(symbol, coarse), return_inverse=True)
    members = [_sets_of(one, coarse) for one in wanted.tolist()]
    sizes = np.array([len(one) for one in members], dtype=np.int64)
    first = np.cumsum(sizes) - sizes
    flat = np.concatenate([np.zeros(0, np.int64), *members])
    event = np.repeat(np.arange(len(symbol)), sizes[which])
    within = np.arange(len(event)) - np.repeat(np.cumsum(sizes[which]) - sizes[which], sizes[which])
    asked = flat[first[which[event]] + within]
    found = np.concatenate(
        [np.zeros(0)]
        + [
            model.probability(features[event[at : at + _CHUNK]], asked[at : at + _CHUNK])
            for at in range(0, len(event), _CHUNK)
        ]
    )
    return np.bincount(event, weights=found, minlength=len(symbol)).astype(np.float64)


def sum_to_one_error(
    model: GrooveModel, bars: pd.DataFrame, *, contexts: int = 8, seed: int = 0
) -> float | None:
    """Return how far the probabilities of all sets of labels are from 1, at worst.

    All ``2 ** labels`` sets are asked for, one by one, after contexts drawn from the bars,
    without and with their conditions. Of more than 20 labels, sets never heard are added up by
    the model itself (:meth:`groove.ngram.language.model.GrooveModel.sum_to_one_error`).

    Parameters
    ----------
    model
        Who predicts.
    bars
        Rows of ``groove_events``, in order of key and bar.
    contexts
        How many steps of them; more than there are takes all.
    seed
        Of the draw.

    Returns
    -------
    float or None
        The largest difference from 1; infinite if a probability is negative or not finite.
        ``None`` if there is no step.
    """
    events = events_of_bars(bars)
    size = 1 << len(model.labels)
    if not len(events):
        return None
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(len(events))[:contexts])
    features = features_of(events)[chosen]
    given = model.conditions_of(bars)[events.bar[chosen]]
    if size > _MOST_SETS:
        return max(model.sum_to_one_error(features, wish) for wish in (None, given))
    every = np.arange(size, dtype=np.int64)
    worst = 0.0
    for row, condition in zip(features, given, strict=True):
        for wish in (None, condition):
            found = np.concatenate(
                [
                    model.probability(
                        np.broadcast_to(row, (len(asked), len(row))),
                        asked,
                        None if wish is None else np.broadcast_to(wish, (len(asked), len(wish))),
                    )
                    for asked in np.split(every, range(_CHUNK, size, _CHUNK))
                ]
            )
            if not np.isfinite(found).all() or (found < 0).any():
                return float("inf")
            worst = max(worst, abs(float(found.sum()) - 1.0))
    return worst


def _sets_of(wanted: int, coarse: Ints) -> Ints:
    """Return every set of labels that amounts to one set of the 13."""
    found = np.zeros(1, dtype=np.int64)
    for place in range(int(coarse.max()) + 1):
        if wanted >> place & 1:
            bits = np.flatnonzero(coarse == place)
            choices = np.arange(1, 1 << len(bits), dtype=np.int64)
            masks = ((choices[:, None] >> np.arange(len(bits)) & 1) << bits).sum(axis=1)
            found = (found[:, None] | masks).ravel()
    return found
