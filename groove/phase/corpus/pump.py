"""A side-chain pump: everything but the drums ducks where the bass drum is struck.

What belongs here: the gain over time. What does not: which versions are pumped
(:mod:`groove.phase.corpus.mixes`), mixing (:mod:`groove.phase.corpus.render`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: General MIDI's two bass drums.
KICKS = (35, 36)
_DEPTH_DB = (4.0, 24.0)
_RELEASE_S = (0.08, 0.35)
#: Attack and hold: a compressor's few milliseconds.
_ATTACK_S = 0.005


@dataclass(frozen=True)
class Pump:
    """How a mix ducks.

    Parameters
    ----------
    struck_s
        ``(strokes,)`` where the bass drum is struck, rising; it need not sound itself.
    depth_db
        How far the level falls.
    release_s
        Time constant of the way back, in decibels.
    """

    struck_s: NDArray[np.float64]
    depth_db: float
    release_s: float

    @property
    def said(self) -> str:
        """What it is, in words."""
        return f"pump {-self.depth_db:.0f} dB {self.release_s * 1000:.0f} ms"


def draw_pump(struck_s: NDArray[np.float64], random: np.random.Generator) -> Pump:
    """Return a pump over some strokes."""
    depth, release = random.uniform(*_DEPTH_DB), random.uniform(*_RELEASE_S)
    return Pump(np.unique(struck_s), round(float(depth), 1), round(float(release), 3))


def gain(pump: Pump, count: int, sample_rate: int) -> NDArray[np.float32]:
    """Return the gain at each of ``count`` samples: down in 5 ms at each stroke, then back."""
    if len(pump.struck_s) == 0:
        return np.ones(count, dtype=np.float32)
    times = np.arange(count) / sample_rate
    place = np.searchsorted(pump.struck_s, times, side="right") - 1
    since = times - pump.struck_s[np.maximum(place, 0)]
    since = np.where(place < 0, np.inf, since)
    down = np.minimum(since / _ATTACK_S, 1.0)
    back = np.exp(-np.maximum(since - _ATTACK_S, 0.0) / pump.release_s)
    return np.asarray(10.0 ** (-pump.depth_db * down * back / 20.0), dtype=np.float32)
