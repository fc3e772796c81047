"""Kit renders: drum loops played on kits of one-shots, with exact hits.

Reads    loop_index, hit_index   readable loops and one-shots
Writes   kit_renders             one row per loop and kit: audio and hits
Domain   groove.drums.kitplayer.renders (which meet, rows), groove.drums.kitplayer.player (sound)
"""

import dagster as dg
import pandas as pd

from assets.metadata import picture
from groove.drums.kitplayer import renders
from groove.drums.kitplayer.spec import KitRenderSpec
from resources.workers import Workers


class KitRenderConfig(dg.Config, KitRenderSpec):
    """:class:`~groove.drums.kitplayer.spec.KitRenderSpec`, editable in the launchpad."""


@dg.asset(kinds={"audio", "parquet"}, group_name="drums", code_version=renders.VERSION)
def kit_renders(
    config: KitRenderConfig,
    loop_index: pd.DataFrame,
    hit_index: pd.DataFrame,
    workers: Workers,
) -> dg.MaterializeResult[pd.DataFrame]:
    """Drum loops through kits of one-shots of their side of the split, labels exact."""
    from groove.drums.kitplayer.pictures import first_render

    items, spec = renders.items(loop_index, hit_index, config), renders.one_at_a_time(config)
    table = workers.map(renders.kit_render, items, spec, into="kit_renders")
    shown = first_render(table, workers.store)
    return dg.MaterializeResult(
        value=table,
        metadata={
            **renders.summary(table),
            **{name: picture(png) for name, png in shown.items()},
        },
    )
