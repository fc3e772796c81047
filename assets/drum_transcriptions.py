"""Drum transcriptions: how well hits are found in recordings that were never trained on.

Reads    drum_levels, drum_transcriber  recordings with known hits, the model
Writes   drum_transcriptions            two rows per test recording: the model, the heuristic
Domain   groove.drums.transcribe.verdicts (rows), groove.drums.transcribe.quality (gates)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.drums.transcribe import quality, verdicts
from groove.drums.transcribe.spec import JudgeSpec
from groove.midi.taxonomy import CLASSES
from resources.workers import Workers


class JudgeConfig(dg.Config, JudgeSpec):
    """:class:`~groove.drums.transcribe.spec.JudgeSpec`, editable in the launchpad."""


@dg.asset(kinds={"pytorch", "parquet"}, group_name="drums", code_version=verdicts.VERSION)
def drum_transcriptions(
    config: JudgeConfig,
    drum_levels: pd.DataFrame,
    drum_transcriber: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Onset and class F-measures at 50 ms, beside a heuristic on the same recordings."""
    from groove.plots import transcription as plots

    table = workers.once(
        verdicts.judge,
        {"drum_levels": drum_levels, "drum_transcriber": drum_transcriber},
        config,
        into="drum_transcriptions",
    )
    by_class = quality.by_class(table)
    return dg.MaterializeResult(
        value=table,
        metadata={
            "by_class": picture(plots.f_by_class(by_class, CLASSES)),
            "figures": dg.MetadataValue.md(quality.summary(table).to_markdown()),
        },
    )
