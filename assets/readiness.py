"""Readiness: every gate of the pipeline, computed on the tables as they stand.

Reads    every table that has a gate
Writes   readiness   one row per gate
Domain   each subject's quality.py and groove.readiness.drum_gates (gates),
         groove.readiness.verdicts (their table form, waivers)
"""

import dagster as dg
import pandas as pd

from assets.gates import GATES, PANELLED, panels, verdicts
from groove.readiness.report import page
from groove.readiness.spec import ReadinessSpec
from groove.readiness.verdicts import passing_models, rows_of, waived
from resources.mlflow import Tracking
from resources.tables import digest_of

MODELS = (
    "phase_model",
    "groove_model",
    "groove_rnn",
    "loop_ranker",
    "drum_classifier",
    "drum_transcriber",
    "token_markov",
    "token_gru",
)

_SONGS = ("song_index", "song_renders", "dataset_health", "onnx_models")
#: What each model rests on or is judged by, besides its own gates.
LINES = {
    "phase_model": (
        *_SONGS,
        "phase_chunks",
        "phase_features",
        "phase_evaluation",
        "phase_checks",
    ),
    "groove_model": (
        "loop_index",
        "dataset_health",
        "groove_events",
        "groove_ngrams",
        "groove_samples",
    ),
    "groove_rnn": ("loop_index", "dataset_health", "groove_events", "onnx_models"),
    "loop_ranker": (
        "track_index",
        "dataset_health",
        "track_bars",
        "loop_candidates",
        "loop_features",
        "loop_labels",
        "loop_exports",
        "onnx_models",
    ),
    "drum_classifier": (
        *_SONGS,
        "hit_index",
        "drum_events",
        "drum_manifest",
        "drum_clips",
        "drum_predictions",
        "drum_boundary_predictions",
    ),
    "drum_transcriber": (*_SONGS, "hit_index", "kit_renders", "drum_levels", "drum_transcriptions"),
    "token_markov": ("song_index", "dataset_health", "token_corpus"),
    "token_gru": ("song_index", "dataset_health", "token_corpus", "onnx_models"),
}


class ReadinessConfig(dg.Config, ReadinessSpec):
    """:class:`~groove.readiness.spec.ReadinessSpec`, editable in the launchpad."""


@dg.asset(
    kinds={"mlflow", "parquet"},
    group_name="release",
    ins={name: dg.AssetIn(name) for name in sorted({*GATES, *MODELS, *PANELLED})},
)
def readiness(
    config: ReadinessConfig, tracking: Tracking, **tables: pd.DataFrame
) -> dg.MaterializeResult[pd.DataFrame]:
    """Gate rows; models that rest on green gates alone are given the alias ``challenger``."""
    digests = {name: digest_of(name, table) for name, table in tables.items()}
    gates = waived(verdicts(tables, digests), config.waivers)
    rows = rows_of(gates)
    models = passing_models(rows, {name: tables[name] for name in MODELS}, LINES, set(GATES))
    return dg.MaterializeResult(
        value=rows,
        metadata={
            "red": int((~rows["passed"]).sum()),
            "blocking": sum(gate.blocks for gate in gates),
            "waived": "; ".join(f"{g.stage}/{g.name}: {g.waiver}" for g in gates if g.waiver),
            "challenger": tracking.promote(models, "challenger"),
            "report": dg.MetadataValue.md(page(gates, panels(tables)).decode()),
        },
    )
