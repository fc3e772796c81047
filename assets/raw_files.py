"""Raw files: every input file, with its content hash and what is known about it.

Reads    the raw folders that the `sources` resource names (the demo corpus by default)
Writes   raw_files   one row per input file
Domain   groove.core.inputs (the contract), groove.core.tags (side-cars and names)
"""

import dagster as dg
import pandas as pd

from resources.sources import Sources, counts


@dg.asset(kinds={"parquet"}, group_name="sources")
def raw_files(sources: Sources) -> dg.MaterializeResult[pd.DataFrame]:
    """What there is: loops, songs, tracks and one-shots, each with source and licence."""
    table = sources.raw_files()
    return dg.MaterializeResult(value=table, metadata={"raw": sources.place, **counts(table)})
