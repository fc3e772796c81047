"""How well found hits agree with true ones: onsets, classes, and classes in coarser groups.

What belongs here: figures of one recording and of several together. What does not: reading
annotations (:mod:`groove.drums.transcribe.annotations`), finding hits, printing.

Conventions
-----------
* A found onset is right if it can be paired with a true one at most ``window_s`` away; each is
  paired once, and as many pairs are made as can be (``mir_eval.onset``, ``mir_eval.util``; a test
  holds ours against it).
* *Onsets* ask when anything was struck: hits within 30 ms of the first of them are one onset, on
  both sides. *Classes* ask what: hits of a class are paired with true hits of it.
* *Groups* are classes that data sets with fewer names don't part (``HH`` for every hi-hat, ``TT``
  for every tom): only figures in groups are comparable across such data sets.
* Micro F counts the hits of all classes together: what is found of a class that nobody struck
  counts against it. Macro F is the mean F of the classes that were struck.
* A hit whose label is unknown is an onset, and no hit of any class: what is found within the window
  of it, and is right of no true hit, counts neither way. If all labels of a recording are unknown,
  there are figures of onsets alone.
* A figure of nothing is ``None``, never 0 or 1: no true hits, and none found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.drums.beatmap import Beatmap
from groove.drums.corpus.grouping import starts_of_events
from groove.midi.taxonomy import CLASSES, class_of

WINDOW_S = 0.05
#: Hits this close to the first of them are one onset.
TOGETHER_S = 0.03

#: What annotations with few names tell apart.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "kick": ("kick",),
    "snare": ("snare", "rimshot"),
    "hihat": ("hihat_closed", "hihat_open", "hihat_pedal"),
    "tom": ("tom_high", "tom_mid", "tom_low"),
    "cymbal": ("ride", "crash"),
    "other": ("aux_percussion",),
}

#: The figures of a recording that means and medians are taken of, besides those of classes.
HEADLINES = (
    "onset_f", "onset_precision", "onset_recall",
    "micro_f", "macro_f", "group_micro_f", "group_macro_f",
)  # fmt: skip

Times = NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """Right, false and missed hits."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Return the counts of both together."""
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def support(self) -> int:
        """True hits."""
        return self.tp + self.fn

    @property
    def precision(self) -> float | None:
        """Share of found hits that are right."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """Share of true hits that were found."""
        return _share(self.tp, self.support)

    @property
    def f(self) -> float | None:
        """Harmonic mean of the two: 2 TP / (2 TP + FP + FN)."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON-able values."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f": self.f,
            "support": self.support,
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
        }


@dataclass(frozen=True)
class Scores:
    """Counts of one recording, or of several together.

    Parameters
    ----------
    onsets
        Whatever was struck.
    classes, groups
        By name, every one, in the order of :data:`~groove.midi.taxonomy.CLASSES` and
        :data:`GROUPS`.
    """

    onsets: Counts
    classes: Mapping[str, Counts]
    groups: Mapping[str, Counts]

    @property
    def onset_f(self) -> float | None:
        """F-measure of onsets."""
        return self.onsets.f

    @property
    def micro_f(self) -> float | None:
        """F of the hits of all classes together."""
        return _total(self.classes.values()).f

    @property
    def macro_f(self) -> float | None:
        """Mean F of the classes that were struck."""
        return _macro(self.classes.values())

    def figures(self) -> dict[str, float | None]:
        """Return the :data:`HEADLINES`."""
        return {
            "onset_f": self.onsets.f,
            "onset_precision": self.onsets.precision,
            "onset_recall": self.onsets.recall,
            "micro_f": self.micro_f,
            "macro_f": self.macro_f,
            "group_micro_f": _total(self.groups.values()).f,
            "group_macro_f": _macro(self.groups.values()),
        }

    def as_dict(self) -> dict[str, Any]:
        """Return all figures as JSON-able values; classes that were struck or found."""
        return {
            **self.figures(),
            "onsets": self.onsets.as_dict(),
            "classes": {name: c.as_dict() for name, c in self.classes.items() if c != Counts()},
            "groups": {name: c.as_dict() for name, c in self.groups.items() if c != Counts()},
        }


