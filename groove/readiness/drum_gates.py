"""Readiness of the drum classifier on the pipeline's own tables: the checks, as gates.

What a run over files measures (:mod:`groove.readiness.run`) is measured here on the tables of the
graph, by the same checks and thresholds. Each gate is a function of one table.

What belongs here: which rows a check is about. What does not: how it measures
(:mod:`groove.readiness.checks`), gates of one stage (each subject's ``quality.py``).

Conventions
-----------
* A sound without a true class is unknown. Figures of the classifier are of known sounds, of kits
  that training never met; all unknown sounds take part in the open set.
* There is no previous release in a table: comparing two is a run's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.gates import Gate
from groove.midi.taxonomy import CLASSES, class_of
from groove.readiness.checks import (
    bootstrap,
    boundaries,
    calibration,
    coverage,
    health,
    leakage,
    open_set,
    spec,
)
from groove.readiness.checks.verdict import Panel

GateFunction = Callable[[pd.DataFrame], Gate]
Marks = NDArray[np.bool_]
#: What a check makes of a table: its verdicts, and what is shown beside them.
Measured = tuple[list[Gate], Sequence[Panel]]

_BOOTSTRAP = spec.BootstrapSpec(first_release=True)
_CALIBRATION = spec.CalibrationSpec()
_OPEN_SET = spec.OpenSetSpec()
_BOUNDARIES = spec.BoundarySpec()
_HEALTH = spec.HealthSpec()
_LEAKAGE = spec.LeakageSpec(groups=["kit"])


def _marks(classes: pd.Series) -> Marks:
    """Return lists of class names as ``(events, classes)``."""
    return np.array([[name in found for name in CLASSES] for found in classes]).reshape(
        len(classes), len(CLASSES)
    )


def _unseen(predictions: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the known sounds of kits not seen, and what is missing where there is none."""
    if not len(predictions):
        return predictions, "drum_predictions has no row"
    struck = predictions["true_classes"].map(len) > 0
    chosen = predictions[struck & predictions["unseen_kit"].astype(bool)]
    return chosen, "" if len(chosen) else "no test sound is of a kit that training never met"


def _figures(predictions: pd.DataFrame) -> Measured:
    chosen, missing = _unseen(predictions)
    found = None
    if not missing:
        found = bootstrap.measure(
            _marks(chosen["true_classes"]),
            _marks(chosen["predicted_classes"]),
            chosen["session_id"].tolist(),
            CLASSES,
            _BOOTSTRAP,
        )
    return bootstrap.gates(found, _BOOTSTRAP, missing), bootstrap.panels(found) if found else ()


def _calibrated(predictions: pd.DataFrame) -> Measured:
    chosen, missing = _unseen(predictions)
    found = None
    if not missing:
        found = calibration.measure(
            chosen["confidence"].to_numpy(dtype=np.float64),
            chosen["likeliest_is_true"].to_numpy(dtype=bool),
            chosen["session_id"].tolist(),
            _CALIBRATION,
        )
    listed = calibration.gates(found, _CALIBRATION, missing)
    return listed, calibration.panels(found) if found else ()


def _known_and_unknown(predictions: pd.DataFrame) -> Measured:
    chosen, missing = _unseen(predictions)
    found = None
    if len(predictions):
        strange = predictions[predictions["true_classes"].map(len) == 0]
        both = pd.concat([chosen, strange])
        known = np.arange(len(both)) < len(chosen)
        found = open_set.measure(
            known,
            both["confidence"].to_numpy(dtype=np.float64),
            both["session_id"].tolist(),
            _OPEN_SET,
        )
    return open_set.gates(found, _OPEN_SET, missing), ()


def _edges(predictions: pd.DataFrame) -> Measured:
    heard = predictions["heard"].to_numpy(dtype=bool)
    found = boundaries.recall_of(predictions, heard, _BOUNDARIES)
    missing = "" if found else "drum_boundary_predictions has no row"
    return boundaries.gates(found, _BOUNDARIES, missing), boundaries.panels(found) if found else ()


def _hits(manifest: pd.DataFrame) -> pd.DataFrame:
    """Return a manifest table as the events that health is measured on: one row per hit."""
    hits = manifest.drop(columns=["label", "klass"]).rename(columns={"labels": "label"})
    hits = hits.explode("label").dropna(subset=["label"])
    hits["klass"] = hits["label"].map(class_of)
    blank = dict.fromkeys(name for name in health.EVENTS if name not in hits)
    return hits.assign(**blank).reset_index(drop=True)


