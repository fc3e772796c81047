"""The schema of a manifest line: an event, its components, and what is known about both.

Conventions
-----------
* One line is one audible event; each of its *components* is one thing that was struck.
* Times are seconds from the start of the audio file; velocities and openness are 0..1.
* Nothing is guessed at: what a line does not say is null. An unknown field is refused, a label
  that the taxonomy does not know is kept as it is, and counted.

What belongs here: fields, types and bounds. What does not: lines and files
(:mod:`groove.drums.manifest.reading`), the flat table (:mod:`groove.drums.manifest.table`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

from groove.core.splits import SPLITS
from groove.midi.taxonomy import class_of, label_of_alias

#: Bounds that no real recording reaches.
MAX_SECONDS = 1_000_000.0
MAX_COMPONENTS = 64
MAX_TECHNIQUES = 64
MAX_DEPTH = 16

Bucket = Literal["ghost", "light", "medium", "accent"]
BUCKETS: tuple[str, ...] = ("ghost", "light", "medium", "accent")


class ManifestError(ValueError):
    """A line, or a manifest, that cannot be used.

    Parameters
    ----------
    reason
        What is wrong, and what to do.
    line
        Where, from 1; None is about the whole.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason = reason
        self.line = line


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds control characters")
    return text


def shallow(value: Any) -> Any:
    """Refuse what is nested too deeply, or in itself, before anything recurses into it."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH or len(level) > 100_000:
            raise ValueError(f"nested more than {MAX_DEPTH} deep, or far too large")
        inner: list[Any] = []
        for item in level:
            if isinstance(item, Mapping):
                inner.extend(item.values())
            elif isinstance(item, list | tuple):
                inner.extend(item)
        level = inner
    return value


Identity = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_printable)]
Text = Annotated[str, Field(max_length=1024), AfterValidator(_printable)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]
Free = Annotated[JsonValue, BeforeValidator(shallow)]


class _Part(BaseModel):
    # Strict: a number in quotes, or true for 1, is a mistake of whoever wrote the line.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Component(_Part):
    """One thing that was struck.

    Parameters
    ----------
    label
        Of the taxonomy, or any alias of one.
    velocity
        How hard, 0..1.
    dynamic_bucket
        The same in words.
    openness, openness_raw
        Of a hi-hat: 0 shut, 1 wide open; as the device sent it, 0..127.
    openness_curve_id, openness_calibrated
        The curve that ``openness`` comes from, and that it does.
    strike_position
        Where: a word, or a number of the device.
    choke, pedal
        Stopped by hand; played or held by foot (or how far, 0..1).
    instrument_variant
        Which of several: ``crash_left``.
    """

    label: Identity
    velocity: Share | None = None
    dynamic_bucket: Bucket | None = None
    openness: Share | None = None
    openness_raw: Annotated[float, Field(ge=0, le=127, allow_inf_nan=False)] | None = None
    strike_position: Text | Finite | None = None
    choke: bool | None = None
    pedal: bool | Share | None = None
    instrument_variant: Text | None = None
    openness_curve_id: Identity | None = None
    openness_calibrated: bool | None = None

    @property
    def known(self) -> str | None:
        """The taxonomy's label, or None where it has none."""
        return _known(self.label)


class Context(_Part):
    """Sound that belongs to the event around its onset, milliseconds."""

    pre: Annotated[float, Field(ge=0, le=600_000, allow_inf_nan=False)] | None = None
    post: Annotated[float, Field(ge=0, le=600_000, allow_inf_nan=False)] | None = None


class Loudness(_Part):
    """Level of the event's audio."""

    LUFS_i: Finite | None = None
    peak_dbfs: Finite | None = None


