"""Open set: whether sounds that are no drum of ours are told apart from those that are.

Conventions
-----------
* ``known`` marks sounds of the taxonomy; ``confidence`` is higher for what the classifier takes
  for one of them.
* AUROC is the chance that a known sound gets a higher confidence than an unknown one, ties
  counting half (Hanley and McNeil 1982).
* FPR at TPR 95 % is the share of unknown sounds let in at the highest confidence that lets 95 %
  of the known ones in (Hendrycks and Gimpel 2017, known sounds being the positives).
* Without known or without unknown sounds, or with a confidence that is no number, both are
  undefined, and undefined has not passed.

What belongs here: these figures and their gates. What does not: how confidence is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.gates import Gate
from groove.readiness.checks.resampling import Floats, ends_of, weights
from groove.readiness.checks.spec import OpenSetSpec
from groove.readiness.checks.verdict import Interval, gate

STAGE = "open_set"
TPR = 0.95
_CELLS = 2_000_000


@dataclass(frozen=True)
class OpenSet:
    """Figures; nan where they are undefined."""

    known: int
    unknown: int
    auroc: Interval
    fpr: Interval


def curve_figures(known: Floats, unknown: Floats) -> tuple[Floats, Floats]:
    """Return AUROC and FPR at TPR 95 % of weighted sounds.

    Parameters
    ----------
    known, unknown
        ``(r, levels)``: weight of the sounds at each level of confidence, highest first. One level
        per different confidence: sounds of one level are let in together.
    """
    true, false = np.cumsum(known, axis=1), np.cumsum(unknown, axis=1)
    all_true, all_false = true[:, -1], false[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        # Every unknown sound loses to the known ones above it, and half to those beside it.
        area = (unknown * (true - known / 2)).sum(axis=1) / (all_true * all_false)
        # The sums are of whole numbers: no rounding decides where 95 % is reached.
        place = (true >= (TPR * all_true)[:, None] - 1e-9).argmax(axis=1)
        rate = false[np.arange(len(false)), place] / all_false
    undefined = (all_true == 0) | (all_false == 0)
    return np.where(undefined, np.nan, area), np.where(undefined, np.nan, rate)


def measure(
    known: NDArray[np.bool_],
    confidence: Floats,
    sessions: Sequence[str],
    spec: OpenSetSpec,
) -> OpenSet:
    """Return the figures with intervals by session.

    Parameters
    ----------
    known, confidence, sessions
        ``(n,)`` each.
    spec
        Number of resamples, and seed.
    """
    nothing = Interval(float("nan"))
    counted = int(known.sum()), int((~known).sum())
    if not len(known) or not np.isfinite(confidence).all():
        return OpenSet(*counted, nothing, nothing)
    order = np.argsort(-confidence, kind="stable")
    known, ordered = known[order], confidence[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=np.inf))
    place, names = pd.factorize(np.asarray(sessions, dtype=object)[order], sort=True)
    area, rate = curve_figures(*_levels(known, starts, np.ones((1, len(known)))))
    if len(names) < 2 or not np.isfinite(area[0]):
        return OpenSet(*counted, Interval(float(area[0])), Interval(float(rate[0])))
    drawn: list[tuple[Floats, Floats]] = []
    step = max(1, _CELLS // len(known))
    for block in weights(len(names), spec.resamples, spec.seed):
        drawn += [
            curve_figures(*_levels(known, starts, block[at : at + step][:, place]))
            for at in range(0, len(block), step)
        ]
    areas, rates = (np.concatenate(part) for part in zip(*drawn, strict=True))
    return OpenSet(
        *counted,
        Interval(float(area[0]), *ends_of(areas)),
        Interval(float(rate[0]), *ends_of(rates)),
    )


def _levels(
    known: NDArray[np.bool_], starts: NDArray[np.int64], weight: Floats
) -> tuple[Floats, Floats]:
    """Return the weight of known and unknown sounds at each level, ``(r, levels)`` each.

    Columns are in order of confidence, highest first; a level begins at each of ``starts``.
    """
    true = weight * known
    return (
        np.add.reduceat(true, starts, axis=1),
        np.add.reduceat(weight - true, starts, axis=1),
    )


def gates(found: OpenSet | None, spec: OpenSetSpec, missing: str = "") -> list[Gate]:
    """Return the verdicts; undefined is red."""
    count = found.known + found.unknown if found else None
    note = missing
    if found:
        note = f"{found.known} known and {found.unknown} unknown sounds"
        if not np.isfinite(found.auroc.value):
            note += ": undefined; both kinds are needed, with finite confidences"
    return [
        gate(
            STAGE, "auroc", found.auroc if found else None, spec.auroc, "at_least",
            count=count, note=note,
        ),
        gate(
            STAGE, "fpr_at_95_tpr", found.fpr if found else None, spec.fpr_at_95_tpr, "at_most",
            count=count, note=note,
        ),
    ]  # fmt: skip


def as_dict(found: OpenSet) -> dict[str, Any]:
    """Return the figures as plain values."""
    return {
        "known": found.known,
        "unknown": found.unknown,
        "auroc": vars(found.auroc),
        "fpr_at_95_tpr": vars(found.fpr),
    }
