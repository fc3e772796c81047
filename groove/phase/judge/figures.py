"""The figures of one recording: what a tracker said of it beside what is known.

Conventions
-----------
* What is scored starts after a warm-up: frames said after it, and beats and downbeats after a
  trim of their own (mir_eval and MIREX leave out the first 5 s).
* A known phase for which nothing was said counts as chance: a quarter of a bar, loss 1.
* Phase error is the distance on the circle to the phase between the two reference downbeats
  around it, linear in time, in bars; times that bar's length, in milliseconds.
* Beats and downbeats: F-measure, ±70 ms, one estimate for one reference.

What belongs here: figures of one recording at one anticipation. What does not: running a tracker
(:mod:`groove.phase.judge.others`), many recordings (:mod:`groove.phase.judge.summary`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from groove.phase.judge.metrics import Matches, match
from groove.phase.judge.reference import Reference
from groove.phase.labels import Phase, Times, circular_loss, phase_distance

#: The mean distance of two phases that know nothing of each other, in bars, and their mean loss.
CHANCE_BARS, CHANCE_LOSS = 0.25, 1.0


@dataclass(frozen=True)
class Said:
    """What a tracker says of a recording at one anticipation.

    Parameters
    ----------
    heard_s
        ``(frames,)``: when each phase was said, s.
    about_s
        ``(frames,)``: the time that it is about, s; later by the anticipation.
    bar_phase
        ``(frames,)`` in ``[0, 1)``; ``nan`` where nothing is said.
    confidence
        ``(frames,)`` in ``[0, 1]``; ``nan`` of a tracker that has none.
    beat_s, downbeat_s
        Increasing, s.
    """

    heard_s: Times
    about_s: Times
    bar_phase: Phase
    confidence: Phase
    beat_s: Times
    downbeat_s: Times


@dataclass(frozen=True)
class Span:
    """What is scored of a recording, in seconds.

    Parameters
    ----------
    warmup_s
        Phases said up to here do not count.
    trim_s
        Beats and downbeats before this do not count, known or said.
    end_s
        Nor do those after this; infinite for whole recordings.
    """

    warmup_s: float = 8.0
    trim_s: float = 5.0
    end_s: float = float("inf")

    def cut(self, events_s: Times) -> Times:
        """Return the events that count."""
        return events_s[(events_s >= self.trim_s) & (events_s <= self.end_s)]


@dataclass(frozen=True)
class Errors:
    """Known errors per frame, all of one length.

    Parameters
    ----------
    bars
        Distance on the circle, 0 to 0.5.
    seconds
        The same times the bar's length.
    loss
        ``1 - cos``, 0 to 2.
    confidence
        What the tracker thought of itself; ``nan`` if it did not.
    """

    bars: Phase
    seconds: Times
    loss: Phase
    confidence: Phase


def errors_of(reference: Reference, said: Said, span: Span) -> Errors:
    """Return the errors of every scored frame whose true phase is known."""
    label = reference.phase_at(said.about_s)
    scored = (said.heard_s > span.warmup_s) & np.isfinite(label)
    phase, label = said.bar_phase[scored], label[scored]
    silent = ~np.isfinite(phase)
    bars = np.where(silent, CHANCE_BARS, phase_distance(phase, label))
    return Errors(
        bars=bars,
        seconds=bars * reference.bar_length_at(said.about_s[scored]),
        loss=np.where(silent, CHANCE_LOSS, circular_loss(phase, label)),
        confidence=said.confidence[scored],
    )


def matches_of(reference: Reference, said: Said, span: Span) -> tuple[Matches, Matches]:
    """Return how beats and downbeats pair up within what is scored."""
    beats = match(span.cut(reference.beat_s), span.cut(said.beat_s))
    downbeats = match(span.cut(reference.bar_start_s), span.cut(said.downbeat_s))
    return beats, downbeats


def figures_of(reference: Reference, said: Said, span: Span) -> Mapping[str, float]:
    """Return the figures of one recording; ``nan`` for what its reference does not tell.

    Returns
    -------
    Mapping
        ``downbeat_f``, ``beat_f``, ``phase_error_ms_median``, ``phase_error_ms_p90``,
        ``phase_error_bars_median``, ``phase_error_bars_p90``, ``phase_loss``, ``confidence``
        (means over frames) and ``scored_frames``.
    """
    errors = errors_of(reference, said, span)
    beats, downbeats = matches_of(reference, said, span)
    return {
        "downbeat_f": downbeats.f_measure,
        "beat_f": beats.f_measure,
        "phase_error_ms_median": 1000 * _quantile(errors.seconds, 0.5),
        "phase_error_ms_p90": 1000 * _quantile(errors.seconds, 0.9),
        "phase_error_bars_median": _quantile(errors.bars, 0.5),
        "phase_error_bars_p90": _quantile(errors.bars, 0.9),
        "phase_loss": _mean(errors.loss),
        "confidence": _mean(errors.confidence),
        "scored_frames": float(len(errors.bars)),
    }


def _quantile(values: Phase, share: float) -> float:
    return float(np.quantile(values, share)) if values.size else float("nan")


def _mean(values: Phase) -> float:
    return float(values.mean()) if values.size else float("nan")
