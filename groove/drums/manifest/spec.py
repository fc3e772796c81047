"""Settings of what is done to manifests.

What belongs here: names, units, defaults and bounds. What does not: anything heavy; the asset
modules import this when the graph is loaded.
"""

from __future__ import annotations

from pydantic import Field

from groove.core.spec import Spec


class AnnotateSpec(Spec):
    """When notes show a way of playing."""

    bark_s: float = Field(
        0.2, gt=0, le=2, description="An open hi-hat closed within this time (s) is a bark"
    )
    simultaneous_s: float = Field(
        0.03, ge=0, le=0.1, description="Hits this close (s) are struck at the same moment"
    )
    flam_least_s: float = Field(
        0.004, ge=0, description="Nearer strokes (s) are one stroke reported twice"
    )
    flam_s: float = Field(0.045, gt=0, le=0.2, description="Widest flam (s)")
    drag_s: float = Field(0.09, gt=0, le=0.5, description="Widest gap (s) between a drag's strokes")
    grace_share: float = Field(
        0.75, gt=0, le=1, description="A grace stroke is softer than this share of the main one"
    )
    ghost_velocity: float = Field(
        0.25, gt=0, lt=1, description="Snare strokes up to this velocity are ghost notes"
    )
    tempo_change: float = Field(
        0.01, gt=0, lt=1, description="Relative change of tempo that counts as one"
    )
    ratio_tolerance: float = Field(
        0.025, gt=0, lt=0.06, description="Distance from a simple ratio that is still it"
    )
    ratio_denominator: int = Field(8, ge=1, le=16, description="Largest denominator of one")


class WeightSpec(Spec):
    """How often sessions are drawn: (events + smoothing) ** -power, within bounds."""

    smoothing: float = Field(1.0, ge=0, description="Added to the number of a session's events")
    power: float = Field(0.5, ge=0, le=1, description="0 draws events alike, 1 sessions alike")
    lowest: float = Field(0.05, gt=0, description="Smallest weight of an event")
    highest: float = Field(0.5, gt=0, description="Largest weight of an event")


class NegativeSpec(Spec):
    """Which wrong predictions are worth a look."""

    confidence: float = Field(0.7, ge=0, le=1, description="Least confidence in a wrong class")
    per_label: int = Field(150, ge=1, description="Kept per wrongly heard class at most")
    diversity: float = Field(
        0.5, ge=0, le=1, description="0 ranks by loss alone, 1 by difference from those kept"
    )
    window_s: float = Field(
        0.05, gt=0, le=1, description="A hit this near in time (s) is the one predicted"
    )
    pool: int = Field(
        5000, ge=1, description="Candidates per class that are compared, those of most loss first"
    )
