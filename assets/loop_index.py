"""Loop index: the loop inventory, MIDI and audio, with what the filters keep.

Reads    raw_files   the input files of kind loops
Writes   loop_index   one row per readable one; the others go to quarantine
Domain   groove.midi.inventory (measuring a file; duplicates, groups and splits)
"""

import dagster as dg
import pandas as pd

from groove.core.inputs import of_kind, splits_of
from groove.midi import inventory
from groove.midi.spec import LoopIndexSpec
from resources.workers import Workers


class LoopIndexConfig(dg.Config, LoopIndexSpec):
    """:class:`~groove.midi.spec.LoopIndexSpec`, editable in the launchpad."""


@dg.asset(kinds={"midi", "audio", "parquet"}, group_name="sources", code_version=inventory.VERSION)
def loop_index(
    config: LoopIndexConfig, raw_files: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """One row per loop: tempo and where it comes from, bars, notes, filters, split."""
    items = of_kind(raw_files, "loops")
    table = inventory.finish_loops(
        workers.map(inventory.index_loop, items, config, into="loop_index"), raw_files, config
    )
    return dg.MaterializeResult(value=table, metadata=splits_of(table))
