"""The table of what was measured: one row with the figures that are gated, and all of them.

What belongs here: a report as a row. What does not: measuring
(:mod:`groove.ngram.judge.evaluation`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from groove.core.splits import TEST
from groove.core.store import Store
from groove.ngram.judge import evaluation
from groove.ngram.language.codec import unpack
from groove.ngram.spec import EvaluationSpec

VERSION = f"1+{evaluation.VERSION}"

_TAKEN = (
    "loops",
    "bars",
    "bits_per_bar",
    "bits_per_hit",
    "bits_per_event",
    "perplexity_16x13",
    "bits_per_bar_16x13",
    "sum_to_one_max_error",
    "memorised_max_hits",
    "memorised_file",
    "memorised_license",
    "copied_share",
)


def judge(
    groove_model: pd.DataFrame, groove_events: pd.DataFrame, *, spec: EvaluationSpec, store: Store
) -> list[dict[str, Any]]:
    """Return the one row of ``groove_evaluation``: the model on the test split.

    Raises
    ------
    groove.ngram.judge.evaluation.EvaluationError
        If there is no bar in it.
    """
    trained = groove_model.iloc[0]
    model = unpack(store.read(trained["blob"]))
    bars = groove_events[groove_events["split"] == TEST]
    return [row_of(str(trained["model_id"]), evaluation.evaluate(model, bars, spec))]


def row_of(model_id: str, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a report of :func:`groove.ngram.judge.evaluation.evaluate`."""
    reference = report["reference"]["kneser_ney_6"] or {}
    found, held_to = report["distance"], report["distance_anchors"]
    named = report["conditioning"]
    return {
        "model_id": model_id,
        **{name: report[name] for name in _TAKEN},
        "reference_perplexity_16x13": reference.get("perplexity"),
        "reference_bits_per_bar_16x13": reference.get("bits_per_bar"),
        "distance": found["total"]["value"] if found else None,
        "distance_low": found["total"]["low"] if found else None,
        "distance_high": found["total"]["high"] if found else None,
        "joint_distance": found["joint"]["value"] if found else None,
        "senseless_distance": held_to["shuffled"]["total"] if held_to else None,
        "style_accuracy": named["accuracy"] if named else None,
        "style_accuracy_low": named["low"] if named else None,
        "style_chance": max(named["chance"], named["control_accuracy"]) if named else None,
        "report_json": evaluation.as_json(report),
    }


def report_of(groove_evaluation: pd.DataFrame) -> dict[str, Any]:
    """Return all figures of the table's row."""
    report: dict[str, Any] = json.loads(groove_evaluation["report_json"].iloc[0])
    return report
