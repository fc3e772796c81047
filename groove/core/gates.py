"""Gates: pure verdicts over measured values, fail-closed.

A gate compares one measured value with one threshold. It is red when the value is missing
or not finite: what was not measured has not passed.

What belongs here: the verdict and `require`. What does not: how a value is measured (each
subject's ``quality.py``), Dagster checks (:mod:`assets.gates`), reports
(:mod:`groove.readiness`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, computed_field, field_validator


class Gate(BaseModel):
    """One verdict.

    Parameters
    ----------
    name
        What is gated: ``groove_bits_under_order0``.
    stage
        The table it was measured on.
    value
        The measured value; ``None`` when its inputs are missing.
    threshold
        What the value is held against.
    direction
        ``at_least`` or ``at_most``; the threshold itself passes.
    unit
        Unit of value and threshold; empty for a ratio.
    count
        How many independent observations (files, groups) are behind the value.
    low, high
        95 % interval of the value where one was computed.
    inputs
        Table name to table digest, of what the value was computed from.
    note
        What would unblock it, or what is missing.
    waiver
        Why a red gate does not block a release, where somebody said so. Value, threshold and
        verdict stay as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    stage: str
    value: float | None
    threshold: float
    direction: Literal["at_least", "at_most"]
    unit: str = ""
    count: int | None = None
    low: float | None = None
    high: float | None = None
    inputs: Mapping[str, str] = {}
    note: str = ""
    waiver: str = ""

    @field_validator("value", "low", "high")
    @classmethod
    def _missing(cls, value: float | None) -> float | None:
        # A table read back has nan where it had nothing: both are "not measured".
        return None if value is None or math.isnan(value) else value

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own idiom for a derived field
    @property
    def passed(self) -> bool:
        """Whether the gate is green. A missing or non-finite value is red."""
        if self.value is None or not math.isfinite(self.value):
            return False
        if self.direction == "at_least":
            return self.value >= self.threshold
        return self.value <= self.threshold

    @property
    def blocks(self) -> bool:
        """Whether it stops a release: red, and nobody has said why it does not apply."""
        return not self.passed and not self.waiver

    @property
    def shortfall(self) -> float | None:
        """How far the value is on the wrong side of its threshold, in its unit.

        0 for a green gate; None where nothing finite was measured, so that no distance is known.
        """
        if self.value is None or not math.isfinite(self.value):
            return None
        if self.passed:
            return 0.0
        return abs(self.value - self.threshold)

    def as_json(self) -> dict[str, Any]:
        """Return the gate as plain values that JSON can hold; what is not finite is None."""
        shown = self.model_dump()
        shown["inputs"] = dict(self.inputs)
        shown["shortfall"] = self.shortfall
        shown["blocks"] = self.blocks
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in shown.items()
        }

    def __str__(self) -> str:
        sign = ">=" if self.direction == "at_least" else "<="
        value = "missing" if self.value is None else f"{self.value:.4g}"
        verdict = "pass" if self.passed else "FAIL" if self.blocks else "waived"
        unit = f" {self.unit}" if self.unit else ""
        return f"{verdict}  {self.name}: {value} {sign} {self.threshold:g}{unit}"


class GateError(RuntimeError):
    """At least one gate is red. The message lists every red gate and how far off it is."""


def require(gates: Iterable[Gate]) -> list[Gate]:
    """Return the gates if none of them blocks.

    Raises
    ------
    GateError
        If one is red and not waived, or there is none at all: nothing measured is nothing passed.
    """
    listed = list(gates)
    if not listed:
        raise GateError("no gate was computed, so none has passed")
    red = [gate for gate in listed if gate.blocks]
    if red:
        lines = "\n".join(f"  {gate} {gate.note}".rstrip() for gate in red)
        raise GateError(f"{len(red)} of {len(listed)} gates are red:\n{lines}")
    return listed
