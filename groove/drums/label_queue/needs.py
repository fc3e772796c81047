"""Which classes hold up which gates, and by how much.

The need of a class at a gate is how much of the threshold it lacks::

    need = clip((threshold - value of the class) / threshold, 0, 1)

What the report says of a class counts; where it says nothing, what the predictions and the
manifest at hand say. A class of which nothing is known needs nothing: it is not the one that a
figure is about.

What belongs here: verdicts to needs. What does not: what a need does to a rank
(:mod:`groove.drums.label_queue.ranking`), computing gates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.splits import TRAIN
from groove.drums import quality
from groove.drums.classify.metrics import Marks, f1_by_class
from groove.drums.corpus.loading import truth_of
from groove.midi.taxonomy import CLASSES, LABELS, class_of

Floats = NDArray[np.float64]
#: Gate (``stage.name``) to the need of each class, ``(classes,)``, 0..1.
Needs = Mapping[str, Floats]

#: Gate to where a report keeps the figure of each class, and the figure that stands in for it.
_GATES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "bootstrap.least_class_recall": (("bootstrap", "recall"), "recall"),
    "bootstrap.macro_f1": ((), "f1"),
    "health.min_class_count": (("health", "by_class"), "count"),
    "coverage.groups_per_class": (("coverage", "groups_by_class"), ""),
}
_FLOOR = "health.min_count_"


@dataclass(frozen=True)
class Measured:
    """What is known of each class without a report, ``(classes,)`` each; nan where nothing is."""

    recall: Floats
    f1: Floats
    count: Floats


def measured(truth: Marks, heard: Marks, count: Floats | None = None) -> Measured:
    """Return the figures of predictions.

    Parameters
    ----------
    truth, heard
        ``(events, classes)``.
    count
        Events of each class in the manifest; None where there is none.
    """
    support = truth.sum(axis=0)
    with np.errstate(invalid="ignore"):
        recall = (truth & heard).sum(axis=0) / np.where(support, support, np.nan)
    f1 = np.where(support > 0, f1_by_class(truth, heard), np.nan)
    nothing = np.full(truth.shape[1], np.nan)
    return Measured(recall, f1, nothing if count is None else count)


def lacking(value: Floats, threshold: float) -> Floats:
    """Return the need of each class at a gate that asks for at least ``threshold`` of all.

    >>> lacking(np.array([0.0, 20.0, 50.0, 80.0, np.nan]), 50.0).tolist()
    [1.0, 0.6, 0.0, 0.0, 0.0]
    """
    if not threshold > 0:
        return np.zeros(len(value))
    return np.asarray(np.nan_to_num(np.clip((threshold - value) / threshold, 0.0, 1.0)))


def needs_of_report(report: Mapping[str, Any], here: Measured) -> Needs:
    """Return the needs by the red gates of a readiness report.

    Parameters
    ----------
    report
        As ``groove readiness run --json`` writes it: ``gates`` and ``figures``.
    here
        Stands in for figures that the report does not have.
    """
    figures = report.get("figures")
    found: dict[str, Floats] = {}
    for gate in report.get("gates", []):
        name = f"{gate['stage']}.{gate['name']}"
        threshold = _number(gate.get("threshold"))
        if gate.get("direction") != "at_least" or _green(gate) or math.isnan(threshold):
            continue
        if name in _GATES:
            path, instead = _GATES[name]
            said = _by_class(figures, path)
            known = getattr(here, instead) if instead else np.full(len(CLASSES), np.nan)
            value = np.where(np.isnan(said), known, said)
        elif name.startswith(_FLOOR):
            value = _of_one(name.removeprefix(_FLOOR), _number(gate.get("value")))
        else:
            continue
        need = lacking(value, threshold)
        if need.any():
            found[name] = need
    return found


def needs_of_tables(
    drum_events: pd.DataFrame, drum_predictions: pd.DataFrame, least_recall: float
) -> Needs:
    """Return the needs by what the pipeline's own gates ask: training events, and recall."""
    counts = quality.counts_by_class(drum_events)
    in_training = (
        counts[TRAIN].to_numpy(dtype=np.float64) if TRAIN in counts else np.zeros(len(CLASSES))
    )
    here = measured(
        truth_of(drum_predictions["true_classes"]), truth_of(drum_predictions["predicted_classes"])
    )
    found = {
        "drum_events.drum_events_per_class": lacking(in_training, quality.LEAST_OF_A_CLASS),
        "drum_predictions.recall": lacking(here.recall, least_recall),
    }
    return {name: need for name, need in found.items() if need.any()}


def _green(gate: Mapping[str, Any]) -> bool:
    # Not by `passed`: value and threshold are what a verdict is made of.
    return _number(gate.get("value")) >= _number(gate.get("threshold"))


def _number(value: Any) -> float:
    """Return a finite number, or nan for whatever else stands there."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        number = float(value) if known else math.nan
    except OverflowError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _by_class(figures: Any, path: tuple[str, ...]) -> Floats:
    """Return a report's figure of each class; nan where it has none."""
    for name in path:
        figures = figures.get(name) if isinstance(figures, Mapping) else None
    if not path or not isinstance(figures, Mapping):
        return np.full(len(CLASSES), np.nan)

    def plain(value: Any) -> float:
        if isinstance(value, Mapping):
            value = value.get("value", value.get("total"))
        return _number(value)

    return np.array([plain(figures.get(name)) for name in CLASSES])


def _of_one(name: str, value: float) -> Floats:
    """Return a value at the class of a label or class, nan elsewhere."""
    found = np.full(len(CLASSES), np.nan)
    klass = name if name in CLASSES else class_of(name) if name in LABELS else None
    if klass is not None:
        found[CLASSES.index(klass)] = value
    return found
