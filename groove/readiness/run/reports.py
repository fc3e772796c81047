"""Reports of earlier runs, read back.

What belongs here: whether a file is such a report. What does not: comparing two
(:mod:`groove.readiness.checks.baseline`).
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from groove.readiness.run.files import InputError

FORMAT = "groove-readiness"
VERSION = 1


class _Counted(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    total: int = Field(ge=0)


class _Health(BaseModel):
    model_config = ConfigDict(extra="ignore")

    by_class: dict[str, _Counted]
    unknown_labels: dict[str, int]


class _Figures(BaseModel):
    model_config = ConfigDict(extra="ignore")

    health: _Health | None = None


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    name: str
    stage: str
    value: float | None
    threshold: float
    direction: str = Field(pattern="^at_(least|most)$")


class _Report(BaseModel):
    model_config = ConfigDict(extra="ignore")

    format: str = Field(pattern=f"^{FORMAT}$")
    version: int = Field(ge=VERSION, le=VERSION)
    gates: list[_Row]
    figures: _Figures


def read_report(data: bytes, name: str) -> dict[str, Any]:
    """Return a report as plain values.

    Raises
    ------
    InputError
        If it is no report of a run.
    """
    try:
        _Report.model_validate_json(data)
        found: dict[str, Any] = json.loads(data)
    except (ValidationError, ValueError, RecursionError) as error:
        raise InputError(
            f"{name}: no report of a run; make one with `groove readiness run --json {name}`"
        ) from error
    return found
