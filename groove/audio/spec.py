"""Settings of the audio index stages.

What belongs here: settings with units and defaults. What does not: anything heavy; the graph
imports this when it loads.
"""

from pydantic import Field

from groove.core.split_spec import SplitSpec


class TrackIndexSpec(SplitSpec):
    """Settings of ``track_index``."""

    min_duration_s: float = Field(4.0, ge=0, description="Shortest track, seconds")
    max_duration_s: float = Field(3600.0, gt=0, description="Longest track, seconds")


class HitIndexSpec(SplitSpec):
    """Settings of ``hit_index``."""

    max_duration_s: float = Field(30.0, gt=0, description="Longest one-shot, seconds")
    min_peak_dbfs: float = Field(-60.0, le=0, description="Quieter one-shots are silence, dBFS")
