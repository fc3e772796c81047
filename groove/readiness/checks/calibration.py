"""Calibration: whether the likeliest class is as often right as its probability says.

Bins hold equally many clips (equal mass) or are equally wide; which one is stated with every
figure, because they differ.

What belongs here: the error's interval and gate, the reliability table. What does not: bins and
the error itself (:mod:`groove.core.calibration_error`), mending calibration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.core.calibration_error import bins_of
from groove.core.gates import Gate
from groove.readiness.checks.resampling import Floats, intervals, session_sums
from groove.readiness.checks.spec import CalibrationSpec
from groove.readiness.checks.verdict import Interval, Panel, gate

STAGE = "calibration"


@dataclass(frozen=True)
class Reliability:
    """The error, and the bins it is made of (empty ones left out)."""

    clips: int
    binning: str
    ece: Interval
    confidence: Floats
    right: Floats
    sizes: NDArray[np.int64]


def _error(totals: Floats) -> Floats:
    """Return the error from totals per bin: summed confidence, right answers, clips."""
    confidence, right, sizes = np.split(totals, 3, axis=1)
    return np.asarray(
        np.abs(confidence - right).sum(axis=1, keepdims=True) / sizes.sum(axis=1, keepdims=True)
    )


def measure(
    confidence: Floats,
    right: NDArray[np.bool_],
    sessions: Sequence[str],
    spec: CalibrationSpec,
) -> Reliability | None:
    """Return the reliability of ``(n,)`` likeliest classes; None without clips.

    The bins are those of all clips in every resample. The interval lies a little high, as the
    error itself does with few clips in a bin: chance never makes a distance smaller than 0.
    """
    if not len(confidence) or not np.isfinite(confidence).all():
        return None
    place = bins_of(confidence, spec.bins, equal_mass=spec.equal_mass)
    member = np.zeros((len(place), int(place.max()) + 1))
    member[np.arange(len(place)), place] = 1.0
    parts = [member * confidence[:, None], member * right[:, None], member]
    sums, _ = session_sums(np.concatenate(parts, axis=1), sessions)
    (ece,) = intervals(sums, _error, spec.resamples, spec.seed)
    total_confidence, total_right, sizes = np.split(sums.sum(axis=0), 3)
    used = sizes > 0
    return Reliability(
        clips=len(confidence),
        binning=f"{used.sum()} bins of equal {'mass' if spec.equal_mass else 'width'}",
        ece=ece,
        confidence=total_confidence[used] / sizes[used],
        right=total_right[used] / sizes[used],
        sizes=sizes[used].astype(np.int64),
    )


def gates(found: Reliability | None, spec: CalibrationSpec, missing: str = "") -> list[Gate]:
    """Return the verdict on the expected calibration error."""
    note = f"{found.binning}; fit the calibration again if red" if found else missing
    return [
        gate(
            STAGE, "ece", found.ece if found else None, spec.ece, "at_most",
            count=found.clips if found else None, note=note or "no finite probability",
        )
    ]  # fmt: skip


def as_dict(found: Reliability) -> dict[str, Any]:
    """Return the figures as plain values."""
    return {
        "clips": found.clips,
        "binning": found.binning,
        "ece": vars(found.ece),
        "bins": [
            {"confidence": float(said), "right": float(true), "clips": int(size)}
            for said, true, size in zip(found.confidence, found.right, found.sizes, strict=True)
        ],
    }


def panels(found: Reliability) -> list[Panel]:
    """Return the reliability table."""
    rows = [(row["confidence"], row["right"], row["clips"]) for row in as_dict(found)["bins"]]
    head = ("mean confidence", "share right", "clips")
    return [Panel(f"Reliability, {found.binning}", head, rows)]
