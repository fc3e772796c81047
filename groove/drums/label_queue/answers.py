"""What a person heard, back into a manifest.

An answer is a line: ``sample_id``, ``labels`` (by any alias; empty: nothing was struck), and, as
the page writes them, ``audio_path``, ``onset_time``, ``was`` (the labels that the person saw) and
``note``. The event keeps everything else that is known: what stays struck keeps its velocity and
openness. ``label_method`` becomes ``human``, and ``qc`` has a note of what the labels were.

An answer about a place where the manifest has no event (a false alarm of the model) adds one: an
event of what was struck, or a negative example. An event whose labels are neither those that the
person saw nor those that the person gave has changed since; it is left as it is, and told.

What belongs here: reading answers, and events with answers in them. What does not: the page.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from groove.drums.manifest.lines import LineLimits, numbered_lines, parse_line
from groove.drums.manifest.paths import plain_path
from groove.drums.manifest.schema import (
    MAX_COMPONENTS,
    Component,
    Event,
    Identity,
    ManifestError,
    Seconds,
    Text,
)
from groove.midi.taxonomy import LABELS, label_of_alias

METHOD = "human"
_NOTE = "label_review"


class Answer(BaseModel):
    """What a person heard at a place.

    Parameters
    ----------
    sample_id
        The event, or the name that the queue gave the place.
    labels
        What was struck, by any name; empty for nothing.
    was
        The labels that the person saw.
    audio_path, onset_s
        The place; a line says ``onset_time``, as a manifest does.
    note
        Anything else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sample_id: Identity
    labels: list[Identity] = Field(max_length=MAX_COMPONENTS)
    was: Annotated[list[Identity], Field(max_length=MAX_COMPONENTS)] | None = None
    audio_path: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    onset_s: Seconds | None = Field(None, validation_alias="onset_time")
    note: Text | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name in self.labels:
            if label_of_alias(name) is None:
                raise ValueError(f"{name[:60]!r} is in no taxonomy")
        if self.audio_path is not None:
            plain_path(self.audio_path)
        return self

    @property
    def struck(self) -> list[str]:
        """Labels of the taxonomy, each once, in its order."""
        found = {label_of_alias(name) for name in self.labels}
        return [label for label in LABELS if label in found]


@dataclass
class Applied:
    """What became of the answers; ``stale`` are events that changed since they were seen."""

    corrected: int = 0
    confirmed: int = 0
    added: int = 0
    stale: list[str] = field(default_factory=list)


def read_answers(source: Path | bytes, limits: LineLimits | None = None) -> dict[str, Answer]:
    """Return answers by ``sample_id``; of several about one event the last counts.

    Raises
    ------
    ManifestError
        Naming the line.
    OSError
        If the file cannot be read.
    """
    found: dict[str, Answer] = {}
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        for number, line in numbered_lines(file, limits):
            if isinstance(line, ManifestError):
                raise line
            try:
                answer = Answer.model_validate(parse_line(line, number))
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                place = ".".join(str(part) for part in first["loc"])
                raise ManifestError(
                    f"{place + ': ' if place else ''}{first['msg']}", number
                ) from error
            found[answer.sample_id] = answer
    return found


def with_answers(
    events: Iterable[Event], answers: Mapping[str, Answer], done: Applied
) -> Iterator[Event]:
    """Yield the events with the answers in them, in order, and then those that are added.

    Parameters
    ----------
    events
        A manifest.
    answers
        By ``sample_id``.
    done
        Filled in on the way.

    Raises
    ------
    ManifestError
        If an answer is about a place in a file that the manifest does not know.
    """
    open_ = dict(answers)
    files = {one.audio_path for one in answers.values() if one.audio_path is not None}
    beside: dict[str, Event] = {}
    for event in events:
        if event.audio_path in files:
            beside.setdefault(event.audio_path, event)
        answer = open_.pop(event.sample_id, None)
        yield event if answer is None else _answered(event, answer, done)
    for answer in open_.values():
        like = beside.get(answer.audio_path or "")
        if like is None or answer.onset_s is None:
            raise ManifestError(
                f"{answer.sample_id!r} is no event of the manifest, nor a place in a file of it"
            )
        done.added += 1
        yield _added(like, answer)


def _answered(event: Event, answer: Answer, done: Applied) -> Event:
    """Return the event as the person heard it."""
    struck, before = answer.struck, event.labels
    same = set(struck) == set(before) and all(c.known for c in event.components)
    reviewed = isinstance(event.qc, dict) and _NOTE in event.qc and event.label_method == METHOD
    if same and reviewed:
        done.confirmed += 1
        return event
    if answer.was is not None and not same and set(answer.was) != set(before):
        done.stale.append(event.sample_id)
        return event
    if same:
        done.confirmed += 1
    else:
        done.corrected += 1
    kept = [component for component in event.components if component.known in struck]
    there = {component.known for component in kept}
    components = [*kept, *(Component(label=name) for name in struck if name not in there)]
    changes = {
        "components": components,
        "negative_example": not components,
        "label_method": METHOD,
        "qc": _reviewed(event, answer),
    }
    return event.model_copy(update=changes)


def _reviewed(event: Event, answer: Answer) -> Any:
    """Return the notes of quality control with this review; what was there stays."""
    review: dict[str, Any] = {
        "was": [component.label for component in event.components],
        "method_was": event.label_method,
        "labels": answer.struck,
    }
    if answer.note:
        review["note"] = answer.note
    if isinstance(event.qc, dict):
        return {**event.qc, _NOTE: review}
    return {_NOTE: review} if event.qc is None else {"before": event.qc, _NOTE: review}


def _added(like: Event, answer: Answer) -> Event:
    """Return an event at a place that had none, in the file, session and kit of another one."""
    shared = (
        "session_id", "drummer_id", "kit_id", "room_id", "source_set", "license", "is_synthetic",
        "audio_path", "audio_sha256", "track_id", "sample_rate", "channels", "mix_context",
        "device_vendor", "device_model", "split",
    )  # fmt: skip
    review: dict[str, Any] = {"was": [], "labels": answer.struck}
    if answer.note:
        review["note"] = answer.note
    return Event(
        **{name: getattr(like, name) for name in shared},
        sample_id=answer.sample_id,
        onset_time=answer.onset_s or 0.0,
        components=[Component(label=name) for name in answer.struck],
        negative_example=not answer.struck,
        label_method=METHOD,
        qc={_NOTE: review},
    )
