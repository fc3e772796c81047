"""Settings of a split by groups, shared by every index stage.

What belongs here: shares and salt. What does not: how groups are found and sides chosen
(:mod:`groove.core.splits`), and anything heavy: this is imported when the graph is loaded.
"""

from pydantic import Field

from groove.core.spec import Spec


class SplitSpec(Spec):
    """How the files of an index are split into training, validation and test."""

    validation: float = Field(0.15, ge=0, lt=1, description="Expected share of groups")
    test: float = Field(0.15, ge=0, lt=1, description="Expected share of groups, never trained on")
    salt: str = Field("", description="Another salt gives another split")
