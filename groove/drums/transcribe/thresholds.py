"""How sure the network must be of a hit of each class: chosen on validation recordings.

What belongs here: the choice. What does not: what a peak is (:mod:`groove.drums.transcribe.decode`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from groove.drums.transcribe.decode import HI_HATS, Peaks, added, peaks
from groove.drums.transcribe.evaluation import WINDOW_S, pairs
from groove.midi.taxonomy import CLASSES

_GRID = np.round(np.arange(0.1, 0.86, 0.05), 2)
#: Hits of the class that count as much as the choice for all classes together.
_PRIOR_HITS = 200.0


def choose(
    activations: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]],
    truth: Sequence[tuple[NDArray[np.float64], NDArray[np.int64]]],
    frames_per_s: float,
    apart_s: float,
) -> tuple[float, ...]:
    """Return a threshold for each class with the best F-measure, drawn to the common one.

    Parameters
    ----------
    activations
        Onset and velocity of each recording.
    truth
        Hits (s) and classes of each.
    frames_per_s, apart_s
        As in :func:`groove.drums.transcribe.decode.peaks`.

    Notes
    -----
    A class with few hits says little about its own threshold: its F-measures are mixed with
    those of all classes together, which count as 200 hits.
    """
    classes = activations[0][0].shape[1]
    hats = [place for place in range(classes) if CLASSES[place] in HI_HATS]
    hit = np.zeros((3, len(_GRID), classes))
    shared = np.zeros((3, len(_GRID), 1))
    for (onset, velocity), (true_s, klass) in zip(activations, truth, strict=True):
        found = peaks(onset, velocity, frames_per_s, np.full(classes, _GRID[0]), apart_s)
        for place in range(classes):
            hit[:, :, place] += _counts(found, place, np.sort(true_s[klass == place]))
        if hats:
            # What is decided is whether a hi-hat was struck: positions have one threshold.
            together = added(onset[:, hats])
            one = peaks(together, together, frames_per_s, [_GRID[0]], apart_s)
            any_hat = _counts(one, 0, np.sort(true_s[np.isin(klass, hats)]))
            shared[:, :, 0] += any_hat
    hit[:, :, hats] = shared
    struck = hit[2, 0]
    own = _f(hit)
    common = _f(hit.sum(axis=2, keepdims=True))
    mixed = (own * struck + common * _PRIOR_HITS) / (struck + _PRIOR_HITS)
    return tuple(float(_GRID[place]) for place in mixed.argmax(axis=0))


def _counts(found: Peaks, klass: int, struck: NDArray[np.float64]) -> NDArray[np.float64]:
    mine = found.klass == klass
    time_s, sure = found.time_s[mine], found.confidence[mine]
    rows = []
    for limit in _GRID:
        kept = np.sort(time_s[sure >= limit])
        rows.append((pairs(struck, kept, WINDOW_S), len(kept), len(struck)))
    return np.array(rows, dtype=np.float64).T


def _f(table: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(2.0 * table[0] / np.maximum(table[1] + table[2], 1.0))
