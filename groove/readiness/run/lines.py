"""What is in an input file: JSON lines, each checked, as tables.

Every file is JSON, one object a line. Names that are not listed here are left alone: one manifest
serves several tools. Numbers are finite; a line that does not fit is refused by its number.

What belongs here: the shape of lines, and tables of them. What does not: opening files
(:mod:`groove.readiness.run.files`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from groove.midi.taxonomy import CLASSES, class_of, label_of_alias
from groove.readiness.checks.health import EVENTS
from groove.readiness.run.files import InputError, Root, confined

_CLASSES = frozenset(CLASSES)

Name = Annotated[str, Field(min_length=1, max_length=500)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=1e7)]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, strict=True)


L = TypeVar("L", bound=_Line)


class Component(_Line):
    """One drum of a hit."""

    label: Name
    velocity: Share | None = None
    dynamic_bucket: Name | None = None
    openness: Share | None = None


class Loudness(_Line):
    """Level of a clip."""

    LUFS_i: float | None = None
    peak_dbfs: float | None = None


class Event(_Line):
    """A line of a manifest of events, as far as health, leakage and coverage read it."""

    sample_id: Name
    session_id: Name
    drummer_id: Name | None = None
    kit_id: Name | None = None
    source_set: Name | None = None
    is_synthetic: bool = False
    audio_path: Name
    audio_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    onset_time: Seconds
    components: list[Component] = Field(max_length=64)
    techniques: list[Name] = Field([], max_length=256)
    loudness: Loudness | None = None
    split_group: Name | None = None
    split: Annotated[str, Field(pattern="^(train|validation|test)$")] | None = None

    @field_validator("audio_path")
    @classmethod
    def _inside(cls, value: str) -> str:
        return confined(value)


class Truth(_Line):
    """What a clip is: labels, or the components of an event; or unknown."""

    sample_id: Name
    session_id: Name
    labels: list[Name] = Field([], max_length=64)
    components: list[Component] = Field([], max_length=64)
    unknown: bool = False

    @model_validator(mode="after")
    def _something(self) -> Truth:
        if not (self.names or self.unknown):
            raise ValueError("labels, components or unknown: true is needed")
        return self

    @property
    def names(self) -> list[str]:
        """Labels, however they were given."""
        return [*self.labels, *(one.label for one in self.components)]


class Prediction(_Line):
    """What a classifier says of a clip: probabilities, decisions or both."""

    sample_id: Name
    probabilities: dict[Name, Share] | None = Field(None, max_length=64)
    labels: list[Name] | None = Field(None, max_length=64, description="What was decided")
    threshold: float | None = Field(
        None, gt=0, lt=1, description="Probability from which a class is heard; labels come first"
    )
    confidence: Share | None = Field(None, description="Of being a known sound; none: the largest")

    @model_validator(mode="after")
    def _something(self) -> Prediction:
        if not self.probabilities and self.labels is None:
            raise ValueError("probabilities or labels are needed")
        return self


class Hit(_Line):
    """A streaming prediction: what was heard, when, in which window."""

    session_id: Name
    label: Name
    onset_s: Seconds
    window_index: int | None = Field(None, ge=0, le=10**9)


class PackRow(_Line):
    """A line of a boundary pack."""

    sample_id: Name
    session_id: Name
    label: Name
    onset_s: Seconds
    window_index: int = Field(ge=0, le=10**9)
    window_start_s: float
    edge: Annotated[str, Field(pattern="^(leading|trailing)$")]
    distance_s: Seconds


class Run(_Line):
    """A timed run."""

    # A shorter one times the clock, and a run of no time was not timed.
    audio_s: float = Field(ge=1, le=1e7)
    seconds: float = Field(gt=0, le=1e7)


def lines_of(root: Root, name: str, kind: type[L]) -> Iterator[tuple[int, L]]:
    """Yield (line number, line).

    Raises
    ------
    InputError
        If a line does not fit; the message names file and line.
    """
    for number, line in root.lines(name):
        try:
            yield number, kind.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            message = f"{place}: {first['msg']}" if place else first["msg"]
            raise InputError(f"{name}, line {number}: {message}") from error


def class_named(name: str) -> str | None:
    """Return the class that a class, a label of the taxonomy or an alias of one means, or None."""
    if name in _CLASSES:
        return name
    label = label_of_alias(name)
    return class_of(label) if label else None


def events(root: Root, names: list[str], split: str | None = None) -> pd.DataFrame:
    """Return one row per hit of manifests, in their order; columns of ``health.EVENTS``.

    Labels are those of the taxonomy; what it does not know is kept as it is. ``split`` is the side
    of all of them, where the manifest's own does not count.
    """
    rows: list[dict[str, Any]] = []
    for name in names:
        for _, line in lines_of(root, name, Event):
            shared = line.model_dump(exclude={"components", "loudness", "onset_time"})
            shared |= {
                "onset_s": line.onset_time,
                "split": split or line.split,
                "lufs": line.loudness.LUFS_i if line.loudness else None,
                "peak_dbfs": line.loudness.peak_dbfs if line.loudness else None,
            }
            rows += [
                {
                    **shared,
                    **one.model_dump(),
                    "label": label_of_alias(one.label) or one.label,
                    "klass": class_named(one.label),
                }
                for one in line.components
            ]
    table = pd.DataFrame(rows, columns=list(EVENTS))
    return table.astype({"openness": float, "lufs": float, "peak_dbfs": float})


def table(root: Root, name: str, kind: type[_Line]) -> pd.DataFrame:
    """Return the lines of a file as rows; columns are the fields of ``kind``."""
    rows = (line.model_dump() for _, line in lines_of(root, name, kind))
    return pd.DataFrame(rows, columns=list(kind.model_fields))


def by_sample(root: Root, name: str, kind: type[L], key: Callable[[L], str]) -> dict[str, L]:
    """Return lines by sample.

    Raises
    ------
    InputError
        If a sample comes twice.
    """
    found: dict[str, L] = {}
    for number, line in lines_of(root, name, kind):
        if key(line) in found:
            raise InputError(f"{name}, line {number}: sample {key(line)!r} comes twice")
        found[key(line)] = line
    return found
