"""Jobs: one per deliverable, and everything.

What belongs here: which assets run together. What does not: when (schedules, sensors).
"""

import dagster as dg

everything = dg.define_asset_job(
    "everything",
    selection=dg.AssetSelection.all(),
    description="From raw files to the release bundle.",
)


_DELIVERABLES = {
    "sources": "Index the input.",
    "phase": "Songs to a bar-phase model.",
    "ngram": "Loops to a groove model and its samples.",
    "loops": "Tracks to ranked and exported DJ loops.",
    "drums": "Hits and songs to a drum classifier.",
    "sequence": "Songs to token models.",
    "export": "Trained networks to ONNX.",
}

JOBS = (
    *(
        dg.define_asset_job(
            f"{group}_job",
            selection=dg.AssetSelection.groups(group).upstream(),
            description=description,
        )
        for group, description in _DELIVERABLES.items()
    ),
    everything,
)
