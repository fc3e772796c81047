"""Looking back from the end: what a whole file says of each moment of it.

The tracker's rows know the past alone. Where the file is there as a whole, the same filter with
the same parameters can be asked what is likely given all of it: the forward-backward algorithm
(Rabiner 1989, section III) over :mod:`groove.phase.model.pointer`, exact up to float32, from the
activations that the tracker kept. What comes out of it is not causal, and who prints it has to
say so.

The forward pass keeps a belief every √n frames and computes those between anew on the way back, so
that an hour takes some 300 MB and not 44 GB.

What belongs here: the backward look. What does not: the filter and how a belief is read
(:mod:`groove.phase.model.pointer`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from groove.core.models import ModelError
from groove.phase.labels import DELAY, FRAME_RATE_HZ
from groove.phase.model.certainty import Certainty
from groove.phase.model.pointer import BarPointer
from groove.phase.model.states import states
from groove.phase.play.beats import beats_of
from groove.phase.play.estimates import Estimates, empty
from groove.phase.play.stepfile import StepFile
from groove.phase.play.tempo import refined
from groove.phase.spec import PointerSpec

#: Beliefs that are read at once.
_READ = 32
_TINY = 1e-30


def smoothed(rows: Estimates, file: StepFile, anticipation_s: float = 0.0) -> Estimates:
    """Return rows at the same times that know the whole file.

    Parameters
    ----------
    rows
        Of the tracker, from the start of a file to its end.
    file
        The model that they are from.
    anticipation_s
        How far ahead the phases are.

    Raises
    ------
    ModelError
        If the model has no bar-pointer filter.
    """
    if np.isnan(rows.activations).any():
        raise ModelError(f"{file.name} hears no beats: nothing to look back on, so no --offline")
    spec = _spec(file)
    pointer = BarPointer(spec)
    held = getattr(file, "states", {}).get("belief")
    if held is not None and held != (1, pointer.beats, pointer.cells):
        raise ModelError(f"{file.name} has another filter in it than its card says")
    reading = _Reading(pointer, len(rows), anticipation_s)
    with torch.inference_mode(), _one_thread():
        _look_back(
            reading,
            torch.from_numpy(rows.activations),
            torch.from_numpy(rows.silence.astype(np.float32)),
        )
    read = replace(
        reading.rows, time_s=rows.time_s, activations=rows.activations, silence=rows.silence
    )
    read = replace(read, confidence=_confidence(read, spec))
    tempo = refined(
        read.time_s + anticipation_s, read.tempo_bpm, beats_of(read, anticipation_s, 0.0)
    )
    return replace(read, tempo_bpm=tempo)


def _confidence(rows: Estimates, spec: PointerSpec) -> NDArray[np.float64]:
    """Return what :mod:`~groove.phase.model.certainty` makes of the filter's own confidence.

    It is as steady as on the steadier side: what is known of the past or of what comes will do.
    """
    mapping = Certainty(spec)
    heard = rows.confidence * (1 - rows.silence)
    steady = np.maximum(running(heard, mapping.keep), running(heard[::-1], mapping.keep)[::-1])
    factor: NDArray[np.float64] = mapping.factor(torch.from_numpy(steady)).numpy()
    return rows.confidence * factor


def running(values: NDArray[np.float64], keep: float) -> NDArray[np.float64]:
    """Return ``(n,)`` exponential running means, from 0 on."""
    mean, means = 0.0, np.empty(len(values))
    for place, value in enumerate(values.tolist()):
        mean = keep * mean + (1 - keep) * value
        means[place] = mean
    return means


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: a step is too little to share, and waiting costs a hundredfold."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _spec(file: StepFile) -> PointerSpec:
    held = file.info.get("spec")
    if not isinstance(held, dict):
        raise ModelError(f"{file.name} does not say which filter it has")
    try:
        spec = PointerSpec(**{name: held[name] for name in PointerSpec.model_fields})
        states(spec)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{file.name} has another filter than this version: use --offline with a model of "
            f"its own ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
        ) from error
    return spec


def back(pointer: BarPointer, future: Tensor, evidence: Tensor, silence: Tensor) -> Tensor:
    """Return how likely all that comes is from each state, one frame earlier.

    The adjoint of ``pointer.step``, up to a factor.

    Parameters
    ----------
    future
        ``(1, beats, cells)`` the same at a frame.
    evidence, silence
        ``(1, 4)`` and ``(1,)`` of that frame.
    """
    seen = future * pointer.likelihood(evidence, silence)
    before = pointer.stay * seen
    before[:, :, :-1] += (pointer.one * seen)[:, :, 1:]
    before[:, :, :-2] += (pointer.two * seen)[:, :, 2:]
    entered = seen[:, :, pointer.first]
    left = pointer.beat_change.T @ entered @ pointer.tempo_change.T
    before[:, :, pointer.last] += left * pointer.leave
    before[:, :, pointer.last - 1] += left * pointer.leave_early
    spec = pointer.spec
    lost = spec.lost + (spec.lost_in_silence - spec.lost) * silence
    before = before * (1 - lost) + lost * (seen * pointer.prior).sum()
    return before / (before.amax() + _TINY)


class _Reading:
    """Beliefs to rows, each row off the belief that speaks of its moment.

    A belief speaks of ``DELAY`` frames before its own, so a row is read off the belief as many
    frames later, and as many more as it looks ahead; what remains is turned on by tempo.
    """

    def __init__(self, pointer: BarPointer, count: int, anticipation_s: float) -> None:
        self.pointer = pointer
        self.rows = empty(count)
        later = DELAY + anticipation_s * FRAME_RATE_HZ
        self._belief = np.minimum(np.arange(count) + math.floor(later + 1e-9), count - 1)
        # What a belief is read at is DELAY and the anticipation later than what it speaks of.
        self._ahead_s = (np.arange(count) + later - self._belief - DELAY) / FRAME_RATE_HZ

    def take(self, start: int, beliefs: Tensor) -> None:
        """Read the rows of beliefs ``(n, beats, cells)``, the first of which is frame ``start``."""
        begin, end = (
            int(np.searchsorted(self._belief, frame)) for frame in (start, start + len(beliefs))
        )
        for first in range(begin, end, _READ):
            part = slice(first, min(first + _READ, end))
            bar, beat, tempo, meters, confidence = (
                told.numpy()
                for told in self.pointer.read(
                    beliefs[torch.from_numpy(self._belief[part] - start)],
                    torch.from_numpy(self._ahead_s[part].astype(np.float32)),
                )
            )
            rows = self.rows
            rows.bar_phase[part] = _phase(bar)
            rows.beat_phase[part] = _phase(beat)
            rows.tempo_bpm[part] = tempo
            rows.beats_per_bar[part] = np.array(self.pointer.meters)[meters.argmax(axis=1)]
            rows.confidence[part] = confidence


def _phase(sine_cosine: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> np.ndarray:
    angle = np.arctan2(sine_cosine[:, 0], sine_cosine[:, 1]).astype(np.float64)
    phase = angle / (2 * np.pi) % 1.0
    return np.where(phase < 1.0, phase, 0.0)


def _look_back(reading: _Reading, evidence: Tensor, silence: Tensor) -> None:
    """Run forward with a belief kept every √n frames, then back, reading on the way."""
    pointer, count = reading.pointer, len(evidence)
    size = max(1, math.isqrt(count))
    kept = []
    belief = pointer.start(1)
    for k in range(count):
        if k % size == 0:
            kept.append(belief)
        belief = pointer.step(evidence[k : k + 1], silence[k : k + 1], belief)
    future = torch.ones_like(belief)
    for start in range((len(kept) - 1) * size, -1, -size):
        beliefs = []
        belief = kept.pop()
        for k in range(start, min(start + size, count)):
            belief = pointer.step(evidence[k : k + 1], silence[k : k + 1], belief)
            beliefs.append(belief)
        for k in range(start + len(beliefs) - 1, start - 1, -1):
            if k < count - 1:
                future = back(pointer, future, evidence[k + 1 : k + 2], silence[k + 1 : k + 2])
            weighed = beliefs[k - start] * future
            beliefs[k - start] = weighed / (weighed.sum() + _TINY)
        reading.take(start, torch.cat(beliefs))
