"""Predictions as JSON lines, and hard negatives as JSON lines.

What belongs here: the lines. What does not: choosing (:mod:`groove.drums.manifest.negatives`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import pandas as pd
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator

from groove.core.tables import records
from groove.drums.manifest.lines import LineLimits, numbered_lines, parse_line
from groove.drums.manifest.paths import plain_path
from groove.drums.manifest.schema import Identity, ManifestError, Seconds, Share
from groove.midi.taxonomy import class_of, label_of_alias


class Prediction(BaseModel):
    """What was heard at a place: one label with its confidence, or probabilities of several.

    Parameters
    ----------
    sample_id
        The event, where the place is one of the manifest.
    session_id
        What was played in one go.
    audio_path, onset_s
        The place otherwise; a line says ``onset_time``, as a manifest does.
    label, confidence
        What was heard, by any name, and how surely.
    probabilities
        The same of several names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sample_id: Identity | None = None
    session_id: Identity | None = None
    audio_path: Identity | None = None
    onset_s: Seconds | None = Field(None, validation_alias=AliasChoices("onset_time", "onset_s"))
    label: Identity | None = None
    confidence: Share | None = None
    probabilities: dict[str, Share] | None = Field(None, max_length=256)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.label is None) != (self.confidence is None):
            raise ValueError("label and confidence belong together")
        if (self.label is None) == (self.probabilities is None):
            raise ValueError("give label and confidence, or probabilities")
        if self.sample_id is None and (self.audio_path is None or self.onset_s is None):
            raise ValueError("give sample_id, or audio_path and onset_time")
        for name in self.probabilities or [self.label]:
            if label_of_alias(str(name)) is None:
                raise ValueError(f"{name!r} is in no taxonomy")
        if self.audio_path is not None:
            plain_path(self.audio_path)
        return self

    @property
    def by_class(self) -> dict[str, float]:
        """Probability of each class named; of two names of one class the greater."""
        given = self.probabilities or {str(self.label): float(self.confidence or 0.0)}
        found: dict[str, float] = {}
        for name, value in given.items():
            klass = class_of(str(label_of_alias(name)))
            found[klass] = max(value, found.get(klass, 0.0))
        return found


def read_predictions(
    source: Path | bytes, limits: LineLimits | None = None
) -> list[dict[str, Any]]:
    """Return predictions as :func:`groove.drums.manifest.negatives.matched` takes them.

    Lines of one place are put together.

    Raises
    ------
    ManifestError
        Naming the line.
    OSError
        If the file cannot be read.
    """
    import io

    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        for number, line in numbered_lines(file, limits):
            if isinstance(line, ManifestError):
                raise line
            try:
                one = Prediction.model_validate(parse_line(line, number))
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                place = ".".join(str(part) for part in first["loc"])
                raise ManifestError(
                    f"{place + ': ' if place else ''}{first['msg']}", number
                ) from error
            place_of = (one.sample_id, one.audio_path, one.onset_s)
            row = found.setdefault(
                place_of,
                {
                    "sample_id": one.sample_id,
                    "audio_path": one.audio_path,
                    "onset_s": one.onset_s,
                    "probabilities": {},
                },
            )
            for klass, value in one.by_class.items():
                row["probabilities"][klass] = max(value, row["probabilities"].get(klass, 0.0))
    return list(found.values())


def negative_lines(found: pd.DataFrame) -> bytes:
    """Return ranked negatives as JSON lines, one each."""
    rows = []
    for row in records(found):
        row["true_classes"] = list(row["true_classes"])
        rows.append(json.dumps(row, ensure_ascii=False, allow_nan=False))
    return "".join(f"{row}\n" for row in rows).encode()
