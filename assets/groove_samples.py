"""Groove samples: grooves drawn from the model, under every condition it knows well.

Reads    groove_model    one row: the model, with the training loops that samples are compared with
Writes   groove_samples  one row per groove: a MIDI blob, figures, longest verbatim runs
Domain   groove.ngram.play.samples (rows), groove.ngram.play.sampling, groove.ngram.judge.memorisation
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.midi.taxonomy import LABELS
from groove.ngram.play import samples
from groove.ngram.spec import SampleSpec
from resources.workers import Workers


class SampleConfig(dg.Config, SampleSpec):
    """:class:`~groove.ngram.spec.SampleSpec`, editable in the launchpad."""


@dg.asset(kinds={"midi", "parquet"}, group_name="ngram", code_version=samples.VERSION)
def groove_samples(
    config: SampleConfig, groove_model: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Drum grooves as MIDI files, with how much of each stands verbatim in a training loop."""
    from groove.ngram.play.preview import preview_of
    from groove.plots.audio import waveform
    from groove.plots.rolls import Roll, piano_roll

    tables = {"groove_model": groove_model}
    table = workers.once(samples.draw, tables, config, into="groove_samples")
    hits, title = samples.typical_hits(table)
    heard = preview_of(table, workers.store)
    figures = ["hits_per_bar", "swing", "mean_velocity", "verbatim_share", "single_hits"]
    by_condition = table.groupby("condition")[figures].mean().round(2)
    return dg.MaterializeResult(
        value=table,
        metadata={
            "mean_verbatim_share": float(table["verbatim_share"].mean()),
            "most_hits_of_one_loop": int(table["single_hits"].max()),
            "by_condition": dg.MetadataValue.md(by_condition.to_markdown()),
            "typical_sample": picture(piano_roll(Roll(**hits), LABELS, title)),
            "typical_sample_audio": dg.MetadataValue.path(
                f"{workers.data}/blobs/{heard.blob[:2]}/{heard.blob}"
            ),
            "typical_sample_waveform": picture(
                waveform(heard.samples, heard.sample_rate, heard.bar_starts_s)
            ),
        },
    )
