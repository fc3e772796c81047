"""Bar phase from a stream of sound: PCM in, in any blocks, a row per 20 ms out.

>>> tracker = PhaseTracker(sample_rate=44_100, anticipation_s=0.25)  # doctest: +SKIP
>>> rows = tracker.push(block)  # doctest: +SKIP
>>> rows.bar_phase[-1], rows.confidence[-1]  # doctest: +SKIP

Conventions
-----------
* Row ``k`` is at ``(k + 1) / 50`` s and depends on samples before that moment alone, at any sample
  rate and in whatever blocks they come. Its phases are those of ``anticipation_s`` later.
* PCM is ``(n,)`` mono or ``(channels, n)``, which is mixed down (the first channel counts a little
  more than the last, so that opposite ones do not cancel); give ``block.T`` of
  ``(n, channels)``. Floats have full scale ±1, integers that of their type.
* What is no number counts as silence; so does a gap (:meth:`PhaseTracker.dropout`), in which time
  goes on. No row ever holds ``nan`` that the model could have known.

What belongs here: sound, time and state. What does not: the model's file
(:mod:`groove.phase.play.stepfile`), beats (:mod:`groove.phase.play.beats`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.core.models import ModelError
from groove.phase.labels import FRAME, FRAME_RATE_HZ, SAMPLE_RATE
from groove.phase.play.estimates import Estimates, empty, joined
from groove.phase.play.resampling import Resampler
from groove.phase.play.stepfile import StepFile

LONGEST_ANTICIPATION_S = 0.5
MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 4_000, 384_000
_MOST_CHANNELS = 64
#: Samples are held within this; a file may say anything.
_LOUDEST = 65_536.0
_BLOCK = 65_536
#: What is told, how many of its values from the first on, and between what they have to lie; with
#: room for rounding. A figure elsewhere is a model's error, and no tempo.
_RANGES = (
    ("tempo_bpm", 1, 1.0, 1000.0),
    ("confidence", 1, -1e-3, 1 + 1e-3),
    ("silence", 1, -1e-3, 1 + 1e-3),
    ("activations", 2, -1e-3, 1 + 1e-3),
)
#: After so much silence nothing is left of what was heard: longer gaps are not worth computing.
_LONGEST_GAP_S = 30.0


class SignalError(ValueError):
    """PCM or settings that a tracker cannot take. The message says why."""


class PhaseTracker:
    """Where in the bar we are, and will be, while the sound comes in.

    Parameters
    ----------
    model
        An exported model: its file, its content, or ``None`` for the released one.
    anticipation_s
        How far ahead the phases are, 0 to 0.5 s; may be set anew at any time.
    sample_rate
        Of what is pushed, Hz.

    Raises
    ------
    groove.core.models.ModelError
        If there is no model, or the file is none.
    SignalError
        If the anticipation or the sample rate is out of range.
    """

    def __init__(
        self,
        model: Path | bytes | None = None,
        anticipation_s: float = 0.0,
        sample_rate: int = SAMPLE_RATE,
    ) -> None:
        if not MIN_SAMPLE_RATE <= sample_rate <= MAX_SAMPLE_RATE:
            raise SignalError(
                f"sample rate {sample_rate} Hz lies outside {MIN_SAMPLE_RATE}..{MAX_SAMPLE_RATE} Hz"
            )
        self.anticipation_s = anticipation_s
        self.sample_rate = sample_rate
        self.file = StepFile(model)
        self._resampler = None if sample_rate == SAMPLE_RATE else Resampler(sample_rate)
        self.reset()

    @property
    def anticipation_s(self) -> float:
        """Seconds that the phases are ahead of what was heard."""
        return self._anticipation_s

    @anticipation_s.setter
    def anticipation_s(self, seconds: float) -> None:
        if not 0 <= seconds <= LONGEST_ANTICIPATION_S:
            raise SignalError(f"anticipation {seconds:g} s: give 0 to {LONGEST_ANTICIPATION_S} s")
        self._anticipation_s = float(seconds)

    @property
    def time_s(self) -> float:
        """The time of the last row; 0.0 before the first."""
        return self._frames / FRAME_RATE_HZ

    def reset(self) -> None:
        """Forget everything: the next sample is at 0 s."""
        self._frames = 0
        self._gap = 0.0
        self._state = self.file.start()
        self._waiting = np.zeros(0, dtype=np.float32)
        if self._resampler is not None:
            self._resampler.reset()

    def push(self, pcm: NDArray[Any]) -> Estimates:
        """Return the rows that became known, none to many.

        Raises
        ------
        SignalError
            If the array is no sound.
        """
        sound = mono(pcm)
        return joined(
            [self._heard(sound[first : first + _BLOCK]) for first in range(0, len(sound), _BLOCK)]
        )

    def dropout(self, seconds: float) -> Estimates:
        """Let time go on without sound, and return its rows.

        The part of a gap beyond 30 s is not computed: nothing is known in it.

        Raises
        ------
        SignalError
            If it is not a length of time.
        """
        if not (math.isfinite(seconds) and seconds >= 0):
            raise SignalError(f"a gap of {seconds} s is no length of time")
        # What is less than a sample is kept for the next gap, so that time does not drift.
        self._gap += seconds * self.sample_rate
        missing = int(self._gap)
        self._gap -= missing
        longest = round(_LONGEST_GAP_S * self.sample_rate)
        parts = [self.push(np.zeros(min(missing, longest), dtype=np.float32))]
        if missing > longest:
            parts += self._skip(missing - longest)
        return joined(parts)

    def _skip(self, samples: int) -> list[Estimates]:
        """Return rows of nothing for most of ``samples``, and computed ones for the rest.

        What waits in the resampler and for a whole frame is silence already, and a whole number of
        frames is left out: nothing moves against the samples.
        """
        shared = math.gcd(self.sample_rate, FRAME_RATE_HZ)
        step = self.sample_rate // shared
        rows = empty(samples // step * (FRAME_RATE_HZ // shared))
        told, self._state = self._fresh(self.anticipation_s)
        for k in range(min(len(rows), 1)):
            _write(rows, k, told, self.file.meters)
        rows = Estimates(
            *(np.repeat(getattr(rows, field.name)[:1], len(rows), axis=0) for field in fields(rows))
        )
        rows.time_s[:] = (self._frames + 1 + np.arange(len(rows))) / FRAME_RATE_HZ
        self._frames += len(rows)
        return [rows, self.push(np.zeros(samples % step, dtype=np.float32))]

    def _fresh(
        self, anticipation_s: float
    ) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
        """Return what is told of a first, silent frame, and the state after it."""
        told, state = self.file.step(
            np.zeros(FRAME, dtype=np.float32), anticipation_s, self.file.start()
        )
        if not _sane(told):
            raise ModelError(
                f"{self.file.name} gives no numbers within their ranges, not even of silence"
            )
        return told, state

    def _heard(self, sound: NDArray[np.float32]) -> Estimates:
        late_s = 0.0
        if self._resampler is not None:
            sound, late_s = self._resampler.push(sound), self._resampler.delay_s
        heard = np.concatenate([self._waiting, sound])
        count = len(heard) // FRAME
        self._waiting = heard[count * FRAME :]
        rows = empty(count)
        rows.time_s[:] = (self._frames + 1 + np.arange(count)) / FRAME_RATE_HZ
        for k, frame in enumerate(heard[: count * FRAME].reshape(count, FRAME)):
            told, state = self.file.step(frame, self.anticipation_s + late_s, self._state)
            if not _sane(told):
                # A belief that broke is given up; the row says what is known of nothing.
                told, state = self._fresh(self.anticipation_s + late_s)
            self._state = state
            _write(rows, k, told, self.file.meters)
        self._frames += count
        return rows


def mono(pcm: NDArray[Any]) -> NDArray[np.float32]:
    """Return ``(n,)`` float32 of sound in any type, nothing in it but numbers.

    Raises
    ------
    SignalError
        If the array is no sound.
    """
    pcm = np.asarray(pcm)
    if pcm.ndim not in (1, 2) or pcm.dtype.kind not in "fiu" or pcm.dtype == np.uint64:
        raise SignalError(
            f"PCM is (n,) or (channels, n) of floats or integers, not {pcm.dtype}{pcm.shape}"
        )
    if pcm.ndim == 2 and not 1 <= pcm.shape[0] <= _MOST_CHANNELS:
        raise SignalError(
            f"{pcm.shape[0]} channels: PCM is (channels, n); give block.T of (n, channels)"
        )
    if pcm.dtype.kind != "f":
        bits = 8 * pcm.dtype.itemsize
        middle = 2 ** (bits - 1) if pcm.dtype.kind == "u" else 0
        pcm = (pcm.astype(np.float64) - middle) / 2 ** (bits - 1)
    sane = np.nan_to_num(pcm, nan=0.0, posinf=0.0, neginf=0.0).clip(-_LOUDEST, _LOUDEST)
    sane = sane.astype(np.float32, copy=False)
    if sane.ndim == 1:
        return np.ascontiguousarray(sane)
    # Sample by sample, so that a block's length changes no rounding.
    return np.ascontiguousarray((sane * shares(len(sane))[:, None]).sum(axis=0, dtype=np.float32))


def shares(channels: int) -> NDArray[np.float32]:
    """Return each channel's share of the mix: falling a little, so that opposite channels leave a rest.

    >>> shares(2).round(3).tolist(), shares(1).tolist()
    ([0.6000000238418579, 0.4000000059604645], [1.0])
    """
    if channels == 1:
        return np.ones(1, dtype=np.float32)
    return (np.linspace(1.2, 0.8, channels) / channels).astype(np.float32)


def _sane(told: Mapping[str, NDArray[np.float32]]) -> bool:
    """Return whether what is told are numbers, and those with a range within it."""
    return all(np.isfinite(value).all() for value in told.values()) and all(
        bool(((low <= told[name].ravel()[:count]) & (told[name].ravel()[:count] <= high)).all())
        for name, count, low, high in _RANGES
        if name in told
    )


def _write(
    rows: Estimates,
    k: int,
    told: Mapping[str, NDArray[np.float32]],
    meters: NDArray[np.int64],
) -> None:
    rows.bar_phase[k] = _phase(told["bar"])
    confidence = told["confidence"] if "confidence" in told else math.hypot(*told["bar"].tolist())
    rows.confidence[k] = min(max(float(confidence), 0.0), 1.0)
    if "beat" in told:
        rows.beat_phase[k] = _phase(told["beat"])
    if "tempo_bpm" in told:
        rows.tempo_bpm[k] = told["tempo_bpm"]
    if "meters" in told:
        rows.beats_per_bar[k] = meters[int(np.argmax(told["meters"]))]
    if "activations" in told:
        rows.activations[k] = told["activations"]
    if "silence" in told:
        rows.silence[k] = told["silence"]


def _phase(sine_cosine: NDArray[np.float32]) -> float:
    sine, cosine = sine_cosine.tolist()
    phase = math.atan2(sine, cosine) / (2 * math.pi) % 1.0
    # The remainder of a tiny negative number may round to 1.0, and 1.0 is no phase.
    return phase if phase < 1.0 else 0.0
