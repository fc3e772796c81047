"""Playing: swing, feel and a player's small inaccuracies, drawn from a seed.

Feel moves the instruments of the kit against the pulse: a laid-back snare is late, a pushed
hi-hat early. On top of it, each stroke is a little off and a little louder or softer, and the
whole player drifts slowly (a first-order autoregressive walk, as in measured drumming: what is
late tends to stay late).

What belongs here: positions and velocities of strokes that exist. What does not: which
strokes there are (:mod:`groove.demo.patterns`, :mod:`groove.demo.arrange`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.demo.notation import swung
from groove.demo.patterns import Feel
from groove.demo.spec import DemoSpec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Mean offsets in milliseconds (late is positive): low drums, snare and toms, hats and cymbals,
#: hand percussion, and everything with a pitch.
OFFSETS_MS: dict[Feel, dict[str, float]] = {
    "straight": {"kick": 0.0, "snare": 0.0, "hat": 0.0, "hand": 0.0, "pitched": 1.0},
    "swing": {"kick": 2.0, "snare": 3.0, "hat": -2.0, "hand": 0.0, "pitched": 3.0},
    "laid-back": {"kick": 3.0, "snare": 16.0, "hat": 7.0, "hand": 8.0, "pitched": 9.0},
    "pushed": {"kick": -3.0, "snare": -7.0, "hat": -9.0, "hand": -6.0, "pitched": -4.0},
}
JITTER_MS = {"kick": 3.0, "snare": 3.5, "hat": 4.0, "hand": 5.0, "pitched": 5.0}
JITTER_VELOCITY = {"kick": 4.0, "snare": 5.0, "hat": 6.0, "hand": 7.0, "pitched": 5.0}
DRIFT_MS = 3.0
DRIFT_MEMORY = 0.93
_ACCENT_SHARE = 0.05

_LIMB = {
    **dict.fromkeys((35, 36), "kick"),
    **dict.fromkeys((37, 38, 40, 41, 43, 45, 47, 48, 50), "snare"),
    **dict.fromkeys((42, 44, 46, 49, 51, 52, 53, 55, 57, 59), "hat"),
}


@dataclass(frozen=True)
class Touch:
    """How a player plays a piece.

    Parameters
    ----------
    feel
        Against the pulse.
    swing, swing_unit
        Share of the pair where its second note falls, and the straight length of one (quarters).
    loose
        Times the usual inaccuracy: 0 is a machine.
    """

    feel: Feel
    swing: float = 0.5
    swing_unit: float = 0.5
    loose: float = 1.0


def limb_of(note: int) -> str:
    """Return which limb or group plays a drum key; hand percussion where none is named."""
    return _LIMB.get(note, "hand")


def bend(positions: Floats, even: NDArray[np.bool_], touch: Touch) -> Floats:
    """Return positions (quarters) with swing on those of an even grid."""
    if touch.feel != "swing":
        return positions
    pairs = zip(positions.tolist(), even.tolist(), strict=True)
    return np.array(
        [swung(p, touch.swing_unit, touch.swing) if movable else p for p, movable in pairs]
    )


def play(
    positions: Floats,
    velocities: Ints,
    limbs: list[str],
    tempo_bpm: Floats | float,
    touch: Touch,
    spec: DemoSpec,
    seed: int,
) -> tuple[Floats, Ints]:
    """Return positions (quarters, at least 0) and velocities (1..127) as played.

    Parameters
    ----------
    positions, velocities, limbs
        Strokes in the order of time; positions have their swing already.
    tempo_bpm
        Quarter notes per minute in force at each stroke: jitter is in milliseconds.
    touch, spec, seed
        The player, the corpus's settings, and the seed of this performance.
    """
    rng = np.random.default_rng(seed)
    count = len(positions)
    spread = touch.loose * spec.timing_scale
    noise_ms = rng.standard_normal(count) * [JITTER_MS[limb] for limb in limbs]
    offset_ms = np.array([OFFSETS_MS[touch.feel][limb] for limb in limbs])
    drift_ms = _drift(rng, count) * DRIFT_MS
    milliseconds = offset_ms + spread * (noise_ms + drift_ms)
    moved = positions + milliseconds / 60_000.0 * np.asarray(tempo_bpm, dtype=np.float64)
    loudness = spec.velocity_scale * touch.loose
    swell = 1 + loudness * _ACCENT_SHARE * _drift(rng, count)
    jitter = rng.standard_normal(count) * [JITTER_VELOCITY[limb] for limb in limbs]
    louder = np.rint(velocities * swell + loudness * jitter)
    return np.maximum(moved, 0.0), np.clip(louder, 1, 127).astype(np.int64)


def _drift(rng: np.random.Generator, count: int) -> Floats:
    """Return an autoregressive walk of unit variance."""
    shocks = rng.standard_normal(count) * np.sqrt(1 - DRIFT_MEMORY**2)
    walk = np.empty(count)
    level = 0.0
    for place, shock in enumerate(shocks):
        level = DRIFT_MEMORY * level + shock
        walk[place] = level
    return walk
