"""The classifier's report: figures by class with intervals, confusion, reliability, thresholds.

Conventions
-----------
* ``probabilities`` and ``truth`` are ``(events, classes)``, as in
  :mod:`groove.drums.classify.metrics`.
* ``recall_low`` and ``recall_high`` are the 2.5 and 97.5 percentiles of a bootstrap by kit (Efron
  1979; whole clusters, Field and Welsh 2007): hits of one kit sound alike, so what would another
  set of kits give? They are nan for a class from fewer than two kits.
* ``wilson_low`` and ``wilson_high`` are Wilson's 95 % interval (1927) over single hits, as if each
  were of its own kit: narrower than the truth, but there for a class of one kit, too.

What belongs here: tables and plain values from predictions. What does not: single figures
(:mod:`groove.drums.classify.metrics`), bins (:mod:`groove.core.calibration_error`), drawing
(:mod:`groove.plots.drums`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from groove.core.calibration_error import Reliability, likeliest, reliability
from groove.core.digest import seed_of
from groove.drums.classify import metrics
from groove.drums.classify.calibration import Calibration
from groove.drums.classify.metrics import Marks, Probabilities
from groove.drums.corpus.loading import truth_of
from groove.midi.taxonomy import CLASSES

Floats = NDArray[np.float64]
#: Columns of the table of classes.
TABLE = (
    "klass", "support", "kits", "heard", "precision", "recall", "recall_low", "recall_high",
    "wilson_low", "wilson_high", "f1",
)  # fmt: skip
#: Normal quantile of a 95 % interval.
_Z = 1.959963984540054
_ENDS = (2.5, 97.5)
_BLOCK = 2_000_000
#: Saturated probabilities have no logit; single precision ends about here.
_LEAST = 1e-7


@dataclass(frozen=True)
class ClassifierReport:
    """Everything that a report shows.

    Attributes
    ----------
    table
        :data:`TABLE`, one row per class that was struck or heard, in the taxonomy's order.
    confusion
        ``(classes, classes)``: struck by likeliest, of the events with one true class.
    before, after
        Reliability without and with calibration; ``before`` is None where it is not known.
    thresholds
        As :func:`threshold_curves` returns it.
    metrics
        The same and the overall figures as values that JSON can hold.
    """

    table: pd.DataFrame
    confusion: NDArray[np.int64]
    before: Reliability | None
    after: Reliability
    thresholds: pd.DataFrame
    metrics: Mapping[str, Any]


def wilson(right: NDArray[Any], count: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return the ends of Wilson's 95 % interval (1927) of a share; nan where there is no count.

    >>> low, high = wilson(np.array([8]), np.array([10]))
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.4902, 0.9433)
    """
    n = np.where(count > 0, count, np.nan).astype(np.float64)
    share = right / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)


