"""Settings of the release stages.

What belongs here: names and defaults. What does not: thresholds of single checks
(:mod:`groove.readiness.checks.spec`).
"""

from __future__ import annotations

from pydantic import Field

from groove.core.spec import Spec


class ReadinessSpec(Spec):
    """Which red gates do not block a release, and why."""

    waived: dict[str, str] = Field(
        {},
        description=(
            "Gate as stage/name to the reason why it does not apply to these data; it stays red "
            "and is shown with the reason"
        ),
    )
