"""How fast a song is, from its first bar to its last.

What belongs here: tempo maps. What does not: players who are late (:mod:`groove.practice.touch`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.practice.dice import Dice
from groove.practice.score import Bar
from groove.practice.spec import PracticeSpec

Floats = NDArray[np.float64]

_MEDIAN_BPM = 114.0
_SPREAD = 0.3
_SLOWEST, _FASTEST = 30.0, 330.0
_LEAST_FIT, _MOST_FIT = 0.8, 1.25

#: Kinds of course of songs without a click, with their weights.
COURSES = {
    "drift": 50.0,
    "ramp": 8.0,
    "sudden": 12.0,
    "rubato": 12.0,
    "phrases": 18.0,
}


@dataclass(frozen=True)
class Pace:
    """How a song's time goes: its course, and quarters per minute at its start."""

    course: str
    quarter_bpm: float


def draw_tactus(low_bpm: float, high_bpm: float, spec: PracticeSpec, dice: Dice) -> float:
    """Return felt beats per minute: log-normal around 114, within a style's usual range.

    Listeners' and songs' tempos cluster around 100 to 120 (van Noorden and Moelants 1999).
    """
    low = max(low_bpm, spec.min_tempo_bpm)
    high = min(high_bpm, spec.max_tempo_bpm)
    if low >= high:
        low, high = spec.min_tempo_bpm, spec.max_tempo_bpm
    for _ in range(8):
        bpm = _MEDIAN_BPM * math.exp(dice.normal(0.0, _SPREAD))
        if low <= bpm <= high:
            return bpm
    return dice.uniform(low, high)


def draw_course(spec: PracticeSpec, *, free: bool, dice: Dice) -> str:
    """Return how the tempo goes; ``free`` songs have nobody who keeps time."""
    if dice.chance(spec.constant_tempo * (0.8 if free else 1.1)):
        return "constant"
    weights = dict(COURSES)
    weights["rubato"] *= 2.0 if free else 0.25
    return dice.weighted(weights)


def tempo_map(bars: list[Bar], pace: Pace, dice: Dice) -> list[tuple[float, float]]:
    """Return ``(quarter, quarters per minute)`` over a song's bars.

    A ritardando at the end, or at phrase ends, comes with courses that breathe.
    """
    if pace.course == "constant":
        return [(0.0, pace.quarter_bpm)]
    places = [
        (bar.start + start, bar, group)
        for bar in bars
        for group, start in enumerate(bar.meter.starts)
    ]
    count = len(places)
    factor = np.ones(count)
    rng = np.random.default_rng(dice.seed)
    slow = _walk(rng, count, 0.97) * dice.uniform(0.008, 0.02)
    if pace.course == "ramp":
        factor *= np.linspace(1.0, math.exp(dice.uniform(-0.22, 0.25)), count)
    elif pace.course == "sudden":
        _turn(factor, places, dice)
    elif pace.course == "rubato":
        depth = dice.uniform(0.04, 0.11)
        slow = slow + _walk(rng, count, 0.75) * depth * 0.6 + _phrases(places, depth)
        if dice.chance(0.4):
            _hold(factor, places, dice)
    elif pace.course == "phrases":
        slow = slow + _phrases(places, dice.uniform(0.015, 0.05))
    factor *= np.exp(slow)
    if pace.course in {"rubato", "phrases"} or dice.chance(0.35):
        _slow_down(factor, dice.integer(4, 10), dice.uniform(0.15, 0.45))
    bpm = np.clip(pace.quarter_bpm * factor, _SLOWEST, _FASTEST)
    return [
        (place, round(float(value), 3)) for (place, _, _), value in zip(places, bpm, strict=True)
    ]


def fitted(
    tempos: list[tuple[float, float]], end: float, spec: PracticeSpec
) -> list[tuple[float, float]]:
    """Return a tempo map a little faster or slower, so that the song is as long as it may be.

    Parameters
    ----------
    end
        Where the song ends, quarters.
    """
    places = np.array([*(place for place, _ in tempos), end])
    seconds = float(np.sum(np.diff(places) * 60.0 / np.array([bpm for _, bpm in tempos])))
    wanted = min(max(seconds, spec.min_duration_s), spec.max_duration_s)
    factor = min(max(seconds / wanted, _LEAST_FIT), _MOST_FIT)
    return [(place, bpm * factor) for place, bpm in tempos]


def _turn(factor: Floats, places: list[tuple[float, Bar, int]], dice: Dice) -> None:
    """Change to another tempo at one or two section starts, at once."""
    starts = [k for k, (_, bar, group) in enumerate(places) if bar.place == 0 and group == 0 and k]
    for at in dice.shuffled(starts)[: dice.integer(1, 2)]:
        factor[at:] *= dice.pick((0.8, 0.85, 0.9, 1.08, 1.12, 1.2, 1.3, 1 / 1.3))
    # Once round the corner and back, no song is at half or twice its own speed.
    np.clip(factor, 0.7, 1.4, out=factor)


def _hold(factor: Floats, places: list[tuple[float, Bar, int]], dice: Dice) -> None:
    """Hold the last beat of some sections, as a fermata does."""
    for k, (_, bar, group) in enumerate(places):
        if bar.last and group == len(bar.meter.groups) - 1 and dice.chance(0.6):
            factor[k] *= dice.uniform(0.4, 0.75)


def _walk(rng: np.random.Generator, count: int, memory: float) -> Floats:
    """Return an autoregressive walk of unit variance."""
    shocks = (rng.standard_normal(count) * math.sqrt(1 - memory**2)).tolist()
    level, walk = 0.0, []
    for shock in shocks:
        level = memory * level + shock
        walk.append(level)
    return np.array(walk)


def _phrases(places: list[tuple[float, Bar, int]], depth: float) -> Floats:
    """Return an arch over each phrase: forward in the middle, back at its end (Todd 1985)."""
    arch = []
    for place, bar, _ in places:
        bars_in = bar.place % bar.phrase + (place - bar.start) / bar.meter.quarters
        share = bars_in / bar.phrase
        arch.append(depth * (4 * share * (1 - share) - 0.6))
    return np.array(arch)


def _slow_down(factor: Floats, beats: int, depth: float) -> None:
    """Slow the last beats down, as a runner stops (Friberg and Sundberg 1999)."""
    beats = min(beats, len(factor))
    share = np.linspace(0.0, 1.0, beats + 1)[1:]
    end = 1.0 - depth
    factor[-beats:] *= np.cbrt(1 + (end**3 - 1) * share)
