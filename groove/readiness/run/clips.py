"""Clips with their truth and what a classifier says of them, as arrays.

What belongs here: joining truth and predictions. What does not: figures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.midi.taxonomy import CLASSES
from groove.readiness.run.files import InputError, Root
from groove.readiness.run.lines import Prediction, Truth, by_sample, class_named

_PLACE = {name: place for place, name in enumerate(CLASSES)}


@dataclass(frozen=True)
class Clips:
    """``n`` clips in order of their ids; columns are the classes of the taxonomy.

    ``probabilities`` is nan where a prediction has none; ``known`` is False for sounds that are
    none of the classes; ``decided`` says in words how it was decided what is heard.
    """

    sessions: list[str]
    truth: NDArray[np.bool_]
    known: NDArray[np.bool_]
    heard: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    confidence: NDArray[np.float64]
    decided: str


def clips_of(root: Root, truth: str, predictions: str, threshold: float = 0.5) -> Clips:
    """Return every clip of ``truth`` with its prediction.

    A prediction's ``labels`` are what is heard. Where it has none, classes at or above the threshold
    that it states are, else those at or above ``threshold``, and always the likeliest. Predictions of other clips are left out.

    Raises
    ------
    InputError
        If a clip has no prediction (leaving it out would flatter the figures), comes twice, or
        has a class that the taxonomy does not know.
    """
    true = by_sample(root, truth, Truth, lambda line: line.sample_id)
    said = by_sample(root, predictions, Prediction, lambda line: line.sample_id)
    silent = sorted(name for name in true if name not in said)
    if silent:
        raise InputError(
            f"{predictions}: no prediction of {len(silent)} clips of {truth}, such as {silent[0]!r}"
        )
    names = sorted(true)
    lines = [said[name] for name in names]
    known = np.array([not true[name].unknown for name in names], dtype=bool)
    marks = np.zeros((len(names), len(CLASSES)), dtype=bool)
    for row, name in enumerate(names):
        marks[row, _places(true[name].names, truth, name)] = known[row]
    chances = np.full(marks.shape, np.nan)
    for row, line in enumerate(lines):
        if line.probabilities:
            chances[row] = 0.0
            # Two labels of one class are one chance: the larger.
            for place, chance in zip(
                _places(line.probabilities, predictions, line.sample_id),
                line.probabilities.values(),
                strict=True,
            ):
                chances[row, place] = max(chances[row, place], chance)
    stated = [threshold if line.threshold is None else line.threshold for line in lines]
    heard = _heard(chances, np.array(stated, dtype=np.float64))
    for row, line in enumerate(lines):
        if line.labels is not None:
            heard[row] = False
            heard[row, _places(line.labels, predictions, line.sample_id)] = True
    given = [np.nan if line.confidence is None else line.confidence for line in lines]
    likeliest = chances.max(axis=1) if len(chances) else np.zeros(0)
    return Clips(
        sessions=[true[name].session_id for name in names],
        truth=marks,
        known=known,
        heard=heard,
        probabilities=chances,
        confidence=np.where(np.isnan(given), likeliest, given),
        decided=f"{predictions}: {_decided(lines, threshold)}",
    )


def _decided(lines: list[Prediction], threshold: float) -> str:
    """Return how many clips were decided by what."""
    bare = [line for line in lines if line.labels is None]
    own = sorted({line.threshold for line in bare if line.threshold is not None})
    counts = {
        "their labels": len(lines) - len(bare),
        "the threshold they state ({})".format(
            f"{own[0]:g}" if len(own) == 1 else f"{own[0]:g} to {own[-1]:g}" if own else ""
        ): sum(line.threshold is not None for line in bare),
        f"the configured threshold of {threshold:g}": sum(line.threshold is None for line in bare),
    }
    return ", ".join(f"{count} clips by {how}" for how, count in counts.items() if count) or "none"


def _heard(chances: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.bool_]:
    heard = np.asarray(chances >= thresholds[:, None])
    said = np.flatnonzero(~np.isnan(chances).all(axis=1))
    heard[said, chances[said].argmax(axis=1)] = True
    return heard


def _places(names: Iterable[str], file: str, sample: str) -> list[int]:
    places = []
    for name in names:
        klass = class_named(name)
        if klass is None:
            raise InputError(f"{file}: {sample!r} has the label {name!r}, which nobody knows")
        places.append(_PLACE[klass])
    return places
