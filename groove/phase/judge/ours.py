"""Our tracker as the judge hears it: a model file run over whole recordings.

What belongs here: running it. What does not: the tracker (:mod:`groove.phase.play.tracker`), what
it is worth (:mod:`groove.phase.judge.figures`).
"""

from __future__ import annotations

import math
from pathlib import Path

from groove.audio.waveform import Waveform
from groove.phase.judge.figures import Said
from groove.phase.judge.recordings import Tracker
from groove.phase.play.beats import beats_of
from groove.phase.play.estimates import Estimates
from groove.phase.play.smoothing import smoothed
from groove.phase.play.tracker import PhaseTracker


def said_by(estimates: Estimates, anticipation_s: float, until_s: float = math.inf) -> Said:
    """Return what rows say, their beats read off the phases that they foretell."""
    beats = beats_of(estimates, anticipation_s).until(until_s)
    return Said(
        heard_s=estimates.time_s,
        about_s=estimates.time_s + anticipation_s,
        bar_phase=estimates.bar_phase,
        confidence=estimates.confidence,
        beat_s=beats.time_s,
        downbeat_s=beats.time_s[beats.number == 1],
    )


def tracker_of(model: Path | bytes | None, *, offline: bool = False) -> Tracker:
    """Return the tracker of a model file, of its content, or of the released model.

    Parameters
    ----------
    offline
        Whether it hears a recording whole before it says anything.

    Raises
    ------
    groove.core.models.ModelError
        If there is no such model.
    """
    # Said before the first recording is read, not once for each of them.
    PhaseTracker(model)

    def follow(sound: Waveform, anticipation_s: float) -> Said:
        tracker = PhaseTracker(model, anticipation_s, sound.sample_rate)
        rows = tracker.push(sound.samples)
        if offline:
            rows = smoothed(rows, tracker.file, anticipation_s)
        return said_by(rows, anticipation_s, sound.duration_s)

    return follow
