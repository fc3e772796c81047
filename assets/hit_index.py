"""Hit index: label, kit and fingerprint of every one-shot.

Reads    raw_files   the input files of kind hits
Writes   hit_index   one row per readable one; the others go to quarantine
Domain   groove.audio.inventory (measuring a file; duplicates, groups and splits)
"""

import dagster as dg
import pandas as pd

from groove.audio import inventory
from groove.audio.spec import HitIndexSpec
from groove.core.inputs import of_kind, splits_of
from resources.workers import Workers


class HitIndexConfig(dg.Config, HitIndexSpec):
    """:class:`~groove.audio.spec.HitIndexSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="sources", code_version=inventory.VERSION)
def hit_index(
    config: HitIndexConfig, raw_files: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """One row per one-shot: label, class, kit, level, and its side of the split."""
    items = of_kind(raw_files, "hits")
    table = inventory.finish_hits(
        workers.map(inventory.index_hit, items, config, into="hit_index"), raw_files, config
    )
    return dg.MaterializeResult(value=table, metadata=splits_of(table))