def recall_by_kit(
    truth: Marks, heard: Marks, kits: Sequence[str], resamples: int, seed: int
) -> tuple[Floats, Floats]:
    """Return the ends of each class's recall over resampled kits; nan below two kits.

    A class is judged over the kits that have it: kits without it say nothing about it.
    """
    place, _ = pd.factorize(np.asarray(kits, dtype=object), sort=True)
    count = int(place.max(initial=-1)) + 1
    member = np.zeros((2, count, truth.shape[1]))
    np.add.at(member[0], place, truth & heard)
    np.add.at(member[1], place, truth)
    low, high = np.full((2, truth.shape[1]), np.nan)
    for klass in range(truth.shape[1]):
        right, total = member[:, member[1, :, klass] > 0, klass]
        if len(total) < 2:
            continue
        random = np.random.default_rng(seed_of("recall by kit", klass, seed))
        drawn = []
        rows = max(1, _BLOCK // len(total))
        for start in range(0, resamples, rows):
            chosen = random.integers(len(total), size=(min(rows, resamples - start), len(total)))
            drawn.append(right[chosen].sum(axis=1) / total[chosen].sum(axis=1))
        low[klass], high[klass] = np.percentile(np.concatenate(drawn), _ENDS)
    return low, high


def by_class(
    truth: Marks, heard: Marks, kits: Sequence[str], resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Return the figures of each class that was struck or heard: :data:`TABLE`.

    Precision is nan for a class never heard, recall for one never struck.
    """
    hits = (truth & heard).sum(axis=0)
    support, said = truth.sum(axis=0), heard.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = hits / said, hits / support
    low, high = recall_by_kit(truth, heard, kits, resamples, seed)
    wilson_low, wilson_high = wilson(hits, support)
    names = np.asarray(kits, dtype=object)
    table = pd.DataFrame(
        {
            "klass": CLASSES,
            "support": support,
            "kits": [len(set(names[column])) for column in truth.T],
            "heard": said,
            "precision": precision,
            "recall": recall,
            "recall_low": low,
            "recall_high": high,
            "wilson_low": wilson_low,
            "wilson_high": wilson_high,
            "f1": metrics.f1_by_class(truth, heard),
        },
        columns=list(TABLE),
    )
    used: pd.DataFrame = table[(support + said) > 0].reset_index(drop=True)
    return used


def threshold_curves(
    probabilities: Probabilities, truth: Marks, thresholds: Floats | None = None
) -> pd.DataFrame:
    """Return precision, recall and F1 of each class, and of all together, by threshold.

    Here a class is heard at or above the threshold and not otherwise: the rule that something is
    always heard (:func:`groove.drums.classify.metrics.decide`) would hide what a threshold does.

    Returns
    -------
    pandas.DataFrame
        ``klass`` (``all`` is micro-averaged), ``threshold``, ``precision`` (nan where nothing is
        heard), ``recall`` (nan where nothing was struck), ``f1``.
    """
    grid = np.linspace(0.0, 1.0, 101) if thresholds is None else thresholds
    heard, hits, struck = [], [], []
    for likely, true in zip(np.asarray(probabilities, np.float64).T, truth.T, strict=True):
        # How many are at or above each threshold, from two sorted lists: no (events x grid) array.
        heard.append(len(likely) - np.searchsorted(np.sort(likely), grid, side="left"))
        hits.append(true.sum() - np.searchsorted(np.sort(likely[true]), grid, side="left"))
        struck.append(np.full(len(grid), true.sum()))
    parts = [np.vstack([*column, np.sum(column, axis=0)]) for column in (heard, hits, struck)]
    said, right, true = (part.ravel().astype(np.float64) for part in parts)
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame(
            {
                "klass": np.repeat([*CLASSES, "all"], len(grid)),
                "threshold": np.tile(grid, len(CLASSES) + 1),
                "precision": right / said,
                "recall": right / true,
                "f1": 2 * right / (said + true),
            }
        )


def uncalibrated(probabilities: Probabilities, fitted: Calibration) -> Floats:
    """Return the probabilities that the network would give without its calibration.

    The inverse of :func:`groove.drums.classify.calibration.probabilities`; what is saturated in
    single precision comes back as near as it was.
    """
    inner = np.clip(np.asarray(probabilities, dtype=np.float64), _LEAST, 1 - _LEAST)
    return np.asarray(expit((logit(inner) - fitted.bias) / fitted.scale))


def report(
    predictions: pd.DataFrame,
    fitted: Calibration | None = None,
    *,
    threshold: float = 0.5,
    resamples: int = 1000,
    seed: int = 0,
) -> ClassifierReport:
    """Return the report of predictions.

    Parameters
    ----------
    predictions
        ``true_classes``, ``probabilities`` by class in the taxonomy's order, ``kit_id``; where
        there is ``predicted_classes``, that is what was heard.
    fitted
        The calibration that is in the probabilities; None where it is not known.
    threshold
        From which a class is heard, where ``predicted_classes`` is not there.
    resamples, seed
        Of the bootstrap by kit.
    """
    truth = truth_of(predictions["true_classes"])
    likely = np.zeros((0, len(CLASSES)))
    if len(predictions):
        likely = np.stack([np.asarray(p, np.float64) for p in predictions["probabilities"]])
    if "predicted_classes" in predictions:
        heard = truth_of(predictions["predicted_classes"])
    else:
        heard = metrics.decide(likely, threshold)
    table = by_class(truth, heard, predictions["kit_id"].tolist(), resamples, seed)
    confusion = metrics.confusion(truth, likely)
    after = reliability(*likeliest(likely, truth)) if len(likely) else _nothing()
    before = None
    if fitted is not None and len(likely):
        before = reliability(*likeliest(uncalibrated(likely, fitted), truth))
    curves = threshold_curves(likely, truth)
    figures = {
        "schema": 1,
        "events": len(predictions),
        "kits": int(predictions["kit_id"].nunique()),
        "macro_f1": metrics.macro_f1(truth, heard),
        "micro_f1": metrics.micro_f1(truth, heard),
        "exact": metrics.exact(truth, heard),
        "ece": after.error,
        "ece_uncalibrated": None if before is None else before.error,
        "recall_interval": f"2.5 and 97.5 percentiles, {resamples} resamples of kits",
        "wilson_interval": "95 %, single hits",
        "classes": table.to_dict(orient="records"),
        "confusion": {"classes": list(CLASSES), "counts": confusion.tolist()},
        "reliability": _bins(after),
        "reliability_uncalibrated": None if before is None else _bins(before),
        "best_thresholds": _best(curves),
    }
    return ClassifierReport(table, confusion, before, after, curves, _plain(figures))


def _best(curves: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the threshold of the greatest F1 of each class; a hint, chosen on these very events."""
    known = curves.dropna(subset=["f1", "recall"])
    rows = known.loc[known.groupby("klass", sort=True)["f1"].idxmax()]
    return {
        str(row["klass"]): {"threshold": row["threshold"], "f1": row["f1"]}
        for row in rows.to_dict(orient="records")
    }


def _nothing() -> Reliability:
    return reliability(np.zeros(0), np.zeros(0, dtype=bool))


def _bins(found: Reliability) -> list[dict[str, float]]:
    return [
        {"confidence": float(said), "right": float(true), "events": int(size)}
        for said, true, size in zip(found.confidence, found.right, found.sizes, strict=True)
    ]


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it; what is not finite is None."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def calibration_of(metrics_json: str) -> Calibration | None:
    """Return the calibration that a row of ``drum_classifier`` states; None where it states none."""
    figures = json.loads(metrics_json)
    if "calibration_scale" not in figures or "calibration_bias" not in figures:
        return None
    return Calibration(float(figures["calibration_scale"]), float(figures["calibration_bias"]))
