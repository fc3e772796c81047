"""``metadata.json`` of an exported data set: the part that others read.

What belongs here: names and form of durations, for who writes them and who reads them. What does
not: what else an export tells, writing files.
"""

from __future__ import annotations

import json
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class MetadataError(ValueError):
    """No metadata of an exported data set; the message says what is wrong."""


class Duration(BaseModel):
    """How much there is of something.

    Parameters
    ----------
    clips
        Number of clips.
    seconds
        Their length together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    clips: int = Field(ge=0)
    seconds: float = Field(ge=0, allow_inf_nan=False)


class Durations(BaseModel):
    """Durations by side of the split and by source."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    duration_by_split: dict[str, Duration]
    duration_by_source: dict[str, Duration]

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Return the durations in a ``metadata.json``.

        Raises
        ------
        MetadataError
            If there are none.
        """
        try:
            return cls.model_validate(json.loads(data))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "metadata"
            raise MetadataError(
                f"{place}: {first['msg']}; `groove drums collect export` writes such a file"
            ) from error
        except (ValueError, RecursionError) as error:
            raise MetadataError(f"no JSON: {error}") from error
