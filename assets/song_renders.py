"""Song renders: every usable song played by a soundfont, with exact bars, beats and drum hits.

Reads    song_index     one row per readable song
Writes   song_renders   one row per usable song: audio blob, bars, beats, drum hits
Domain   groove.phase.corpus.usable (which songs), groove.phase.corpus.render (how)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.phase import quality
from groove.phase.corpus import render
from groove.phase.spec import RenderSpec
from resources.workers import Workers


class RenderConfig(dg.Config, RenderSpec):
    """:class:`~groove.phase.spec.RenderSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="phase", code_version=render.VERSION)
def song_renders(
    config: RenderConfig, song_index: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Songs as audio; what breaks a rule of usability is in quarantine with the reason."""
    from groove.phase import pictures

    songs = render.first_of_each(song_index, config)
    table = workers.map(render.song_render, songs, config, into="song_renders")
    shown = pictures.first_render(table, workers.store)
    return dg.MaterializeResult(
        value=table,
        metadata={
            **quality.render_summary(table),
            **{name: picture(png) for name, png in shown.items()},
        },
    )
