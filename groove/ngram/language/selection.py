"""Choosing a model's settings on bars that it was not trained on.

In this order: how many context features, which estimator, how much a condition's shorter contexts
count; with each of them the weights of the chains that suit it best.

What belongs here: what is tried and compared. What does not: counting, and figures that are
reported (:mod:`groove.ngram.language.training`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from groove.ngram.language.assembly import Ingredients, assemble
from groove.ngram.language.context import FEATURES, Ints
from groove.ngram.language.heldout import bits, heldout, style_numbers
from groove.ngram.language.levels import Floats
from groove.ngram.language.mixture import fit_weights
from groove.ngram.language.model import GrooveModel
from groove.ngram.spec import ModelSpec, Smoothing

#: Estimators that ``auto`` chooses from; the first is the one that the order is chosen with.
SMOOTHINGS: tuple[Smoothing, ...] = ("absolute", "kneser_ney", "witten_bell")

_DEFAULT_ORDER = 4
_DEFAULT_SHARE = 0.5
# Steps that settings are compared on: more of them change the third decimal, and take their time.
_MOST_STEPS = 10_000
_RUN = FEATURES.index("run")


@dataclass(frozen=True)
class _Tried:
    """One setting: its bits per step on the held-out side, and its model."""

    figure: float
    model: GrooveModel


@dataclass(frozen=True)
class _Side:
    """Held-out steps, evenly taken from all there are."""

    features: Ints
    symbol: Ints
    bar: Ints


def choose(
    parts: Ingredients, spec: ModelSpec, bars: pd.DataFrame | None
) -> tuple[GrooveModel, list[dict[str, float]]]:
    """Return (model with the settings that code bars best, figure per order tried).

    Parameters
    ----------
    parts
        What models are made from.
    spec
        What is to be chosen, and from what.
    bars
        Held-out rows of ``groove_events``; without any, settings keep their defaults.
    """
    most = parts.orders
    if bars is None or bars.empty:
        order = min(most, _DEFAULT_ORDER if spec.order < 0 else spec.order)
        return assemble(parts, spec, order, _DEFAULT_SHARE), []
    side = _side(bars)
    smoothings = SMOOTHINGS if spec.smoothing == "auto" else (spec.smoothing,)
    with_first = spec.model_copy(update={"smoothing": smoothings[0]})
    history, best = _orders(parts, with_first, side, most)
    order = best.model.order
    for smoothing in smoothings[1:]:
        other = spec.model_copy(update={"smoothing": smoothing})
        best = min(best, _weighed(parts, other, side, order), key=lambda one: one.figure)
    chosen = spec.model_copy(update={"smoothing": best.model.card["smoothing"]})
    return _conditioned(parts, chosen, side, bars, best.model), history


def _side(bars: pd.DataFrame) -> _Side:
    whole = heldout(bars)
    steps = len(whole.symbol)
    taken = np.unique(np.linspace(0, steps - 1, min(steps, _MOST_STEPS)).astype(np.int64))
    return _Side(whole.features[taken], whole.symbol[taken], whole.bar[taken])


def _orders(
    parts: Ingredients, spec: ModelSpec, side: _Side, most: int
) -> tuple[list[dict[str, float]], _Tried]:
    """Return (figure per order tried, the best): from the longest contexts down, while it pays."""
    if spec.order >= 0:
        asked = _weighed(parts, spec, side, min(spec.order, most))
        lowest = asked if not asked.model.order else _weighed(parts, spec, side, 0)
        tried = [lowest] if lowest is asked else [lowest, asked]
        best = asked
    else:
        tried = []
        for order in range(most, -1, -1):
            tried.insert(0, _weighed(parts, spec, side, order))
            # Shorter contexts only get worse once they are.
            if len(tried) > 1 and tried[0].figure > tried[1].figure:
                break
        best = min(tried, key=lambda one: one.figure)
    history = [
        {"epoch": float(one.model.order), "validation_bits_per_event": one.figure} for one in tried
    ]
    return history, best


def _weighed(parts: Ingredients, spec: ModelSpec, side: _Side, order: int) -> _Tried:
    """Return a model without conditions, its chains weighed to suit the held-out side."""
    model = assemble(parts, spec, order, conditioned=False)
    found = model.parts(side.features, side.symbol)
    weights, figure = _fitted(found, side.features[:, _RUN], spec)
    return _Tried(figure, dataclasses.replace(model, weights=weights))


def _conditioned(
    parts: Ingredients, spec: ModelSpec, side: _Side, bars: pd.DataFrame, plain: GrooveModel
) -> GrooveModel:
    """Return the model with conditions, their share and their weights.

    Weights have to suit all of a loop's tags at once and its style alone: both are asked for.
    """
    model = assemble(parts, spec, plain.order, _DEFAULT_SHARE, plain.weights)
    numbers = (model.conditions_of(bars)[side.bar], style_numbers(model, bars)[side.bar, None])
    told = [(at, one) for one in numbers if len(at := np.flatnonzero((one > 0).any(axis=1)))]
    if not told:
        return model
    run = np.concatenate([side.features[at, _RUN] for at, _ in told])
    tried = []
    for share in spec.condition_shares:
        one = dataclasses.replace(model, share=share)
        found = np.concatenate(
            [one.parts(side.features[at], side.symbol[at], numbers[at]) for at, numbers in told],
            axis=1,
        )
        weights, figure = _fitted(found, run, spec)
        tried.append(_Tried(figure, dataclasses.replace(one, given_weights=weights)))
    return min(tried, key=lambda one: one.figure).model


def _fitted(parts: Floats, run: Ints, spec: ModelSpec) -> tuple[Floats, float]:
    """Return (weights by class of run, bits per step with them)."""
    weights = fit_weights(parts, run, spec.mixture_prior)
    return weights, bits((weights[run] * parts.T).sum(axis=1))
