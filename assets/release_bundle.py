"""The release bundle: everything that goes out, laid out as a folder.

Reads    readiness and the tables its report shows, every training table, onnx_models,
         groove_samples, loop_exports
Writes   release_bundle   one row per released file
Domain   groove.readiness.bundle (what is released; refuses while a gate blocks)
"""

import dagster as dg
import pandas as pd

from assets.gates import PANELLED, panels
from assets.readiness import MODELS
from groove.readiness import bundle
from resources.releases import Releases
from resources.workers import Workers

_REST = ("readiness", "onnx_models", "groove_samples", "loop_exports")


@dg.asset(
    kinds={"parquet"},
    group_name="release",
    ins={name: dg.AssetIn(name) for name in sorted({*_REST, *MODELS, *PANELLED})},
)
def release_bundle(
    workers: Workers, releases: Releases, **tables: pd.DataFrame
) -> dg.MaterializeResult[pd.DataFrame]:
    """Models with cards, grooves and loops with lists, and the readiness report."""
    store = workers.store
    rest = {name: tables[name] for name in _REST}
    models = {name: tables[name] for name in MODELS}
    files = bundle.files_of(**rest, models=models, store=store, panels=panels(tables))
    place = releases.publish(files, store)
    kinds = {str(kind): int(count) for kind, count in files["kind"].value_counts().items()}
    return dg.MaterializeResult(
        value=files, metadata={"folder": dg.MetadataValue.path(place), **kinds}
    )
