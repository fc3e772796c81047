"""The classifier's figures with intervals by session, and against the previous release.

Conventions
-----------
* ``truth`` and ``heard`` are boolean ``(clips, classes)``.
* Macro-F1 is the mean F1 of the classes struck or heard at least once, as in scikit-learn.
* Accuracy is the share of clips where exactly the true classes were heard.
* A release is worse when the whole interval of (new - previous) is below 0. Both are measured
  on the same clips and the same sessions are drawn for both, so what is common cancels out.

What belongs here: figures and verdicts. What does not: drawing sessions
(:mod:`groove.readiness.checks.resampling`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.core.gates import Gate
from groove.readiness.checks.resampling import Floats, intervals, session_sums
from groove.readiness.checks.spec import BootstrapSpec
from groove.readiness.checks.verdict import Interval, Panel, gate

STAGE = "bootstrap"
Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Figures:
    """Figures of a release, and their change since the previous one where there was one."""

    clips: int
    sessions: int
    macro_f1: Interval
    accuracy: Interval
    recall: dict[str, Interval]
    support: dict[str, int]
    macro_f1_change: Interval | None = None
    accuracy_change: Interval | None = None


def counts(truth: Marks, heard: Marks) -> NDArray[np.int64]:
    """Return what is summed per clip: hits, misses, false alarms by class; right; one.

    ``(clips, 3 * classes + 2)``.
    """
    right = (truth == heard).all(axis=1, keepdims=True)
    parts = [truth & heard, truth & ~heard, ~truth & heard, right, np.ones_like(right)]
    return np.concatenate(parts, axis=1).astype(np.int64)


def figures(totals: Floats) -> Floats:
    """Return macro-F1, accuracy and the recall of each class from totals, ``(r, 2 + classes)``."""
    hits, misses, alarms = np.split(totals[:, :-2], 3, axis=1)
    either = 2 * hits + misses + alarms
    with np.errstate(invalid="ignore", divide="ignore"):
        f1 = np.where(either > 0, 2 * hits / either, np.nan)
        recall = np.where(hits + misses > 0, hits / (hits + misses), np.nan)
        known = np.isfinite(f1)
        macro = np.where(known, f1, 0.0).sum(axis=1) / known.sum(axis=1)
        accuracy = totals[:, -2] / totals[:, -1]
    return np.column_stack([macro, accuracy, recall])


def _changes(totals: Floats) -> Floats:
    new, previous = np.split(totals, 2, axis=1)
    return np.asarray(figures(new)[:, :2] - figures(previous)[:, :2])


def measure(
    truth: Marks,
    heard: Marks,
    sessions: Sequence[str],
    classes: Sequence[str],
    spec: BootstrapSpec,
    previous: Marks | None = None,
) -> Figures | None:
    """Return the figures of a release; None without clips.

    Parameters
    ----------
    truth, heard, previous
        ``(clips, classes)``: what was struck, what this release hears, what the previous one
        heard of the same clips.
    sessions
        The session of each clip.
    classes
        Names of the columns.
    spec
        Number of resamples, and seed.
    """
    if not len(truth):
        return None
    per_clip = counts(truth, heard)
    sums, names = session_sums(per_clip, sessions)
    macro, accuracy, *recall = intervals(sums, figures, spec.resamples, spec.seed)
    change: list[Interval | None] = [None, None]
    if previous is not None:
        older, _ = session_sums(counts(truth, previous), sessions)
        both = np.concatenate([sums, older], axis=1)
        change = list(intervals(both, _changes, spec.resamples, spec.seed))
    support = truth.sum(axis=0)
    struck = [place for place in range(len(classes)) if support[place]]
    return Figures(
        clips=len(truth),
        sessions=len(names),
        macro_f1=macro,
        accuracy=accuracy,
        recall={classes[place]: recall[place] for place in struck},
        support={classes[place]: int(support[place]) for place in struck},
        macro_f1_change=change[0],
        accuracy_change=change[1],
    )


def gates(found: Figures | None, spec: BootstrapSpec, missing: str = "") -> list[Gate]:
    """Return the verdicts: figures high enough, no class given up, no worse than before."""
    count = found.clips if found else None
    judged = {
        name: value
        for name, value in (found.recall if found else {}).items()
        if found and found.support[name] >= spec.least_support
    }
    worst = min(judged, key=lambda name: judged[name].value) if judged else None
    few = f"no class has {spec.least_support} clips" if found else missing
    listed = [
        gate(
            STAGE, "macro_f1", found.macro_f1 if found else None, spec.macro_f1, "at_least",
            count=count, note=missing or "classes with the lowest recall are in the details",
        ),
        gate(
            STAGE, "accuracy", found.accuracy if found else None, spec.accuracy, "at_least",
            count=count, note=missing or "share of clips with exactly the true classes",
        ),
        gate(
            STAGE, "least_class_recall", judged[worst] if worst else None, spec.class_recall,
            "at_least", count=found.support[worst] if found and worst else None,
            note=f"lowest: {worst}; add clips of it" if worst else few,
        ),
        gate(
            STAGE, "sessions", float(found.sessions) if found else None, spec.least_sessions,
            "at_least", unit="sessions", count=count,
            note=missing or "an interval needs sessions: test on more of them",
        ),
    ]  # fmt: skip
    if not spec.first_release:
        listed += [
            _not_worse("macro_f1", found.macro_f1_change if found else None, count, missing),
            _not_worse("accuracy", found.accuracy_change if found else None, count, missing),
        ]
    return listed


def _not_worse(name: str, change: Interval | None, count: int | None, missing: str) -> Gate:
    """Hold the upper end of the interval against 0: below it, the release is surely worse."""
    high = None if change is None else Interval(change.high, change.low, change.high)
    note = missing or "name the previous release's predictions, or set first_release: true"
    if change is not None:
        note = f"new less previous: {change.value:+.4f}; held is the upper end of the interval"
    return gate(STAGE, f"{name}_not_worse", high, 0.0, "at_least", count=count, note=note)


def as_dict(found: Figures) -> dict[str, Any]:
    """Return the figures as plain values."""

    def plain(value: Interval | None) -> dict[str, float] | None:
        return (
            None if value is None else {"value": value.value, "low": value.low, "high": value.high}
        )

    return {
        "clips": found.clips,
        "sessions": found.sessions,
        "macro_f1": plain(found.macro_f1),
        "accuracy": plain(found.accuracy),
        "macro_f1_change": plain(found.macro_f1_change),
        "accuracy_change": plain(found.accuracy_change),
        "recall": {name: plain(value) for name, value in found.recall.items()},
        "support": dict(found.support),
    }


def panels(found: Figures) -> list[Panel]:
    """Return the recall of each class with its interval."""
    rows = [(name, value, found.support[name]) for name, value in found.recall.items()]
    return [Panel("Recall by class", ("class", "recall", "clips"), rows)]
