"""Any sample rate to 16 kHz, as a stream that never waits for what comes next.

A linear-phase filter needs a little of the future. Here the stream is late by that little,
:attr:`Resampler.delay_s` (about 3 ms), so that an output depends on no input after its own moment
and is there as soon as that moment has passed: the tracker asks for the phase that much later,
and nothing is off. A block converter such as soxr's has the same need, but hides it in the time
stamps, and hands its output over up to a tenth of a second late.

Conventions
-----------
* Output ``n`` depends on inputs up to ``n / 16 000`` s alone, whatever the blocks.
* It is the band-limited input at ``n / 16 000 - delay_s`` (Kaiser-windowed sinc; Crochiere &
  Rabiner 1983, chapter 4).

What belongs here: streams. What does not: whole files (:func:`groove.audio.waveform.resample`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from groove.phase.labels import SAMPLE_RATE

Samples = NDArray[np.float32]

#: Half the filter's length, in periods of the lower rate.
_HALF_PERIODS = 40
#: Middle of the transition band, as a share of the lower Nyquist frequency.
_CUT = 0.94
#: Shape of the Kaiser window: 80 dB.
_BETA = 7.86
#: Positions between two inputs that have a filter of their own.
_MOST_PHASES = 1024
#: Outputs computed at once: bounds the memory of a long block.
_BLOCK = 2048


class Resampler:
    """A stream of mono samples at ``rate`` Hz, at 16 kHz.

    Parameters
    ----------
    rate
        Samples per second of what is pushed.
    """

    def __init__(self, rate: int) -> None:
        shared = math.gcd(rate, SAMPLE_RATE)
        self._up, self._down = SAMPLE_RATE // shared, rate // shared
        half = _HALF_PERIODS / min(rate, SAMPLE_RATE) * rate
        self._reach = math.floor(half) + 1
        #: Outputs that the stream is late by.
        self.delay = math.ceil((half + 1) * SAMPLE_RATE / rate)
        self.delay_s = self.delay / SAMPLE_RATE
        self._phases = min(self._up, _MOST_PHASES)
        self._bank = _bank(self._phases, self._reach, half, min(1.0, SAMPLE_RATE / rate))
        self.reset()

    def reset(self) -> None:
        """Forget what was heard; before it there is silence again."""
        self._told = 0
        # Index of the first input that is still kept.
        self._base = -(-(-self.delay * self._down) // self._up) - self._reach - 1
        self._kept = np.zeros(-self._base, dtype=np.float32)

    def push(self, samples: Samples) -> Samples:
        """Return what is known after some more samples, ``(n,)``; it may be none."""
        self._kept = np.concatenate([self._kept, samples])
        # Output n may be told once the last input up to n / 16 000 s is there.
        heard = self._base + len(self._kept)
        until = -(-(heard * self._up) // self._down)
        pieces = [
            self._made(np.arange(start, min(start + _BLOCK, until), dtype=np.int64))
            for start in range(self._told, until, _BLOCK)
        ]
        self._told = max(self._told, until)
        need = ((self._told - self.delay) * self._down) // self._up - self._reach
        if need > self._base:
            self._kept = self._kept[need - self._base :].copy()
            self._base = need
        return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)

    def _made(self, outputs: NDArray[np.int64]) -> Samples:
        at = (outputs - self.delay) * self._down
        before, between = at // self._up, at % self._up
        first = before - self._reach + 1 - self._base
        windows = sliding_window_view(self._kept, 2 * self._reach)[first]
        if self._phases == 1:
            return np.asarray(windows @ self._bank[0])
        weights = self._bank[between * self._phases // self._up]
        return np.asarray(np.einsum("nt,nt->n", windows, weights), dtype=np.float32)


def _bank(phases: int, reach: int, half: float, ratio: float) -> Samples:
    """Return ``(phases, 2 reach)`` filters, each passing a constant as it is."""
    offset = np.arange(1 - reach, reach + 1)[None] - np.arange(phases)[:, None] / phases
    share = np.clip(1 - (offset / half) ** 2, 0, None)
    window = np.where(np.abs(offset) < half, np.i0(_BETA * np.sqrt(share)), 0.0)
    filters = np.sinc(_CUT * ratio * offset) * window
    return np.asarray(filters / filters.sum(axis=1, keepdims=True), dtype=np.float32)
