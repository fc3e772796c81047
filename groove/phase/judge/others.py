"""Other ways to follow the bar, to be held against: a beat tracker that counts to four.

librosa's tracker (Ellis 2007) hears a recording whole, what is to come included; every fourth
beat from the first on is taken for a downbeat. Before its first and after its last beat its
tempo goes on.

What belongs here: trackers that need no installation of their own. What does not: ours.
"""

from __future__ import annotations

import numpy as np

from groove.audio.compiled import ready
from groove.audio.waveform import Samples, Waveform, resample
from groove.phase.judge.figures import Said
from groove.phase.labels import FRAME_RATE_HZ, SAMPLE_RATE, Phase, Times

_BEATS_GUESSED = 4
_HOP = 256


def beats_of(samples: Samples) -> Times:
    """Return librosa's beats of 16 kHz mono samples, in seconds."""
    import librosa

    ready()
    _, beats = librosa.beat.beat_track(y=samples, sr=SAMPLE_RATE, hop_length=_HOP, units="time")
    return np.asarray(beats, dtype=np.float64)


def counted_phase(beat_s: Times, times_s: Times) -> Phase:
    """Return the phase of counting to four at the beats, their tempo going on at both ends.

    >>> counted_phase(np.array([0.0, 1.0, 2.0]), np.array([-1.0, 0.5, 3.0, 4.0])).tolist()
    [0.75, 0.125, 0.75, 0.0]
    """
    if len(beat_s) < 2:
        return np.full(len(times_s), np.nan)
    count = np.interp(times_s, beat_s, np.arange(len(beat_s)))
    interval = float(np.median(np.diff(beat_s)))
    count += np.minimum(times_s - beat_s[0], 0) / interval
    count += np.maximum(times_s - beat_s[-1], 0) / interval
    return np.asarray(count / _BEATS_GUESSED % 1.0)


def said_of(beat_s: Times, downbeat_s: Times, phase: Phase, heard_s: Times) -> Said:
    """Return beats of a tracker that hears the whole recording, as what is said at each frame."""
    return Said(
        heard_s=heard_s,
        about_s=heard_s,
        bar_phase=phase,
        confidence=np.full(len(heard_s), np.nan),
        beat_s=beat_s,
        downbeat_s=downbeat_s,
    )


def counted(samples: Samples) -> Said:
    """Return what counting to four at librosa's beats says of 16 kHz mono samples.

    It looks ahead as far as it likes, so that what it says is the same at any anticipation.
    """
    beats = beats_of(samples)
    heard = np.arange(1, len(samples) * FRAME_RATE_HZ // SAMPLE_RATE + 1) / FRAME_RATE_HZ
    return said_of(beats, beats[::_BEATS_GUESSED], counted_phase(beats, heard), heard)


def counted_waveform(sound: Waveform, anticipation_s: float = 0.0) -> Said:
    """Return what :func:`counted` says of a recording of any rate, whatever the anticipation."""
    del anticipation_s
    return counted(resample(sound, SAMPLE_RATE).mono())
