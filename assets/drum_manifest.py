"""Drum manifest: the events as a manifest, with the ways of playing that notes show.

Reads    drum_events     one row per audible onset
Writes   drum_manifest   one row per event, in the form that manifests are exchanged in
Domain   groove.drums.manifest.corpus (rows), groove.drums.manifest.annotate (techniques)
"""

import dagster as dg
import pandas as pd

from groove.drums.manifest import corpus
from groove.drums.manifest.spec import AnnotateSpec
from resources.workers import Workers


class AnnotateConfig(dg.Config, AnnotateSpec):
    """:class:`~groove.drums.manifest.spec.AnnotateSpec`, editable in the launchpad."""


@dg.asset(kinds={"parquet"}, group_name="drums", code_version=corpus.VERSION)
def drum_manifest(
    config: AnnotateConfig, drum_events: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Sessions, kits, components and techniques; `groove drums manifest` reads and writes it."""
    table = workers.once(corpus.rows_of, {"drum_events": drum_events}, config, into="drum_manifest")
    return dg.MaterializeResult(
        value=table,
        metadata={
            "sessions": int(table["session_id"].nunique()),
            "kits": int(table["kit_id"].nunique()),
            "techniques": dg.MetadataValue.md(corpus.technique_counts(table).to_markdown()),
            "classes": dg.MetadataValue.md(corpus.class_counts(table).to_markdown()),
        },
    )
