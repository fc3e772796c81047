"""Song renders: every usable song played by soundfonts, with exact bars, beats and drum hits.

Reads    song_index     one row per readable song
Writes   song_renders   one row per usable song, soundfont and version: audio, bars, beats, hits
Domain   groove.phase.corpus.usable (which songs), groove.phase.corpus.render (how)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.phase.corpus import render, summary
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

    items, spec = render.items(song_index, config), render.one_at_a_time(config)
    table = workers.map(render.song_render, items, spec, into="song_renders")
    shown = pictures.first_render(table, workers.store)
    return dg.MaterializeResult(
        value=table,
        metadata={
            **summary.of_renders(table),
            **{name: picture(png) for name, png in shown.items()},
        },
    )
