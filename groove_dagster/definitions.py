"""The code location: the whole graph with its resources, jobs, schedules and sensors.

What belongs here: putting the parts together. What does not: anything else.
"""

from pathlib import Path

import dagster as dg

from assets.gates import checks
from groove_dagster.jobs import JOBS
from groove_dagster.schedules import nightly_retraining
from groove_dagster.sensors import new_raw_files
from groove_dagster.settings import from_environment
from groove_dagster.stages import STAGES
from resources.mlflow import Tracking
from resources.releases import Releases
from resources.sources import Sources
from resources.tables import TableIO
from resources.warehouse import Warehouse
from resources.workers import Workers

_SETTINGS = from_environment()
_SOURCES = Sources(
    raw=_SETTINGS.raw,
    data=_SETTINGS.data,
    demo=str(Path(__file__).parents[1] / "data" / "demo"),
    processes=_SETTINGS.workers,
)

defs = dg.Definitions(
    assets=dg.load_assets_from_modules(STAGES),
    asset_checks=checks(),
    jobs=JOBS,
    schedules=[nightly_retraining],
    sensors=[new_raw_files],
    resources={
        "io_manager": TableIO(data=_SETTINGS.data),
        "sources": _SOURCES,
        "workers": Workers(
            sources=_SOURCES,
            data=_SETTINGS.data,
            count=_SETTINGS.workers,
            scheduler=_SETTINGS.scheduler,
            inline=False,
        ),
        "warehouse": Warehouse(data=_SETTINGS.data),
        "tracking": Tracking(data=_SETTINGS.data, uri=_SETTINGS.mlflow),
        "releases": Releases(data=_SETTINGS.data),
    },
    # Parallelism is inside the stages, over files: one process per step would spend most of
    # its time importing.
    executor=dg.in_process_executor,
)
