"""Arrangements: a YAML file that says which parts play which sections, and the reader of it.

::

    tempo: 104                       # quarters a minute; without it, the first part's usual one
    meter: 4/4                       # the same
    seed: 7
    parts:
      drums:
        cond: {style: funk}          # model_path: released, backend: ngram
        fill_every: 4
      percussion:
        backend: perc_ngram
        model_path: models/perc_ngram.parquet
        bars: 2                      # a phrase of two bars, repeated
    sections:
      - {name: intro, bars: 4, parts: [percussion]}
      - {name: verse, bars: 8, cond: {section: verse}}
      - {name: chorus, bars: 8, cond: {section: chorus, intensity: high}}

What belongs here: what such a file may say, and reading it. What does not: playing it
(:mod:`groove.ngram.play.arrangement`).

Conventions
-----------
* A section's ``cond`` goes over the part's, key by key.
* ``bars`` of a part is the length of its phrase, which is repeated; without it, a part draws
  each section whole. Without sections, the piece is as long as its longest part.
* A section of the same name and length sounds the same each time it comes, unless it has a
  ``seed`` of its own.
* A model's path is relative to the file's folder and stays below it: a file from a stranger
  names no other place. A model from elsewhere is named by the user, beside the file.
* These files come from strangers too: they are small, and have no aliases, tags or double keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from groove.core.spec import Spec
from groove.core.tags import TagsError, load_yaml
from groove.ngram.corpus.alphabets import AlphabetName
from groove.ngram.corpus.conditions import KEYS

MAX_BYTES = 65_536
MAX_BARS = 4096
RELEASED = "released"
_SHOWN_ERRORS = 5

#: What each backend plays.
BACKENDS: Mapping[str, AlphabetName] = {"ngram": "drums", "perc_ngram": "percussion"}


class PartsError(ValueError):
    """An arrangement that cannot be played. The message says where and why."""


def _tag(value: object) -> object:
    """Return a condition's value as text: YAML reads ``yes`` as true and ``3`` as a number."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int) else value


def _key(name: str) -> str:
    if name not in KEYS:
        raise ValueError(f"no condition of this name; known are {', '.join(KEYS)}")
    return name


def _mapping(value: object) -> object:
    """Return what stands behind a part's name; nothing is a part with every default."""
    return {} if value is None else value


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.-]{0,31}$")]
Value = Annotated[str, BeforeValidator(_tag), StringConstraints(min_length=1, max_length=64)]
Key = Annotated[str, AfterValidator(_key)]
Condition = Annotated[dict[Key, Value], Field(description=f"Conditions: {', '.join(KEYS)}")]


class PartSpec(Spec):
    """One part: what it plays with, and how."""

    backend: Literal["ngram", "perc_ngram"] = Field(
        "ngram", description="ngram plays drums, perc_ngram percussion"
    )
    model_path: str = Field(
        RELEASED, min_length=1, max_length=1024, description="Model file, or released"
    )
    cond: Condition = Field(default_factory=dict)
    bars: int | None = Field(None, ge=1, le=512, description="Length of the phrase")
    temperature: float = Field(0.9, gt=0, le=10, description="Over 1 is wilder")
    temperature_end: float | None = Field(None, gt=0, le=10, description="At a phrase's last step")
    top_k: int = Field(0, ge=0, le=65_536, description="Draw from the k likeliest; 0 from all")
    top_p: float = Field(0.98, gt=0, le=1, description="Draw from the fewest that hold this share")
    seed: int = Field(0, ge=0, lt=2**63, description="Varies this part alone")
    fill_every: int = Field(0, ge=0, le=512, description="A fill in every so manieth bar; 0 none")
    swing: float | None = Field(
        None, ge=0, le=1, description="0 straight, 1 triplets; none as learnt"
    )
    humanise: float = Field(1.0, ge=0, le=2, description="0 quantised, 1 as learnt, 2 twice that")


