"""How often each event is drawn in training: by its session and by its class.

What belongs here: the chances. What does not: the weights of sessions
(:mod:`groove.drums.manifest.weights`), drawing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from groove.drums.manifest.weights import WeightError, event_chances, weights_of


def chances(
    truth: NDArray[np.bool_],
    sessions: Sequence[str],
    balance: float,
    weights: Mapping[str, float] | None = None,
) -> NDArray[np.float64]:
    """Return each event's chance to be drawn; they sum to 1.

    Parameters
    ----------
    truth
        ``(events, classes)``. An event counts as one of its rarest class; one without a class as
        one of a class of its own.
    sessions
        What each event was played in: a song, or a kit's one-shots.
    balance
        A class is drawn with ``events of the class ** -balance``: 0 as they come, 1 all classes
        equally often.
    weights
        Weight of each session's events; by default those of
        :func:`~groove.drums.manifest.weights.weights_of`.

    Raises
    ------
    groove.drums.manifest.weights.WeightError
        If a session has no weight, or there is no event.
    """
    chosen = weights_of(sessions) if weights is None else weights
    own = event_chances(sessions, chosen)
    # Classes are counted as they are drawn, after the sessions had their say.
    by_class = (truth * own[:, None]).sum(axis=0)
    without = float(own[~truth.any(axis=1)].sum())
    rarest = np.where(truth, by_class, np.inf).min(axis=1, initial=np.inf)
    rarest = np.where(np.isfinite(rarest), rarest, without)
    chance = own * rarest**-balance
    return np.asarray(chance / chance.sum())


def completed(
    weights: Mapping[str, float], sessions: Sequence[str], recorded: Sequence[bool]
) -> dict[str, float]:
    """Return the weights with those of sessions that no manifest knows: kits, as by default.

    Parameters
    ----------
    weights
        By session of the manifest.
    sessions
        Of each event.
    recorded
        Whether each event is of a manifest's recordings, which need a weight.

    Raises
    ------
    groove.drums.manifest.weights.WeightError
        If a recorded session has none.
    """
    lacking = {s for s, real in zip(sessions, recorded, strict=True) if real} - set(weights)
    if lacking:
        raise WeightError(
            f"{len(lacking)} sessions have no weight, such as {min(lacking)!r}: derive the weights "
            "from the manifest that is learnt from"
        )
    return {**weights_of(sessions), **weights}


def of_kinds(
    chance: NDArray[np.float64], kinds: Sequence[str], shares: Mapping[str, float]
) -> NDArray[np.float64]:
    """Return chances in which each kind of sound that is there has its share, relative to others.

    Parameters
    ----------
    chance
        Each event's own.
    kinds
        The kind of each event.
    shares
        By kind; a kind that has none here gets 1.
    """
    result = chance.copy()
    named = np.array(kinds)
    for kind in dict.fromkeys(kinds):
        own = named == kind
        result[own] *= shares.get(kind, 1.0) / max(float(chance[own].sum()), 1e-12)
    return np.asarray(result / result.sum())
