"""Several channels as one, also where they cancel each other.

What belongs here: when the mean of the channels is no picture of the sound, and what to take then.
What does not: files (:mod:`groove.audio.waveform`).

A channel that is the other one turned round (a wrongly wired microphone, a "wide" effect) leaves
next to nothing of their mean. Channels that have nothing to do with each other leave the sum of
their powers over the squared number of channels; a mean far below that is a cancelled one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groove.audio.waveform import Samples, Waveform

#: Power of the mean against that of unrelated channels, below which it is cancelled: 10 dB. Of two
#: channels of one level that is a correlation of -0.9.
_CANCELLED = 0.1


def louder(mean_power: float, powers: NDArray[np.float64]) -> int | None:
    """Return the channel to take instead of the mean, or None where the mean will do.

    Parameters
    ----------
    mean_power
        Power, or energy, of the mean of the channels.
    powers
        Of each channel, over the same samples.
    """
    unrelated = float(powers.sum()) / len(powers) ** 2
    return int(powers.argmax()) if mean_power < _CANCELLED * unrelated else None


def energies(samples: Samples) -> tuple[float, NDArray[np.float64]]:
    """Return the energy of the mean of channels ``(channels, n)``, and of each of them."""
    exact = samples.astype(np.float64)
    return float(np.square(exact.mean(axis=0)).sum()), np.square(exact).sum(axis=1)


def one_channel(waveform: Waveform) -> Samples:
    """Return the mean of the channels ``(n,)``, or the louder one where they cancel."""
    chosen = louder(*energies(waveform.samples)) if waveform.channels > 1 else None
    return waveform.mono() if chosen is None else np.asarray(waveform.samples[chosen])
