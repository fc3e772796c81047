"""What is known of a recording: its beats, its bars, and where neither is known.

Beats files have one beat per line: its time in seconds, then its number in the bar (1 is a
downbeat), with a tab, spaces or a comma between. Files of times alone know beats but no bars.
Empty lines and what follows ``#`` are skipped.

Conventions
-----------
* Times are seconds and strictly increase.
* A bar lies between two downbeats. It is known if its beats count 1, 2, 3 …: a gap in the
  annotation is not a long bar.

What belongs here: reading and holding references. What does not: comparing
(:mod:`groove.phase.judge.figures`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.phase.labels import Phase, Times, bar_length_s, bar_phase

#: What a file's meter is called when the bars do not agree, or there are none.
CHANGING, UNKNOWN = "changes", "unknown"
#: Share of bars that may have another length, such as a last bar cut short.
_ODD_BARS = 0.05
#: A beat this near a bar line is on it; both may have been rounded.
_SAME_S = 1e-3


class BeatsError(ValueError):
    """A beats file that cannot be used. The message names the line and what is wrong."""


@dataclass(frozen=True)
class Reference:
    """Beats and bars of one recording.

    Parameters
    ----------
    beat_s
        ``(beats,)``, seconds.
    bar_start_s
        ``(bars + 1,)``, seconds; the last one closes the last bar. Empty if no bar is known.
    bar_known
        ``(bars,)``: false over gaps.
    beats_per_bar
        ``(bars,)``; 0 if unknown.
    """

    beat_s: Times
    bar_start_s: Times
    bar_known: NDArray[np.bool_]
    beats_per_bar: NDArray[np.int64]

    def phase_at(self, times_s: Times) -> Phase:
        """Return the bar phase at each time, ``nan`` where no bar is known."""
        return np.where(self._known_at(times_s), bar_phase(times_s, self.bar_start_s), np.nan)

    def bar_length_at(self, times_s: Times) -> Times:
        """Return the length of the bar around each time (s), ``nan`` where none is known."""
        return np.where(self._known_at(times_s), bar_length_s(times_s, self.bar_start_s), np.nan)

    def _known_at(self, times_s: Times) -> NDArray[np.bool_]:
        bar = np.searchsorted(self.bar_start_s, times_s, side="right") - 1
        inside = (bar >= 0) & (bar < len(self.bar_known))
        known = np.zeros(np.shape(times_s), dtype=bool)
        known[inside] = self.bar_known[bar[inside]]
        return known

    @property
    def meter(self) -> str:
        """Beats per bar as text, :data:`CHANGING` or :data:`UNKNOWN`."""
        lengths = self.beats_per_bar[self.bar_known & (self.beats_per_bar > 0)]
        if not lengths.size:
            return UNKNOWN
        usual, counts = np.unique(lengths, return_counts=True)
        if counts.max() < (1 - _ODD_BARS) * lengths.size:
            return CHANGING
        return str(usual[counts.argmax()])

    @property
    def tempo_bpm(self) -> float:
        """Beats per minute by the median interval; ``nan`` of fewer than two beats."""
        if len(self.beat_s) < 2:
            return float("nan")
        return float(60.0 / np.median(np.diff(self.beat_s)))


def read_beats(text: str) -> Reference:
    r"""Return the reference in the text of a beats file.

    Raises
    ------
    BeatsError
        If a line has no such form, times do not increase, or there is no beat.

    Examples
    --------
    >>> read = read_beats("0.5 1\n1.0 2\n1.5 1\n")
    >>> read.beat_s.tolist(), read.bar_start_s.tolist(), read.meter
    ([0.5, 1.0, 1.5], [0.5, 1.5], '2')
    """
    times: list[float] = []
    numbers: list[int] = []
    for place, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        words = line.split("#", 1)[0].replace(",", " ").split()
        if words:
            _read_line(words, place, times, numbers)
    if not times:
        raise BeatsError("has no beats")
    return of_beats(np.array(times), np.array(numbers, dtype=np.int64))


def _read_line(words: list[str], place: int, times: list[float], numbers: list[int]) -> None:
    if len(words) > 2:
        raise BeatsError(f"line {place}: {len(words)} values, not a time and a beat in the bar")
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise BeatsError(f"line {place}: {' '.join(words)[:40]!r} is no number") from error
    if not math.isfinite(values[0]) or values[0] < 0:
        raise BeatsError(f"line {place}: {words[0]} is no time in seconds")
    if times and values[0] <= times[-1]:
        raise BeatsError(f"line {place}: {words[0]} is not after the beat before it")
    if times and (len(words) == 2) != bool(numbers):
        raise BeatsError(f"line {place}: some lines have a beat in the bar and some do not")
    times.append(values[0])
    if len(words) == 2:
        if not (values[1].is_integer() and 1 <= values[1] <= 64):
            raise BeatsError(f"line {place}: {words[1]} is no beat in a bar; 1 is a downbeat")
        numbers.append(int(values[1]))


def of_beats(beat_s: Times, beat_in_bar: NDArray[np.int64]) -> Reference:
    """Return the reference of beats and their numbers; no numbers at all means no bars."""
    down = np.flatnonzero(beat_in_bar == 1)
    # Each downbeat must follow a bar that counted on by one: 1 2 3 1, not 1 2 4 1.
    steps = np.concatenate([[0], np.cumsum(np.diff(beat_in_bar) == 1)])
    between = down[1:] - down[:-1]
    known = steps[down[1:] - 1] - steps[down[:-1]] == between - 1 if len(down) > 1 else []
    return Reference(
        beat_s=beat_s,
        bar_start_s=beat_s[down],
        bar_known=np.asarray(known, dtype=bool),
        beats_per_bar=np.asarray(between, dtype=np.int64),
    )


def of_bars(bar_start_s: Times, beat_s: Times) -> Reference:
    """Return the reference of bars that are all known, with the beats in some part of them.

    How many beats a bar has is only known if all of them are there; otherwise it is 0.
    """
    inside = np.searchsorted(beat_s, bar_start_s - _SAME_S)
    count = np.diff(inside).astype(np.int64)
    if len(beat_s):
        whole = (bar_start_s[:-1] >= beat_s[0] - _SAME_S) & (
            bar_start_s[1:] <= beat_s[-1] + _SAME_S
        )
        count = np.where(whole, count, 0)
    return Reference(
        beat_s=beat_s,
        bar_start_s=bar_start_s,
        bar_known=np.ones(max(0, len(bar_start_s) - 1), dtype=bool),
        beats_per_bar=count,
    )