class SectionSpec(Spec):
    """A stretch of the piece."""

    name: Name = Field(description="Sections of one name sound the same")
    bars: int = Field(4, ge=1, le=512, description="Length")
    cond: Condition = Field(default_factory=dict)
    parts: list[Name] | None = Field(None, max_length=16, description="Who plays; none is all")
    seed: int | None = Field(None, ge=0, lt=2**63, description="Varies this section alone")


class ArrangementSpec(Spec):
    """A piece: its parts, and the sections that they play."""

    tempo: float | None = Field(None, ge=20, le=400, description="Quarters a minute")
    meter: str | None = Field(None, pattern=r"^([1-9]|[1-5]\d|6[0-4])/(1|2|4|8|16|32)$")
    seed: int = Field(0, ge=0, lt=2**63, description="Of everything")
    parts: dict[Name, Annotated[PartSpec, BeforeValidator(_mapping)]] = Field(
        min_length=1, max_length=16
    )
    sections: list[SectionSpec] = Field(default_factory=list, max_length=256)

    @model_validator(mode="after")
    def _fits(self) -> ArrangementSpec:
        for section in self.sections:
            unknown = sorted(set(section.parts or ()) - set(self.parts))
            if unknown:
                raise ValueError(
                    f"section {section.name!r} is played by {', '.join(unknown)}, which is no part"
                )
        total = sum(section.bars for section in self.sections)
        if total > MAX_BARS:
            raise ValueError(f"{total} bars in all; at most {MAX_BARS} are played")
        return self

    def form(self) -> list[SectionSpec]:
        """Return the sections; one of the longest part's length where none are given."""
        if self.sections:
            return self.sections
        return [
            SectionSpec(name="groove", bars=max(part.bars or 4 for part in self.parts.values()))
        ]


def read_parts(path: Path) -> ArrangementSpec:
    """Return what an arrangement file says.

    Raises
    ------
    PartsError
        If it is no such file; the message begins with its name.
    """
    try:
        with path.open("rb") as file:
            return parts_of(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise PartsError(f"{path}: {error.strerror or error}") from error
    except PartsError as error:
        raise PartsError(f"{path}: {error}") from error


def parts_of(data: bytes) -> ArrangementSpec:
    """Return what the bytes of an arrangement file say.

    Raises
    ------
    PartsError
        Too large, not plain YAML, or with a name or value that is not understood.
    """
    try:
        found = load_yaml(data, MAX_BYTES)
    except TagsError as error:
        raise PartsError(str(error)) from error
    if not isinstance(found, dict):
        raise PartsError("a mapping with `parts:` is expected")
    try:
        return ArrangementSpec.model_validate(found)
    except ValidationError as error:
        raise PartsError(_reasons(error)) from error


def model_file(part: PartSpec, folder: Path) -> Path | None:
    """Return where a part's model is; ``None`` is the released one.

    Parameters
    ----------
    part
        Of an arrangement file.
    folder
        Of that file; links that lead out of it are refused too.

    Raises
    ------
    PartsError
        If the path leaves the folder.
    """
    if part.model_path == RELEASED:
        return None
    given = Path(part.model_path)
    inside = (folder / given).resolve()
    if given.is_absolute() or not inside.is_relative_to(folder.resolve()):
        raise PartsError(
            f"model_path {part.model_path} leads out of {folder}: an arrangement names models in "
            "its own folder; give others at the command line, --model PART=FILE"
        )
    return inside


def _reasons(error: ValidationError) -> str:
    found = error.errors(include_url=False)
    reasons = [f"{_place(one['loc'])}{one['msg']}" for one in found[:_SHOWN_ERRORS]]
    more = len(found) - len(reasons)
    return "; ".join(reasons) + (f"; and {more} more" if more > 0 else "")


def _place(location: tuple[Any, ...]) -> str:
    names = [str(name)[:64] for name in location if name != "[key]"]
    return ".".join(names) + ": " if names else ""
