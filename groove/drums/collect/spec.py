"""Settings of a collection, and how many hits of each class one should have.

What belongs here: names, units, defaults and bounds. What does not: anything heavy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import Field

from groove.core.spec import Spec


class Target(NamedTuple):
    """Hits of a class: fewest to train with, and how many are better."""

    minimum: int
    recommended: int


#: By class; more of what is played in more ways.
TARGETS: Mapping[str, Target] = {
    "kick": Target(100, 500),
    "snare": Target(100, 500),
    "rimshot": Target(50, 200),
    "hihat_closed": Target(150, 750),
    "hihat_open": Target(50, 250),
    "hihat_pedal": Target(50, 250),
    "ride": Target(75, 300),
    "crash": Target(75, 300),
    "tom_high": Target(50, 200),
    "tom_mid": Target(50, 200),
    "tom_low": Target(50, 200),
    "aux_percussion": Target(50, 200),
}


class CutSpec(Spec):
    """The clip of a hit."""

    pre_s: float = Field(0.1, ge=0, le=5, description="Sound kept before the onset (s)")
    post_s: float = Field(0.9, gt=0, le=30, description="Sound kept after it (s)")
    simultaneous_s: float = Field(
        0.03, ge=0, le=0.1, description="Hits this close (s) to the first of them are one event"
    )
    onset_share: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="A one-shot starts where it first reaches this share of its peak",
    )


class ExportSpec(Spec):
    """How a data set is split."""

    validation: float = Field(0.15, ge=0, lt=1, description="Share of groups for early stopping")
    test: float = Field(0.15, ge=0, lt=1, description="Share of groups for the figures")
    find_copies: bool = Field(
        True, description="Put clips that are copies by their sound on one side too"
    )
    together: list[list[str]] = Field(
        [],
        description="Names of kits, sessions, sources or groups whose events are on one side",
    )
    salt: str = Field("", max_length=64, description="Another one gives another split")
