"""Figures of a multi-label classifier.

What belongs here: numbers from probabilities and truth. What does not: tables, thresholds of
gates, drawing.

Conventions
-----------
* ``probabilities`` and ``truth`` are ``(events, classes)``; truth and decisions are boolean.
* An event is a sound: at least one class is always heard, the likeliest.
* Macro-F1 is the mean F1 of the classes that were struck or heard at least once, as in
  scikit-learn. A class that nobody struck and nobody heard says nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groove.core import calibration_error

Probabilities = NDArray[np.float32] | NDArray[np.float64]
Marks = NDArray[np.bool_]


def decide(probabilities: Probabilities, threshold: float) -> Marks:
    """Return what is heard: classes at or above ``threshold``, and always the likeliest."""
    heard = np.asarray(probabilities >= threshold)
    heard[np.arange(len(heard)), probabilities.argmax(axis=1)] = True
    return heard


def f1_by_class(truth: Marks, heard: Marks) -> NDArray[np.float64]:
    """Return 2 TP / (2 TP + FP + FN) of each class; nan for a class never struck nor heard."""
    both = (truth & heard).sum(axis=0)
    either = truth.sum(axis=0) + heard.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(2.0 * both / np.where(either, either, np.nan))


def macro_f1(truth: Marks, heard: Marks) -> float:
    """Return the mean F1 of the classes struck or heard; nan if there are no events."""
    by_class = f1_by_class(truth, heard)
    known = by_class[~np.isnan(by_class)]
    return float(known.mean()) if len(known) else float("nan")


def micro_f1(truth: Marks, heard: Marks) -> float:
    """Return the F1 over all decisions together; nan if there are no events."""
    either = int(truth.sum() + heard.sum())
    return 2.0 * int((truth & heard).sum()) / either if either else float("nan")


def exact(truth: Marks, heard: Marks) -> float:
    """Return the share of events where exactly the true classes were heard."""
    return float((truth == heard).all(axis=1).mean()) if len(truth) else float("nan")


def majority(train_truth: Marks, count: int) -> Marks:
    """Return the decisions of the baseline: the commonest training class, every time."""
    heard = np.zeros((count, train_truth.shape[1]), dtype=bool)
    heard[:, int(train_truth.sum(axis=0).argmax())] = True
    return heard


def expected_calibration_error(probabilities: Probabilities, truth: Marks, bins: int = 10) -> float:
    """Return the calibration error of the likeliest class; nan if there are no events.

    :mod:`groove.core.calibration_error` says how bins are made.
    """
    if not len(probabilities):
        return float("nan")
    return calibration_error.expected_calibration_error(
        *calibration_error.likeliest(probabilities, truth), bins
    )


def confusion(truth: Marks, probabilities: Probabilities) -> NDArray[np.int64]:
    """Return counts (struck, likeliest) over the events with one true class."""
    classes = truth.shape[1]
    single = truth.sum(axis=1) == 1
    rows = truth[single].argmax(axis=1)
    columns = probabilities[single].argmax(axis=1)
    return np.bincount(rows * classes + columns, minlength=classes**2).reshape(classes, classes)


def cross_entropy(probabilities: Probabilities, truth: Marks) -> NDArray[np.float64]:
    """Return each event's binary cross-entropy, summed over the classes (nats)."""
    chance = np.where(truth, probabilities, 1.0 - probabilities).astype(np.float64)
    return np.asarray(-np.log(np.clip(chance, 1e-7, 1.0)).sum(axis=1))
