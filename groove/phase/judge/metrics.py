"""Figures of bar phase: error on the circle, in milliseconds, and downbeats found.

Conventions
-----------
* Phases are in bars, ``[0, 1)``; times are seconds; ``nan`` is unknown and does not count.
* A downbeat is found if an estimate lies within 70 ms, one estimate per downbeat (the window of
  MIREX and mir_eval).

What belongs here: pure measures, in numpy. What does not: running a model
(:mod:`groove.phase.judge.evaluation`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.phase.labels import Phase, Times, phase_distance

WINDOW_S = 0.07
#: Two downbeats nearer than this are one: no bar of music is so short.
MIN_BAR_S = 0.3


@dataclass(frozen=True)
class Matches:
    """Counts that F-measures are made of; add them up over pieces before dividing."""

    found: int
    reference: int
    estimate: int

    @property
    def f_measure(self) -> float:
        """Harmonic mean of precision and recall; ``nan`` if there was nothing to find."""
        if self.reference == 0:
            return float("nan")
        return 2 * self.found / (self.reference + self.estimate)

    def __add__(self, other: Matches) -> Matches:
        return Matches(
            self.found + other.found,
            self.reference + other.reference,
            self.estimate + other.estimate,
        )


def match(reference_s: Times, estimate_s: Times, window_s: float = WINDOW_S) -> Matches:
    """Return how many events of two increasing lists pair up within ``window_s``.

    Giving each reference, in order, the earliest free estimate in its window finds the largest
    possible number of pairs: windows are of one width, so an earlier estimate is of no more use
    to a later reference.
    """
    found, free = 0, 0
    for time in reference_s:
        while free < len(estimate_s) and estimate_s[free] < time - window_s:
            free += 1
        if free < len(estimate_s) and estimate_s[free] <= time + window_s:
            found += 1
            free += 1
    return Matches(found, len(reference_s), len(estimate_s))


def downbeats_of(phase: Phase, times_s: Times) -> Times:
    """Return when a phase passes a bar line going forward, between frames.

    A crossing is a step of less than half a bar from the last half of a bar to the first.
    Of crossings nearer than :data:`MIN_BAR_S` the first counts.

    Parameters
    ----------
    phase, times_s
        ``(frames,)``; times increase.
    """
    around = (phase + 0.5) % 1.0 - 0.5
    step = np.diff(around)
    crossing = (around[:-1] < 0) & (around[1:] >= 0) & (step < 0.5)
    k = np.flatnonzero(crossing)
    at = times_s[k] - around[k] / step[k] * (times_s[k + 1] - times_s[k])
    kept: list[float] = []
    for time in at.tolist():
        if not kept or time - kept[-1] >= MIN_BAR_S:
            kept.append(time)
    return np.array(kept)


def error_ms(predicted: Phase, label: Phase, bar_length_s: Times) -> NDArray[np.float64]:
    """Return the known errors in milliseconds: phase distance times the bar's length."""
    error = phase_distance(predicted, label) * bar_length_s * 1000.0
    return error[np.isfinite(error)]
