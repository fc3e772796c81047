"""Settings of the release stages.

What belongs here: names and defaults. What does not: thresholds of single checks
(:mod:`groove.readiness.checks.spec`).
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationError, model_validator

from groove.core.spec import Spec


class Waiver(Spec):
    """Why a red gate does not block a release, and how red it may be.

    Without a bound a waiver would let a model by that has learnt nothing.
    """

    reason: str = Field(pattern=r"\S", description="Why the gate does not apply to these data")
    at_least: float | None = Field(
        None, allow_inf_nan=False, description="A smaller value blocks, waived or not"
    )
    at_most: float | None = Field(
        None, allow_inf_nan=False, description="A larger value blocks, waived or not"
    )

    @model_validator(mode="after")
    def _one_bound(self) -> Waiver:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give one of at_least and at_most: how red the gate may be")
        return self

    @property
    def bound(self) -> str:
        """The bound in words."""
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"

    def covers(self, value: float | None) -> bool:
        """Return whether a value is within the bound; what was not measured is not."""
        if value is None:
            return False
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is not None and value <= self.at_most


class ReadinessSpec(Spec):
    """Which red gates do not block a release, how red they may be, and why."""

    # Dagster's form of settings takes no models of ours as values: `waivers` checks them.
    waived: dict[str, Any] = Field(
        {},
        description=(
            "Gate as stage/name to {reason, at_least or at_most}: why it does not apply to these "
            "data, and the bound beyond which it blocks all the same; it stays red and is shown "
            "with the reason"
        ),
    )

    @property
    def waivers(self) -> dict[str, Waiver]:
        """The waivers by gate.

        Raises
        ------
        ValueError
            If one has no reason, or not one bound. The message names the gate.
        """
        found = {}
        for name, given in self.waived.items():
            try:
                found[name] = Waiver.model_validate(given)
            except ValidationError as error:
                first = error.errors(include_url=False, include_context=False)[0]
                place = ".".join(str(part) for part in (name, *first["loc"]))
                raise ValueError(f"waived: {place}: {first['msg']}") from error
        return found
