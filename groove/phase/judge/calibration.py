"""Whether a tracker knows when it is right: error against its own confidence.

What belongs here: the table and the rank correlation. What does not: errors themselves
(:mod:`groove.phase.judge.figures`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from groove.phase.judge.figures import Errors
from groove.phase.labels import FRAME_RATE_HZ, Phase, Times, bar_phase, phase_distance

#: Edges of the classes of confidence.
EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
#: A phase this near, in bars, is right: a sixteenth in 4/4.
RIGHT_BARS = 1 / 16
_CLASSES = 10


def joined(errors: Sequence[Errors]) -> Errors:
    """Return the errors of several recordings as one."""
    none = np.empty(0)
    return Errors(
        bars=np.concatenate([none, *(one.bars for one in errors)]),
        seconds=np.concatenate([none, *(one.seconds for one in errors)]),
        loss=np.concatenate([none, *(one.loss for one in errors)]),
        confidence=np.concatenate([none, *(one.confidence for one in errors)]),
    )


def by_confidence(errors: Errors) -> list[Mapping[str, Any]]:
    """Return one row per class of confidence: frames, and how wrong they are.

    Returns
    -------
    list of mappings
        ``from``, ``to`` (the last class includes its end), ``frames``, ``right`` (share within
        :data:`RIGHT_BARS`), ``phase_error_ms_median`` and ``phase_loss``; the last three are
        None where there are no frames.
    """
    place = np.searchsorted(EDGES[1:-1], errors.confidence, side="right")
    place = np.where(np.isfinite(errors.confidence), place, -1)
    rows: list[Mapping[str, Any]] = []
    for at, (low, high) in enumerate(pairwise(EDGES)):
        here = place == at
        count = int(here.sum())
        rows.append(
            {
                "from": low,
                "to": high,
                "frames": count,
                "right": float((errors.bars[here] <= RIGHT_BARS).mean()) if count else None,
                "phase_error_ms_median": (
                    1000 * float(np.median(errors.seconds[here])) if count else None
                ),
                "phase_loss": float(errors.loss[here].mean()) if count else None,
            }
        )
    return rows


def _by_class(confidence: Phase, error: Phase) -> tuple[Phase, Phase]:
    """Return, per class of confidence, its share of the frames and how far it is above the truth."""
    known = np.isfinite(confidence) & np.isfinite(error)
    confidence, true = confidence[known], np.cos(2 * np.pi * error[known])
    place = np.minimum((confidence * _CLASSES).astype(int), _CLASSES - 1)
    count = np.bincount(place, minlength=_CLASSES)
    above = np.bincount(place, weights=confidence - true, minlength=_CLASSES)
    return count / max(1, known.sum()), above / np.maximum(count, 1)


def calibration_error(confidence: Phase, error: Phase) -> float:
    """Return the mean distance of confidence and the cosine of the error, over classes of it.

    The expected calibration error (Naeini, Cooper and Hauskrecht 2015) of an expectation instead of
    a chance; ten classes of one width, each counting by its frames.

    Parameters
    ----------
    confidence, error
        ``(n,)`` 0 to 1; bars.
    """
    share, above = _by_class(confidence, error)
    return float((share * np.abs(above)).sum())


def overconfidence(confidence: Phase, error: Phase) -> float:
    """Return the part of :func:`calibration_error` in which confidence was too high."""
    share, above = _by_class(confidence, error)
    return float((share * np.maximum(above, 0)).sum())


def rank_correlation(confidence: Phase, error: Phase) -> float:
    """Return Spearman's rank correlation of confidence and error: -1 is a tracker that knows.

    ``nan`` where either does not vary, or fewer than three values are known.
    """
    from scipy.stats import spearmanr

    known = np.isfinite(confidence) & np.isfinite(error)
    if known.sum() < 3:
        return float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of constants, which are nan here
        return float(spearmanr(confidence[known], error[known]).statistic)


def frames_of(table: pd.DataFrame) -> tuple[Times, Times]:
    """Return the confidence and the phase error, in bars, of all frames whose bar is known.

    Parameters
    ----------
    table
        Rows of ``phase_evaluation``.
    """
    sure, off = [np.empty(0)], [np.empty(0)]
    columns = ("phase", "frame_confidence", "bar_start_s", "anticipation_s")
    for said, certain, bars, look in zip(*(table[name] for name in columns), strict=True):
        phase = np.asarray(said, dtype=np.float64)
        confidence = np.asarray(certain, dtype=np.float64)
        times = (np.arange(len(phase)) + 1) / FRAME_RATE_HZ + float(look)
        label = bar_phase(times, np.asarray(bars, dtype=np.float64))
        error = phase_distance(phase, label)
        known = np.isfinite(error) & np.isfinite(confidence)
        sure.append(confidence[known])
        off.append(error[known])
    return np.concatenate(sure), np.concatenate(off)
