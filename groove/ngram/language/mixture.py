"""Weights of the chains, by expectation-maximisation on held-out steps.

The weights are those under which held-out steps are likeliest (Dempster, Laird and Rubin 1977;
for language models Jelinek and Mercer 1980). They are fitted for each class of feature ``run``;
each class is smoothed towards the overall weights as if it had seen ``prior`` more steps of
average kind.

What belongs here: weights. What does not: what is weighed (:mod:`groove.ngram.language.model`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from groove.ngram.language.context import RUN_CLASSES, Ints

Floats = NDArray[np.float64]

_ROUNDS = 30

#: Weights where there is nothing to fit them on, about those that human performances give.
DEFAULTS = {"bar": 0.2, "step": 0.05, "copy": 0.2, "labels": 0.55}


def default_weights(chains: Sequence[str]) -> Floats:
    """Return ``float64[RUN_CLASSES, chains]``, equal in every class.

    >>> default_weights(["copy", "bar"])[0].tolist()
    [0.5, 0.5]
    """
    shares = np.array([DEFAULTS.get(name, 0.1) for name in chains])
    return np.tile(shares / shares.sum(), (RUN_CLASSES, 1))


def default_given(weights: Floats) -> Floats:
    """Return the weights under conditions, ``float64[RUN_CLASSES, 2 * chains]``: half and half."""
    return np.concatenate([weights, weights], axis=1) / 2


def fit_weights(parts: Floats, run: Ints, prior: float) -> Floats:
    """Return the weights of chains by class of ``run``, ``float64[RUN_CLASSES, chains]``.

    Parameters
    ----------
    parts
        ``float64[chains, events]``: each chain's probability of what came; at least one event.
    run
        ``int64[events]``.
    prior
        Steps that the overall weights count as in each class.
    """
    overall = np.full(len(parts), 1.0 / len(parts))
    for _ in range(_ROUNDS):
        share = overall[:, None] * parts
        overall = (share / share.sum(axis=0)).mean(axis=1)
    weights = np.tile(overall, (RUN_CLASSES, 1))
    for _ in range(_ROUNDS):
        share = weights[run].T * parts
        share /= share.sum(axis=0)
        credit = np.stack([np.bincount(run, weights=one, minlength=RUN_CLASSES) for one in share])
        weights = credit.T + prior * overall
        weights /= weights.sum(axis=1, keepdims=True)
    return weights
