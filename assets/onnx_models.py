"""ONNX models: every trained network as a file that runs anywhere, proven equal.

Reads    phase_model, drum_classifier, drum_transcriber, token_gru, groove_rnn, loop_ranker
Writes   onnx_models   one row per network: the file, its parity, its time per step
Domain   groove.export.models, groove.export.onnx; each subject's export_case
"""

import dagster as dg
import pandas as pd

from groove.export import models
from groove.export.spec import OnnxSpec
from resources.workers import Workers


class OnnxConfig(dg.Config, OnnxSpec):
    """:class:`~groove.export.spec.OnnxSpec`, editable in the launchpad."""


@dg.asset(kinds={"onnx"}, group_name="export", code_version=models.VERSION)
def onnx_models(
    config: OnnxConfig,
    phase_model: pd.DataFrame,
    drum_classifier: pd.DataFrame,
    drum_transcriber: pd.DataFrame,
    token_gru: pd.DataFrame,
    groove_rnn: pd.DataFrame,
    loop_ranker: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """One row per trained network; the loop ranker's trees are no network and stay out."""
    import groove.drums.classify.model
    import groove.drums.transcribe.model
    import groove.loops.rankers
    import groove.ngram.neural.exporting
    import groove.phase.model.streaming
    import groove.sequence.exporting

    table = workers.once(
        models.exported,
        {
            "phase_model": phase_model,
            "drum_classifier": drum_classifier,
            "drum_transcriber": drum_transcriber,
            "token_gru": token_gru,
            "groove_rnn": groove_rnn,
            "loop_ranker": loop_ranker,
        },
        config,
        into="onnx_models",
        cases={
            "phase_model": groove.phase.model.streaming.export_case,
            "drum_classifier": groove.drums.classify.model.export_case,
            "drum_transcriber": groove.drums.transcribe.model.export_case,
            "token_gru": groove.sequence.exporting.export_case,
            "groove_rnn": groove.ngram.neural.exporting.export_case,
            "loop_ranker": groove.loops.rankers.export_case,
        },
    )
    return dg.MaterializeResult(
        value=table,
        metadata={
            "largest difference": float(table["max_abs_error"].max()),
            "slowest step (ms)": float(table["ms_per_step"].max()),
        },
    )
