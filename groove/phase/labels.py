"""Bar phase: where inside the bar each audio frame falls.

The phase of a frame is the share of the current bar already played. It is 0.0 on the
downbeat and rises linearly to 1.0 at the next one, whatever the meter::

    bar starts (s)   0.0         2.0         4.0
    frame time (s)   0.0   1.0   2.0   3.5
    phase            0.00  0.50  0.00  0.75

Conventions
-----------
* Times are seconds. Bar starts are strictly increasing; the last one closes the last bar.
* Frame ``k`` is at ``k / FRAME_RATE_HZ``. Nothing here knows about samples.
* A frame outside every bar has no phase. It is ``nan``, never 0.0: an unknown must not
  look like a downbeat.
* Played at rate ``r``, what was at ``t`` is at ``t / r``: phase belongs to the music, so
  ``phase_r(t) = phase(r · t)``.

What belongs here: the meaning of a label, in numpy. What does not: losses and targets on
tensors (:mod:`groove.phase.learn.loss`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groove.midi.meter import BarGrid

Times = NDArray[np.float64]
Phase = NDArray[np.float64]

#: Frames per second of labels and predictions.
FRAME_RATE_HZ = 50
#: Sample rate that the model hears, in Hz.
SAMPLE_RATE = 16_000
#: Frames between what is heard last and what a network's evidence of beats speaks of.
DELAY = 4
#: Compound meters whose notated beats come faster are felt in groups of three.
COMPOUND_PER_MINUTE = 200.0
#: Samples per frame.
FRAME = SAMPLE_RATE // FRAME_RATE_HZ


class LabelError(ValueError):
    """Bar starts that do not describe bars."""


def bar_phase(times_s: Times, bar_starts_s: Times) -> Phase:
    """Return the phase at each time.

    Parameters
    ----------
    times_s
        Any shape, seconds.
    bar_starts_s
        ``(bars + 1,)``, seconds, strictly increasing.

    Returns
    -------
    Phase
        In ``[0, 1)``, ``nan`` outside every bar; the shape of ``times_s``.

    Raises
    ------
    LabelError
        If bar starts do not increase.

    Examples
    --------
    >>> bar_phase(np.array([0.0, 1.0, 2.0, 3.5, 4.0]), np.array([0.0, 2.0, 4.0])).tolist()
    [0.0, 0.5, 0.0, 0.75, nan]
    """
    phase = np.full(np.shape(times_s), np.nan)
    lengths = np.diff(bar_starts_s)
    if lengths.size == 0:
        return phase
    if not (lengths > 0).all():
        raise LabelError("bar starts must strictly increase; look at the song's meter events")
    bar = np.searchsorted(bar_starts_s, times_s, side="right") - 1
    inside = (bar >= 0) & (bar < len(lengths))
    bar = bar[inside]
    share = (times_s[inside] - bar_starts_s[bar]) / lengths[bar]
    # Rounding may reach 1.0 just before a bar line, and 1.0 is no phase.
    phase[inside] = np.minimum(share, np.nextafter(1.0, 0.0))
    return phase


def bar_length_s(times_s: Times, bar_starts_s: Times) -> Times:
    """Return the length in seconds of the bar around each time, ``nan`` outside every bar."""
    lengths = np.full(np.shape(times_s), np.nan)
    bar = np.searchsorted(bar_starts_s, times_s, side="right") - 1
    inside = (bar >= 0) & (bar < len(bar_starts_s) - 1)
    lengths[inside] = np.diff(bar_starts_s)[bar[inside]]
    return lengths


def tactus(grid: BarGrid) -> tuple[Times, NDArray[np.int64], NDArray[np.int64]]:
    """Return the beats that listeners move to.

    They are the notated beats, but for compound meters (6/8, 9/8, 12/8 …) whose notated beats come
    at more than :data:`COMPOUND_PER_MINUTE` a minute: those are felt in groups of three, two to a
    bar of 6/8. (Meters of one beat are felt as they are written.)

    Returns
    -------
    beat_s
        ``(beats,)`` seconds.
    beat_in_bar
        ``(beats,)`` number in the bar, 1 on the downbeat.
    beats_per_bar
        ``(bars,)`` beats of each bar.
    """
    bar = np.searchsorted(grid.bar_start_s, grid.beat_s + 1e-9, side="right") - 1
    bar = np.clip(bar, 0, grid.bars - 1)
    lengths = np.diff(grid.bar_start_s)
    # A bar cut short by the next meter has fewer beats, at the rate of a whole one.
    present = np.bincount(bar, minlength=grid.bars)
    rate = 60.0 * present / lengths
    compound = (grid.numerator % 3 == 0) & (grid.numerator > 3) & (grid.denominator >= 8)
    grouped = compound & (rate > COMPOUND_PER_MINUTE)
    kept = ~grouped[bar] | (grid.beat_in_bar % 3 == 1)
    number = np.where(grouped[bar], (grid.beat_in_bar - 1) // 3 + 1, grid.beat_in_bar)
    per_bar = np.where(grouped, grid.numerator // 3, grid.numerator)
    return grid.beat_s[kept], number[kept].astype(np.int64), per_bar.astype(np.int64)


def frame_times(frames: int, start_s: float = 0.0) -> Times:
    """Return the times of ``frames`` frames from ``start_s`` on, in seconds."""
    return start_s + np.arange(frames) / FRAME_RATE_HZ


def phase_distance(first: Phase, second: Phase) -> Phase:
    """Return the distance on the circle, in bars, within ``[0, 0.5]``.

    >>> phase_distance(np.array([0.9, 0.2]), np.array([0.1, 0.7])).round(6).tolist()
    [0.2, 0.5]
    """
    return np.abs((first - second + 0.5) % 1.0 - 0.5)


def circular_loss(first: Phase, second: Phase) -> Phase:
    """Return ``1 - cos(2π Δ)``: 0 where equal, 2 half a bar off, 1 on average by chance.

    The expectation by chance is exact: the cosine of a uniform angle has mean 0.
    """
    return 1.0 - np.cos(2 * np.pi * (first - second))
