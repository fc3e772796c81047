"""From rows to beats: when each falls, and which of the bar it is, told before it falls.

A beat is told from the last row before it, where its phase and tempo say that it comes within the
next 20 ms: so it depends on no sound after itself. Where the phase passes a beat without such a
notice, the beat is told at the row that has passed it. A second one within half a beat is the
same one.

Which beat of the bar it is comes from the phase in the bar; where that contradicts the count, the
count stands until the contradiction has come up at two beats in a row.

Conventions
-----------
* Times are of the music: row time plus anticipation. With an anticipation a beat is known that
  much before it falls.
* Numbers start at 1, the downbeat. From a model that knows bars alone come the downbeats alone.

What belongs here: reading rows. What does not: writing beats down
(:mod:`groove.phase.play.formats`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.phase.labels import FRAME_RATE_HZ
from groove.phase.play.estimates import Estimates

_HOP_S = 1 / FRAME_RATE_HZ
#: Two beats are at least this share of a beat apart.
_LEAST_GAP = 0.5
#: The same of bars where nothing says how long they are, seconds.
_LEAST_BAR_S = 0.3
#: Beats in a row at which the phase must contradict the count in the same way.
_CONTRADICTIONS = 2
#: Below this nobody taps: there is no music, or no beat in it.
LEAST_CONFIDENCE = 0.02


@dataclass(frozen=True)
class Beats:
    """Beats in order.

    Parameters
    ----------
    time_s
        ``(n,)`` seconds.
    number
        ``(n,)`` which beat of its bar, from 1.
    confidence
        ``(n,)`` 0 to 1.
    """

    time_s: NDArray[np.float64]
    number: NDArray[np.int64]
    confidence: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.time_s)

    def until(self, seconds: float) -> Beats:
        """Return those before a time, such as the end of a file."""
        kept = self.time_s < seconds
        return Beats(self.time_s[kept], self.number[kept], self.confidence[kept])


class BeatReader:
    """Beats from rows as they come.

    Parameters
    ----------
    anticipation_s
        That of the rows.
    least_confidence
        Rows below it bring no beat.
    """

    def __init__(
        self, anticipation_s: float = 0.0, least_confidence: float = LEAST_CONFIDENCE
    ) -> None:
        self.anticipation_s = anticipation_s
        self.least_confidence = least_confidence
        self._phase: float | None = None
        self._last_s = -np.inf
        self._count = _Count()

    def push(self, rows: Estimates) -> Beats:
        """Return the beats that the next rows bring."""
        known = not np.isnan(rows.beat_phase).any()
        phases = rows.beat_phase if known else rows.bar_phase
        found: list[tuple[float, int, float]] = []
        for k, phase in enumerate(phases.tolist()):
            now = float(rows.time_s[k]) + self.anticipation_s
            period = 60 / float(rows.tempo_bpm[k]) if known else np.inf
            at = self._beat(now, phase, period)
            confidence = float(rows.confidence[k])
            if at is None or confidence < self.least_confidence:
                continue
            self._last_s = at
            number = 1
            if known:
                beats = max(int(rows.beats_per_bar[k]), 1)
                place = float(rows.bar_phase[k]) * beats + (at - now) / period
                number = self._count.next(place, beats)
            found.append((at, number, confidence))
        times, numbers, confidences = zip(*found, strict=True) if found else ((), (), ())
        return Beats(
            np.array(times, dtype=np.float64),
            np.array(numbers, dtype=np.int64),
            np.array(confidences, dtype=np.float64),
        )

    def _beat(self, now: float, phase: float, period: float) -> float | None:
        """Return when a beat falls, if it does before the next row or has since the last."""
        before, self._phase = self._phase, phase
        coming = (1 - phase) * period
        if coming <= _HOP_S * (1 + 1e-9):
            at = now + coming
        elif before is not None and phase < before and (phase - before) % 1.0 < 0.5:
            at = now
        else:
            return None
        least = _LEAST_GAP * period if np.isfinite(period) else _LEAST_BAR_S
        return at if at - self._last_s >= least else None


class _Count:
    """Counting beats, with a phase that may say otherwise."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._off = 0
        self._times = 0

    def next(self, place: float, beats: int) -> int:
        """Return the number of the next beat, which the phase puts at ``place`` beats."""
        read = round(place) % beats
        if self._last is None:
            self._last = read
            return read + 1
        expected = (self._last + 1) % beats
        off = (read - expected) % beats
        self._times = self._times + 1 if off == self._off else 1
        self._off = off
        self._last = read if self._times >= _CONTRADICTIONS else expected
        if self._times >= _CONTRADICTIONS:
            self._off = 0
        return self._last + 1


def beats_of(
    rows: Estimates, anticipation_s: float = 0.0, least_confidence: float = LEAST_CONFIDENCE
) -> Beats:
    """Return the beats of all rows."""
    return BeatReader(anticipation_s, least_confidence).push(rows)
