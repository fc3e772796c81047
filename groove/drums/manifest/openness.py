"""Hi-hat openness from what a device sends: a curve per maker and model.

A curve is points (raw value 0..127, openness 0..1). Between them it is straight; outside them it
stays at the nearest one. Devices differ in direction: some send 127 for shut.

What belongs here: curves, and their use on events. What does not: measuring a device.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from groove.drums.manifest.schema import Component, Event

ANY = "*"
MAX_BYTES = 4_000_000

_Raw = Annotated[float, Field(ge=0, le=127, allow_inf_nan=False)]
_Open = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class CurveError(ValueError):
    """A file of curves that cannot be used. The message says where and why."""


class Curve(BaseModel):
    """What a device means by its raw values; ``*`` as vendor or model is any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=128)
    vendor: str = Field(ANY, min_length=1)
    model: str = Field(ANY, min_length=1)
    points: list[tuple[_Raw, _Open]] = Field(min_length=2, max_length=128)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if any(after[0] <= before[0] for before, after in pairwise(self.points)):
            raise ValueError("raw values must rise from point to point")
        return self

    def __call__(self, raw: float) -> float:
        """Return the openness, 0..1, of a raw value.

        >>> Curve(id="x", points=[(10, 1.0), (110, 0.0)])(60), Curve(
        ...     id="x", points=[(10, 1.0), (110, 0.0)]
        ... )(127)
        (0.5, 0.0)
        """
        at, value = zip(*self.points, strict=True)
        return float(np.interp(raw, at, value))


class Curves(BaseModel):
    """Curves of devices, one for each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = Field(1, alias="schema")
    curves: list[Curve]

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        for names in (
            [curve.id for curve in self.curves],
            [_device(curve.vendor, curve.model) for curve in self.curves],
        ):
            if len(set(names)) < len(names):
                raise ValueError("two curves have one id, or are of one device")
        return self

    def of(self, vendor: str | None, model: str | None) -> Curve | None:
        """Return the curve of a device: its own, else its vendor's, else anyone's, else None."""
        vendor, model = vendor or ANY, model or ANY
        tried = (_device(*names) for names in ((vendor, model), (vendor, ANY), (ANY, ANY)))
        return next((self._found[device] for device in tried if device in self._found), None)

    @cached_property
    def _found(self) -> dict[tuple[str, str], Curve]:
        return {_device(curve.vendor, curve.model): curve for curve in self.curves}


def load_curves(path: Path) -> Curves:
    """Return the curves of a JSON file.

    Raises
    ------
    CurveError
        If it holds none; the message names the file.
    OSError
        If it cannot be read.
    """
    if path.stat().st_size > MAX_BYTES:
        raise CurveError(f"{path}: over {MAX_BYTES // 1_000_000} MB, so no file of curves")
    try:
        return Curves.model_validate(json.loads(path.read_text(encoding="utf-8-sig")))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CurveError(f"{path}: {place + ': ' if place else ''}{first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise CurveError(f"{path}: not JSON: {error}") from error


def calibrated(
    events: Iterable[Event], curves: Curves, counts: Counter[str], *, again: bool = False
) -> Iterator[Event]:
    """Yield all events, with openness from the curve of each one's device.

    Parameters
    ----------
    events
        Events; what has no raw openness passes as it is.
    curves
        By device.
    counts
        Filled: ``events``, ``components`` (with a raw value), ``updated``, ``already`` (left
        alone), ``without_curve``, ``curve ID`` and ``device VENDOR MODEL`` of those without.
    again
        Also replace what is calibrated already.
    """
    for event in events:
        counts["events"] += 1
        curve = curves.of(event.device_vendor, event.device_model)
        parts = [_part(component, event, curve, counts, again) for component in event.components]
        if parts == event.components:
            yield event
        else:
            yield event.model_copy(update={"components": parts})


def _part(
    part: Component, event: Event, curve: Curve | None, counts: Counter[str], again: bool
) -> Component:
    if part.openness_raw is None:
        return part
    counts["components"] += 1
    if part.openness_calibrated and not again:
        counts["already"] += 1
        return part
    if curve is None:
        counts["without_curve"] += 1
        counts[f"device {event.device_vendor or '?'} {event.device_model or '?'}"] += 1
        return part
    counts["updated"] += 1
    counts[f"curve {curve.id}"] += 1
    return part.model_copy(
        update={
            "openness": round(curve(part.openness_raw), 6),
            "openness_curve_id": curve.id,
            "openness_calibrated": True,
        }
    )


def _device(vendor: str, model: str) -> tuple[str, str]:
    return vendor.strip().casefold(), model.strip().casefold()
