"""Gates of the drum stages, and the figures that are read off their tables.

What belongs here: pure functions of one table. What does not: training.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.gates import Gate
from groove.core.splits import TRAIN, crossing
from groove.drums.classify import metrics
from groove.drums.corpus.loading import truth_of
from groove.drums.tables import OTHER
from groove.drums.transcribe.quality import GATES as TRANSCRIPTION
from groove.midi.taxonomy import CLASSES

#: Fewer examples than this of a class teach nothing about it.
LEAST_OF_A_CLASS = 10
#: Macro-F1 over the commonest class on kits not seen.
LEAST_GAIN = 0.15
#: Distance between confidence and share of right answers, on kits not seen.
LARGEST_ECE = 0.08
#: Share of a loop's drum notes that are hits of its render: the others have no label, or are doubled.
LEAST_KEPT_HITS = 0.9
#: A render softer than this is silent to a listener.
SOFTEST_LUFS = -50.0
#: Largest sample of a render: at full scale it would be clipped.
LARGEST_PEAK = 0.999
#: Share of the classes struck that are recognised at all.
LEAST_RECOGNISED = 0.75


def counts_by_class(drum_events: pd.DataFrame) -> pd.DataFrame:
    """Return the number of events by class (row) and split (column)."""
    long = drum_events[["split", "classes"]].explode("classes").dropna()
    table = pd.crosstab(long["classes"], long["split"])
    return table.reindex(list(CLASSES), fill_value=0)


def class_counts(drum_events: pd.DataFrame) -> Gate:
    """Every class has examples to learn from."""
    counts = counts_by_class(drum_events) if len(drum_events) else pd.DataFrame()
    value = float(counts[TRAIN].min()) if TRAIN in counts else None
    least = str(counts[TRAIN].idxmin()) if TRAIN in counts else "no training event"
    return Gate(
        name="drum_events_per_class",
        stage="drum_events",
        value=value,
        threshold=LEAST_OF_A_CLASS,
        direction="at_least",
        unit="events",
        count=len(drum_events),
        note=f"fewest: {least}; add one-shots or songs that have it",
    )


def unknown_labels(drum_events: pd.DataFrame) -> Gate:
    """Every hit has a label of the taxonomy."""
    return Gate(
        name="drum_unknown_labels",
        stage="drum_events",
        value=float(drum_events["unknown_labels"].sum()) if len(drum_events) else None,
        threshold=0,
        direction="at_most",
        unit="hits",
        count=len(drum_events),
        note="add the name or note to groove/midi/taxonomy.json, or drop the file",
    )


def files_on_one_side(drum_events: pd.DataFrame) -> Gate:
    """No audio file is in two splits."""
    return Gate(
        name="drum_files_across_splits",
        stage="drum_events",
        value=float(crossing(drum_events, "content")) if len(drum_events) else None,
        threshold=0,
        direction="at_most",
        unit="files",
        count=len(drum_events),
    )


def sounds_on_one_side(drum_clips: pd.DataFrame) -> Gate:
    """No sound is in two splits, even as files that differ in level, format or silence."""
    return Gate(
        name="drum_sounds_across_splits",
        stage="drum_clips",
        value=float(crossing(drum_clips, "blob")) if len(drum_clips) else None,
        threshold=0,
        direction="at_most",
        unit="sounds",
        count=len(drum_clips),
    )


def _model(drum_classifier: pd.DataFrame) -> tuple[dict[str, float], int | None]:
    if not len(drum_classifier):
        return {}, None
    row = drum_classifier.iloc[0]
    figures: dict[str, float] = json.loads(row["metrics_json"])
    # A figure on kits that training knows is no answer to what the gates ask.
    return figures if figures["test_unseen_kits"] else {}, int(row["test_groups"])


def beats_majority(drum_classifier: pd.DataFrame) -> Gate:
    """The classifier hears more than the commonest class, on kits not seen."""
    figures, groups = _model(drum_classifier)
    gain = None
    if figures:
        gain = figures["test_macro_f1"] - figures["test_majority_macro_f1"]
    return Gate(
        name="drum_macro_f1_over_majority",
        stage="drum_classifier",
        value=gain,
        threshold=LEAST_GAIN,
        direction="at_least",
        count=groups,
        note="macro-F1 of one-shots minus the commonest class's; needs a test kit that no song plays",
    )


def calibrated(drum_classifier: pd.DataFrame) -> Gate:
    """The classifier is as often right as it says, on kits not seen."""
    figures, groups = _model(drum_classifier)
    return Gate(
        name="drum_ece",
        stage="drum_classifier",
        value=figures.get("test_ece"),
        threshold=LARGEST_ECE,
        direction="at_most",
        count=groups,
        note="expected calibration error of the likeliest class",
    )


def recognised_classes(drum_predictions: pd.DataFrame) -> Gate:
    """The classes struck are recognised at least once; none is given up."""
    share = None
    missed: list[str] = []
    if len(drum_predictions):
        truth = truth_of(drum_predictions["true_classes"])
        heard = truth_of(drum_predictions["predicted_classes"])
        struck = truth.any(axis=0)
        known = (truth & heard).any(axis=0)
        share = float((struck & known).sum() / struck.sum())
        missed = [CLASSES[place] for place in np.flatnonzero(struck > known)]
    return Gate(
        name="drum_classes_recognised",
        stage="drum_predictions",
        value=share,
        threshold=LEAST_RECOGNISED,
        direction="at_least",
        count=len(drum_predictions),
        note=f"never recognised: {', '.join(missed)}" if missed else "",
    )


def confusion(drum_predictions: pd.DataFrame) -> NDArray[np.int64]:
    """Return counts (struck, likeliest) over the events with one true class."""
    truth = truth_of(drum_predictions["true_classes"])
    return metrics.confusion(truth, _probabilities(drum_predictions))


def _probabilities(drum_predictions: pd.DataFrame) -> NDArray[np.float32]:
    rows = [np.asarray(row, dtype=np.float32) for row in drum_predictions["probabilities"]]
    return np.stack(rows) if rows else np.zeros((0, len(CLASSES)), dtype=np.float32)


def summary(drum_predictions: pd.DataFrame) -> dict[str, float]:
    """Return figures recomputed from the table, by origin: F1 and calibration, shares known."""
    found: dict[str, Any] = {}
    for name, part in drum_predictions.groupby("origin", sort=True):
        origin = str(name)
        found[f"{origin}_known"] = float(part["known"].mean())
        if origin == OTHER:
            found[f"{origin}_sounds"] = len(part)
            continue
        truth, heard = truth_of(part["true_classes"]), truth_of(part["predicted_classes"])
        likely = _probabilities(part)
        found[f"{origin}_events"] = len(part)
        found[f"{origin}_macro_f1"] = metrics.macro_f1(truth, heard)
        found[f"{origin}_micro_f1"] = metrics.micro_f1(truth, heard)
        found[f"{origin}_ece"] = metrics.expected_calibration_error(likely, truth)
    return found


def kept_hits(kit_renders: pd.DataFrame) -> Gate:
    """Grooves are played whole: their notes are hits of the render."""
    value = None
    if len(kit_renders):
        value = float(kit_renders["hit_s"].map(len).sum() / kit_renders["notes"].sum())
    return Gate(
        name="kit_renders_kept_hits",
        stage="kit_renders",
        value=value,
        threshold=LEAST_KEPT_HITS,
        direction="at_least",
        count=len(kit_renders),
        note="notes without a label: see mapping, or groove/midi/taxonomy.json",
    )


def audible(kit_renders: pd.DataFrame) -> Gate:
    """No render is silent."""
    return Gate(
        name="kit_renders_loudness",
        stage="kit_renders",
        value=float(kit_renders["loudness_lufs"].min()) if len(kit_renders) else None,
        threshold=SOFTEST_LUFS,
        direction="at_least",
        unit="LUFS",
        count=len(kit_renders),
    )


def unclipped(kit_renders: pd.DataFrame) -> Gate:
    """No render reaches full scale."""
    return Gate(
        name="kit_renders_peak",
        stage="kit_renders",
        value=float(kit_renders["peak"].max()) if len(kit_renders) else None,
        threshold=LARGEST_PEAK,
        direction="at_most",
        count=len(kit_renders),
    )


def kits_on_one_side(kit_renders: pd.DataFrame) -> Gate:
    """No kit is played on two sides of the split."""
    return Gate(
        name="kit_renders_kits_across_splits",
        stage="kit_renders",
        value=float(crossing(kit_renders, "kit_id")) if len(kit_renders) else None,
        threshold=0,
        direction="at_most",
        unit="kits",
        count=len(kit_renders),
    )


GATES: dict[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "drum_events": (class_counts, unknown_labels, files_on_one_side),
    "drum_clips": (sounds_on_one_side,),
    "drum_classifier": (beats_majority, calibrated),
    "drum_predictions": (recognised_classes,),
    **TRANSCRIPTION,
    "kit_renders": (kept_hits, audible, unclipped, kits_on_one_side),
}