def score(
    truth: Beatmap,
    found: Beatmap,
    window_s: float = WINDOW_S,
    unlabelled_s: Sequence[float] = (),
) -> Scores:
    """Return how well found hits agree with the true ones of the same recording.

    Parameters
    ----------
    truth, found
        Hits in order of time.
    window_s
        Greatest distance of a pair, s.
    unlabelled_s
        Times of true hits whose label is unknown, s.
    """
    true, heard = _by_class(truth), _by_class(found)
    lost = np.sort(np.asarray(unlabelled_s, dtype=np.float64))
    struck = _merged(np.sort(np.concatenate([_times(truth), lost])))
    onsets = _paired(struck, _merged(_times(found)), window_s)
    if len(lost) and not truth.hits:
        return Scores(onsets, dict.fromkeys(CLASSES, Counts()), dict.fromkeys(GROUPS, Counts()))
    return Scores(
        onsets,
        {name: _paired(true[name], heard[name], window_s, lost) for name in CLASSES},
        {
            group: _paired(_joined(true, names), _joined(heard, names), window_s, lost)
            for group, names in GROUPS.items()
        },
    )


def pooled(scores: Sequence[Scores]) -> Scores:
    """Return the counts of several recordings together: long ones weigh more."""
    return Scores(
        _total(each.onsets for each in scores),
        {name: _total(each.classes[name] for each in scores) for name in CLASSES},
        {name: _total(each.groups[name] for each in scores) for name in GROUPS},
    )


def averages(scores: Sequence[Scores]) -> dict[str, dict[str, float | None]]:
    """Return mean and median over recordings of the :data:`HEADLINES`, without those of nothing."""
    rows = [each.figures() for each in scores]
    known = {name: [v for row in rows if (v := row[name]) is not None] for name in HEADLINES}
    return {
        title: {name: how(values) if values else None for name, values in known.items()}
        for title, how in (("mean", fmean), ("median", median))
    }


def pairs(true_s: Times, found_s: Times, window_s: float) -> int:
    """Return how many pairs of times at most ``window_s`` apart can be made, each used once.

    For points on a line the earliest partner that is left is always a right choice, so one pass
    over both is the greatest matching that ``mir_eval.util.match_events`` searches a graph for.

    Parameters
    ----------
    true_s, found_s
        Seconds, not decreasing.
    """
    count = place = 0
    found = found_s.tolist()
    for at in true_s.tolist():
        # As mir_eval rounds: the window is put around what was found.
        while place < len(found) and found[place] + window_s < at:
            place += 1
        if place < len(found) and found[place] - window_s <= at:
            count += 1
            place += 1
    return count


def _paired(true_s: Times, found_s: Times, window_s: float, lost_s: Times | None = None) -> Counts:
    """Return the counts; ``lost_s``: true hits that may be of this class, or of another."""
    right = pairs(true_s, found_s, window_s)
    told = found_s if lost_s is None else found_s[~_near(found_s, lost_s, window_s)]
    # Of all largest sets of pairs, one has as many of these in it as can be paired at all.
    return Counts(right, len(told) - pairs(true_s, told, window_s), len(true_s) - right)


def _near(times_s: Times, others_s: Times, window_s: float) -> NDArray[np.bool_]:
    first = np.searchsorted(others_s, times_s - window_s, side="left")
    return np.asarray(first < np.searchsorted(others_s, times_s + window_s, side="right"))


def _by_class(hits: Beatmap) -> dict[str, Times]:
    times: dict[str, list[float]] = {name: [] for name in CLASSES}
    for hit in hits.hits:
        times[class_of(hit.label)].append(hit.time_s)
    return {name: np.array(values) for name, values in times.items()}


def _joined(by_class: Mapping[str, Times], names: Iterable[str]) -> Times:
    """Return the onsets of a group: two of its classes at once are one."""
    return _merged(np.sort(np.concatenate([by_class[name] for name in names])))


def _times(hits: Beatmap) -> Times:
    return np.array([hit.time_s for hit in hits.hits], dtype=np.float64)


def _merged(times_s: Times) -> Times:
    return times_s[starts_of_events(times_s, TOGETHER_S)] if len(times_s) else times_s


def _total(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


def _macro(counts: Iterable[Counts]) -> float | None:
    struck = [each.f or 0.0 for each in counts if each.support]
    return fmean(struck) if struck else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
