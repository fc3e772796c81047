"""Activations to hits: peaks, their place between frames, what is struck together.

What belongs here: from the network's answers to a beatmap. What does not: the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from groove.drums.beatmap import Beatmap, Hit
from groove.drums.corpus.grouping import starts_of_events
from groove.drums.transcribe.spec import DecodeSpec
from groove.midi.taxonomy import CLASSES, label_of_alias

Frames = NDArray[np.float32]

#: Positions of one instrument.
HI_HATS = ("hihat_closed", "hihat_open", "hihat_pedal")


class Peaks(NamedTuple):
    """Hits before they are put together: time (s), class, activation and velocity of each."""

    time_s: NDArray[np.float64]
    klass: NDArray[np.int64]
    confidence: NDArray[np.float64]
    velocity: NDArray[np.float64]


def peaks(
    onset: Frames,
    velocity: Frames,
    frames_per_s: float,
    thresholds: Sequence[float] | NDArray[np.float64],
    apart_s: float,
) -> Peaks:
    """Return the local maxima at or above each class's threshold, by time.

    A peak's place between frames is that of the parabola through it and its neighbours.

    Parameters
    ----------
    onset, velocity
        ``(frames, classes)`` in 0..1.
    frames_per_s
        Of both.
    thresholds
        One of each class.
    apart_s
        A peak is the largest within this to both sides; of equal ones the first counts.
    """
    reach = max(1, round(apart_s * frames_per_s) - 1)
    largest = maximum_filter1d(onset, 2 * reach + 1, axis=0, mode="constant")
    before = np.vstack([np.zeros_like(onset[:1]), onset[:-1]])
    tops = (onset == largest) & (onset > before) & (onset >= np.asarray(thresholds, np.float32))
    frame, klass = np.nonzero(tops)
    last = len(onset) - 1
    here = onset[frame, klass].astype(np.float64)
    left = np.where(frame > 0, onset[np.maximum(frame - 1, 0), klass], 0.0)
    right = np.where(frame < last, onset[np.minimum(frame + 1, last), klass], 0.0)
    bend = left - 2.0 * here + right
    offset = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, -1.0), 0.0)
    time_s = np.maximum((frame + np.clip(offset, -0.5, 0.5)) / frames_per_s, 0.0)
    order = np.lexsort((klass, time_s))
    return Peaks(
        time_s[order],
        klass[order].astype(np.int64),
        here[order],
        velocity[frame, klass].astype(np.float64)[order],
    )


def struck(
    onset: Frames,
    velocity: Frames,
    frames_per_s: float,
    thresholds: Sequence[float] | NDArray[np.float64],
    apart_s: float,
    classes: Sequence[str] = CLASSES,
) -> Peaks:
    """Return the hits of all classes, by time; a hi-hat is in one position at a time.

    Of an unknown hi-hat the network often knows that it is one, not how far it is open: its
    positions' activations are added, their first threshold counts, and the surest names it.

    Parameters
    ----------
    onset, velocity, frames_per_s, thresholds, apart_s
        As in :func:`peaks`.
    classes
        Names of the columns.
    """
    limits = np.asarray(thresholds, dtype=np.float64)
    hats = [place for place, name in enumerate(classes) if name in HI_HATS]
    rest = [place for place in range(len(classes)) if place not in hats]
    found = peaks(onset[:, rest], velocity[:, rest], frames_per_s, limits[rest], apart_s)
    parts = [found._replace(klass=np.array(rest, dtype=np.int64)[found.klass])]
    if hats:
        together = added(onset[:, hats])
        open_or_not = peaks(together, together, frames_per_s, limits[hats[:1]], apart_s)
        frame = np.rint(open_or_not.time_s * frames_per_s).astype(np.int64)
        near = np.clip(frame[:, None] + np.arange(-1, 2), 0, len(onset) - 1)
        surest = onset[:, hats][near].max(axis=1).argmax(axis=1)
        position = np.array(hats, dtype=np.int64)[surest]
        hard = velocity[near, position[:, None]].max(axis=1).astype(np.float64)
        parts.append(open_or_not._replace(klass=position, velocity=hard))
    time_s = np.concatenate([part.time_s for part in parts])
    klass = np.concatenate([part.klass for part in parts])
    order = np.lexsort((klass, time_s))
    return Peaks(
        time_s[order],
        klass[order],
        np.concatenate([part.confidence for part in parts])[order],
        np.concatenate([part.velocity for part in parts])[order],
    )


def added(onset: Frames) -> Frames:
    """Return the sum of columns, at most 1, as one column."""
    return np.asarray(np.minimum(onset.sum(axis=1, keepdims=True), 1.0), dtype=np.float32)


def beatmap(found: Peaks, spec: DecodeSpec, classes: Sequence[str] = CLASSES) -> Beatmap:
    """Return peaks as a beatmap; what is struck together has one time, the surest hit's."""
    time_s = found.time_s.copy()
    if len(time_s):
        starts = starts_of_events(time_s, spec.together_s)
        event = np.searchsorted(starts, np.arange(len(time_s)), side="right") - 1
        order = np.lexsort((-found.confidence, event))
        surest = order[np.unique(event[order], return_index=True)[1]]
        time_s = time_s[surest][event]
    hits = [
        Hit(
            time_s=round(float(at), 4),
            label=str(label_of_alias(classes[klass])),
            velocity=round(float(velocity), 3),
            confidence=round(float(confidence), 3),
        )
        for at, klass, velocity, confidence in zip(
            time_s, found.klass, found.velocity, found.confidence, strict=True
        )
    ]
    return Beatmap(hits=hits)
