"""The tempo of a whole recording, from when its beats fall.

The filter's tempos stand on a grid, and a tempo between two of them comes out as one or the other.
Where beats are known on both sides of a moment, the straight line through their times says it finer:
a beat that is 5 ms off changes the slope over a dozen beats by a thousandth.

What belongs here: tempo from beats. What does not: the beats (:mod:`groove.phase.play.beats`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groove.phase.play.beats import Beats

#: Beats on either side through which the line goes.
_REACH = 6
#: A beat whose distance from its neighbours, in beats of the tempo that is known roughly, is further
#: from one than this is no part of the line: one was left out, or the tempo has turned.
_ODD = 0.15
#: Nor is one at which the rough tempo turns by more than this, in its logarithm.
_TURN = 0.08


def refined(
    time_s: NDArray[np.float64], tempo_bpm: NDArray[np.float64], beats: Beats
) -> NDArray[np.float64]:
    """Return ``(n,)`` tempos at ``(n,)`` times, given rough ones and the beats around.

    Where no two beats follow each other at about the rough tempo it stays as it is.

    Parameters
    ----------
    time_s
        Seconds, of the music.
    tempo_bpm
        Beats per minute, as the filter has them.
    beats
        All beats.
    """
    if len(beats) < 2 or not len(time_s):
        return tempo_bpm
    rough = np.interp(beats.time_s, time_s, tempo_bpm)
    steps = np.diff(beats.time_s) * (rough[1:] + rough[:-1]) / 120
    # Beats that belong together are numbered without a gap; a run ends where a step is odd.
    odd = (np.abs(steps - 1) > _ODD) | (np.abs(np.diff(np.log(rough))) > _TURN)
    run = np.concatenate([[0], np.cumsum(odd)])
    slopes = np.full(len(beats), np.nan)
    for place in range(len(beats)):
        near = np.arange(max(0, place - _REACH), min(len(beats), place + _REACH + 1))
        near = near[run[near] == run[place]]
        if len(near) > 1:
            slopes[place] = 60 / np.polyfit(near, beats.time_s[near], 1)[0]
    nearest = np.searchsorted((beats.time_s[1:] + beats.time_s[:-1]) / 2, time_s)
    found = slopes[nearest]
    # Far from every beat, as in a long break, nothing was measured.
    far = np.abs(beats.time_s[nearest] - time_s) * tempo_bpm / 60 > _REACH
    return np.where(np.isfinite(found) & ~far, found, tempo_bpm)
