"""Groove samples: grooves drawn from the model, in every style it knows.

Reads    groove_model    one row: the model
         groove_events   the training loops that samples are compared with
Writes   groove_samples  one row per groove: a MIDI blob, density, longest verbatim run
Domain   groove.ngram.play.samples (rows), groove.ngram.play.sampling, groove.ngram.judge.memorisation
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.midi.taxonomy import LABELS
from groove.ngram.play import samples
from groove.ngram.spec import SampleSpec
from groove.ngram.summary import typical_sample
from resources.workers import Workers


class SampleConfig(dg.Config, SampleSpec):
    """:class:`~groove.ngram.spec.SampleSpec`, editable in the launchpad."""


@dg.asset(kinds={"midi", "parquet"}, group_name="ngram", code_version=samples.VERSION)
def groove_samples(
    config: SampleConfig,
    groove_model: pd.DataFrame,
    groove_events: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Drum grooves as MIDI files, with how much of each stands verbatim in a training loop."""
    from groove.plots import ngram as plots

    tables = {"groove_model": groove_model, "groove_events": groove_events}
    table = workers.once(samples.draw, tables, config, into="groove_samples")
    symbols, steps, title = typical_sample(table)
    return dg.MaterializeResult(
        value=table,
        metadata={
            "mean_verbatim_share": float(table["verbatim_share"].mean()),
            "typical_sample": picture(plots.drum_roll(symbols, LABELS, steps, title)),
        },
    )