def _healthy(manifest: pd.DataFrame) -> Measured:
    found = None
    if len(manifest):
        hits = _hits(manifest)
        known = hits.dropna(subset=["audio_sha256"])
        contents = dict(zip(known["audio_path"], known["audio_sha256"], strict=True))
        found = health.measure(hits, contents, {})
    listed = health.gates(found, _HEALTH, "" if found else "drum_manifest has no row")
    return listed, health.panels(found) if found else ()


def _covered(manifest: pd.DataFrame, settings: spec.CoverageSpec) -> Measured:
    found = coverage.measure(_hits(manifest), settings) if len(manifest) else None
    missing = "" if found else "drum_manifest has no row"
    return coverage.gates(found, settings, missing), coverage.panels(found) if found else ()


def _leaks(hit_index: pd.DataFrame) -> Measured:
    found = None
    if len(hit_index):
        files = hit_index.rename(columns={"path": "audio_path"})
        found = leakage.measure(
            files,
            dict(zip(files["audio_path"], files["sha256"], strict=True)),
            dict(zip(files["audio_path"], files["signature"], strict=True)),
            _LEAKAGE.groups,
        )
    missing = "" if len(hit_index) else "hit_index has no row"
    return leakage.gates(found, _LEAKAGE, missing), leakage.panels(found) if found else ()


#: Table, then check, then each of its gates and what it holds.
_HELD: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "hit_index": {
        "leakage": {
            "contents": "No one-shot is on two sides of the split.",
            "near_duplicates": "No copy of a one-shot, by its sound, is on another side.",
            "kit": "No kit is on two sides of the split.",
        },
    },
    "drum_manifest": {
        "health": {
            "duplication_rate": "Hardly a hit repeats another by content.",
            "min_class_count": "Every class has hits enough.",
        },
        "coverage": {
            "groups_per_class": "Every class is from several recorded kits.",
            "technique_share": "The ways of playing that notes can show occur.",
        },
    },
    "drum_predictions": {
        "bootstrap": {
            "macro_f1": "Macro-F1 on kits not seen.",
            "accuracy": "Share of wholly right events, on kits not seen.",
            "least_class_recall": "No class is given up, on kits not seen.",
            "sessions": "Sessions enough for an interval.",
        },
        "calibration": {"ece": "Confidence is what it says, on kits not seen."},
        "open_set": {
            "auroc": "Unknown sounds are told from known ones.",
            "fpr_at_95_tpr": "Few unknown sounds pass where nearly all known ones do.",
        },
    },
    "drum_boundary_predictions": {
        "boundaries": {
            "macro_recall": "Hits at the edges of streaming windows are heard.",
            "leading_rows": "Hits enough at the beginnings of windows.",
            "trailing_rows": "Hits enough at the ends of windows.",
        },
    },
}


class DrumReadiness:
    """The checks of the drum classifier on the graph's tables.

    Parameters
    ----------
    techniques
        Ways of playing that ``drum_manifest`` must cover.
    """

    def __init__(self, techniques: Iterable[str]) -> None:
        wanted = spec.CoverageSpec(techniques=sorted(techniques))
        self._checks: Mapping[str, Callable[[pd.DataFrame], Measured]] = {
            "leakage": _leaks,
            "health": _healthy,
            "coverage": partial(_covered, settings=wanted),
            "bootstrap": _figures,
            "calibration": _calibrated,
            "open_set": _known_and_unknown,
            "boundaries": _edges,
        }

    @property
    def gates(self) -> dict[str, tuple[GateFunction, ...]]:
        """Table name to its gates."""
        return {
            table: tuple(
                self._gate(table, check, name, doc)
                for check, held in checks.items()
                for name, doc in held.items()
            )
            for table, checks in _HELD.items()
        }

    def _gate(self, table: str, check: str, name: str, doc: str) -> GateFunction:
        def verdict(rows: pd.DataFrame) -> Gate:
            listed, _ = self._checks[check](rows)
            (found,) = (one for one in listed if one.name == name)
            return found.model_copy(update={"name": f"drum_{check}_{name}", "stage": table})

        verdict.__name__ = verdict.__qualname__ = f"drum_{check}_{name}"
        verdict.__doc__ = doc
        return verdict

    def panels(self, tables: Mapping[str, pd.DataFrame]) -> dict[str, Sequence[Panel]]:
        """Return the tables behind the gates, by table of the graph; those given and not empty."""
        return {
            table: [
                panel for check in _HELD[table] for panel in self._checks[check](tables[table])[1]
            ]
            for table in _HELD
            if table in tables and len(tables[table])
        }


#: Tables of the graph that are read.
TABLES = tuple(_HELD)