class Event(_Part):
    """One line of a manifest. ``docs`` of each field: :data:`FIELDS`."""

    sample_id: Identity = Field(description="Identity of the event, once in a manifest")
    session_id: Identity = Field(description="What was played in one go")
    drummer_id: Identity | None = Field(None, description="Who played")
    kit_id: Identity | None = Field(None, description="What was played on")
    room_id: Identity | None = Field(None, description="Where it was recorded")
    source_set: Identity | None = Field(None, description="Data set that it comes from")
    license: Identity | None = Field(None, description="Licence of the audio, SPDX where it can")
    is_synthetic: bool = Field(False, description="Played by software, not recorded")
    audio_path: Annotated[str, Field(min_length=1, max_length=1024)] = Field(
        description="Audio file below the data root, with / between folders"
    )
    audio_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="Hash of the audio file's content"
    )
    onset_time: Seconds = Field(description="Start of the attack in the audio file, s")
    offset_time: Seconds | None = Field(None, description="End of the event, s")
    tempo_bpm: Annotated[float, Field(gt=0, le=2_000, allow_inf_nan=False)] | None = Field(
        None, description="Tempo at the onset, quarters per minute"
    )
    meter: Annotated[str, Field(pattern=r"^[1-9]\d?/[1-9]\d?$")] | None = Field(
        None, description="Meter at the onset, such as 7/8"
    )
    bar_index: Annotated[int, Field(ge=0, le=10_000_000)] | None = Field(
        None, description="Bar from 0"
    )
    beat_index: Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)] | None = Field(
        None, description="Beat in the bar"
    )
    track_id: Identity | None = Field(None, description="Piece or take")
    sample_rate: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        None, description="Of the audio, Hz"
    )
    channels: Annotated[int, Field(ge=1, le=1024)] | None = Field(None, description="Of the audio")
    components: list[Component] = Field(max_length=MAX_COMPONENTS, description="What was struck")
    techniques: list[Identity] = Field([], max_length=MAX_TECHNIQUES, description="Ways of playing")
    context_ms: Context | None = Field(None, description="Sound around the onset, ms")
    bleed_level: Finite | Text | None = Field(None, description="Sound of other instruments")
    mix_context: Text | None = Field(None, description="Alone, or under what")
    negative_example: bool = Field(False, description="Nothing of the taxonomy was struck")
    loudness: Loudness | None = Field(None, description="Level")
    device_vendor: Identity | None = Field(None, description="Maker of the electronic kit")
    device_model: Identity | None = Field(None, description="Its model")
    label_method: Text | None = Field(None, description="How the labels came about")
    qc: Free = Field(None, description="Notes of quality control, any JSON")
    split_group: Identity | None = Field(
        None, description="What belongs on one side of a split, beyond session and kit"
    )
    split: Literal["train", "validation", "test"] | None = Field(
        None, description=f"Side of a split that is fixed: {', '.join(SPLITS)}"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.components and not self.negative_example:
            raise ValueError("components is empty: say what was struck, or negative_example: true")
        if self.offset_time is not None and self.offset_time < self.onset_time:
            raise ValueError(f"offset_time {self.offset_time:g} is before onset_time")
        return self

    @property
    def labels(self) -> list[str]:
        """Labels of the taxonomy that were struck, each once, in order of the components."""
        return list(dict.fromkeys(label for c in self.components if (label := c.known)))

    @property
    def classes(self) -> list[str]:
        """Their classes, each once."""
        return list(dict.fromkeys(class_of(label) for label in self.labels))


#: Every field of a line, with what it means.
FIELDS: Mapping[str, str] = {
    name: str(field.description) for name, field in Event.model_fields.items()
}


@lru_cache(maxsize=4096)
def _known(label: str) -> str | None:
    return label_of_alias(label)


def event_of(row: Mapping[str, Any], line: int | None = None) -> Event:
    """Return a parsed line as an event.

    Raises
    ------
    ManifestError
        Naming the field and what is wrong with it.
    """
    try:
        return Event.model_validate(row)
    except ValidationError as error:
        raise ManifestError(_words(error), line) from error
    except RecursionError as error:
        raise ManifestError("nested far too deep", line) from error


def _words(error: ValidationError) -> str:
    """Return the first problem in words, and how many more there are."""
    problems = error.errors(include_url=False, include_context=False)
    first = problems[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        said = f"unknown field {place[:80]!r}; leave it out or put it below qc"
    elif first["type"] == "missing":
        said = f"{place} is missing"
    else:
        given = "" if first["type"] == "value_error" else f" (it is {_short(first['input'])})"
        said = f"{place}: {first['msg']}{given}" if place else first["msg"]
    more = len(problems) - 1
    return said + (f"; and {more} more" if more else "")


def _short(value: Any) -> str:
    if isinstance(value, Mapping | list | tuple):
        return f"a {'list' if not isinstance(value, Mapping) else 'mapping'} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
