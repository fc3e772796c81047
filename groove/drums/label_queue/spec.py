"""Settings of the labelling queue.

What belongs here: names, units, defaults and bounds. What does not: anything heavy; the asset
module imports this when the graph is loaded.
"""

from __future__ import annotations

from pydantic import Field

from groove.core.spec import Spec


class SnippetSpec(Spec):
    """The sound of a queued clip, for ears: longer than what the classifier sees."""

    pre_s: float = Field(0.5, ge=0, le=5, description="Sound kept before the onset (s)")
    post_s: float = Field(1.0, gt=0, le=30, description="Sound kept after it (s)")
    fade_s: float = Field(0.01, ge=0, le=0.5, description="Fade at both ends (s)")


class QueueSpec(SnippetSpec):
    """What is worth a look, and in which order."""

    count: int = Field(200, ge=1, le=100_000, description="Clips in the queue at most")
    confidence: float = Field(
        0.7, ge=0.5, le=1, description="Probability from which a wrong class is a confident mistake"
    )
    margin: float = Field(
        0.2, ge=0, le=0.5, description="A class this near to the threshold is in doubt"
    )
    threshold: float = Field(
        0.5, gt=0, lt=1, description="A class at or above this probability is heard"
    )
    diversity: float = Field(
        1.0, ge=0, le=8, description="Exponent of the distance to what is queued before; 0: none"
    )
    gate_weight: float = Field(
        3.0, ge=0, description="Weight of a class that a gate lacks wholly, beyond that of others"
    )
    least_recall: float = Field(
        0.5, gt=0, le=1, description="Recall that the pipeline asks of a class"
    )
    pool: int = Field(
        5000, ge=1, description="Clips that are compared, those of most loss and effect first"
    )
    window_s: float = Field(
        0.05, gt=0, le=1, description="A hit this near in time (s) is the one predicted"
    )
