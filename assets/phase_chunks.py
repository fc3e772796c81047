"""Phase chunks: fixed-length cuts of songs, played and damaged in many ways, labelled exactly.

Reads    song_index     one row per readable song: rendered and cut in one go
         song_renders   one row per render: cut instead, where the settings say from_renders
Writes   phase_chunks   one row per chunk: audio blob, phase per frame
Domain   groove.phase.corpus.chop (what to cut), groove.phase.labels (what a frame means)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.phase.corpus import chop, render, summary
from groove.phase.spec import ChunkSpec
from resources.workers import Workers


class ChunkConfig(dg.Config, ChunkSpec):
    """:class:`~groove.phase.spec.ChunkSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="phase", code_version=chop.VERSION)
def phase_chunks(
    config: ChunkConfig, song_index: pd.DataFrame, song_renders: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Training chunks: 32 s of audio and 33 s of bar phase at 50 frames per second."""
    from groove.phase import pictures

    items, spec = chop.items(song_index, song_renders, config), render.one_at_a_time(config)
    table = workers.map(chop.song_chunks, items, spec, into="phase_chunks")
    shown = pictures.one_chunk_per_meter(table, workers.store)
    return dg.MaterializeResult(
        value=table,
        metadata={
            **summary.of_chunks(table),
            **{name: picture(png) for name, png in shown.items()},
        },
    )
