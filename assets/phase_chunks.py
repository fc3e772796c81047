"""Phase chunks: fixed-length cuts of renders at many playback rates, labelled with bar phase.

Reads    song_renders   one row per rendered song: audio blob, bar starts
Writes   phase_chunks   one row per chunk: audio blob, phase per frame
Domain   groove.phase.corpus.chop (what to cut), groove.phase.labels (what a frame means)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.phase import quality
from groove.phase.corpus import chop
from groove.phase.spec import ChunkSpec
from resources.workers import Workers


class ChunkConfig(dg.Config, ChunkSpec):
    """:class:`~groove.phase.spec.ChunkSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="phase", code_version=chop.VERSION)
def phase_chunks(
    config: ChunkConfig, song_renders: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Training chunks: 32 s of audio and 33 s of bar phase at 50 frames per second."""
    from groove.phase import pictures

    table = workers.map(chop.song_chunks, song_renders, config, into="phase_chunks")
    shown = pictures.one_chunk_per_meter(table, workers.store)
    return dg.MaterializeResult(
        value=table,
        metadata={
            **quality.chunk_summary(table),
            **{name: picture(png) for name, png in shown.items()},
        },
    )
