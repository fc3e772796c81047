"""Beatmaps: what was struck when, in one audio file; the ``.bsm`` file.

A ``.bsm`` file is JSON in UTF-8::

    {
      "format": "groove.beatmap",
      "version": 1,
      "audio": {"file": "song.mp3", "sha256": "9f...", "duration_s": 212.4},
      "tempos": [{"time_s": 0.0, "bpm": 120.0}],
      "meters": [{"time_s": 0.0, "meter": "4/4"}],
      "hits": [{"time_s": 0.512, "label": "kick", "velocity": 0.81, "confidence": 0.97}],
      "about": {"model": "..."}
    }

``audio`` names a file beside the beatmap, never a path. Everything but ``format``, ``version`` and
``hits`` may be missing; in a hit, everything but ``time_s`` and ``label``. A hit may also have
``openness`` (0..1), ``techniques`` (names) and ``end_s``. What is unknown is left out.

Conventions
-----------
* Times are seconds from the start of the audio. Hits are written in order of time, then of the
  taxonomy; hits at one time are simultaneous.
* A label is one of the taxonomy; any alias of one is read, and written as the label.

What belongs here: the model, and the strict reader and writer of ``.bsm``. What does not: other
forms (:mod:`groove.drums.beatmap_forms`), finding hits in audio.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from groove.core.files import write_whole
from groove.drums.manifest.lines import parse_line
from groove.drums.manifest.schema import Identity, ManifestError, Seconds, Share, shallow
from groove.midi.taxonomy import LABELS, label_of_alias

FORMAT: Literal["groove.beatmap"] = "groove.beatmap"
VERSION: Literal[1] = 1
MAX_BYTES = 100_000_000
MAX_HITS = 500_000

Form = Literal["bsm", "midi", "jams", "csv", "txt"]
#: Suffix -> form.
FORMS: dict[str, Form] = {
    ".bsm": "bsm",
    ".json": "bsm",
    ".mid": "midi",
    ".midi": "midi",
    ".jams": "jams",
    ".csv": "csv",
    ".txt": "txt",
}
_PLACE = {label: place for place, label in enumerate(LABELS)}


class BeatmapError(ValueError):
    """A beatmap that cannot be read or written; the message says where and why."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Hit(_Part):
    """One stroke.

    Parameters
    ----------
    time_s
        Start of the attack, s.
    label
        Of the taxonomy; any alias is taken.
    velocity
        How hard, 0..1; None where it is not known.
    confidence
        How sure whoever found it is, 0..1; None where nobody said.
    openness
        Of a hi-hat, 0..1.
    techniques
        Ways of playing.
    end_s
        Where it ends, s.
    """

    time_s: Seconds
    label: str = Field(max_length=256)
    velocity: Share | None = None
    confidence: Share | None = None
    openness: Share | None = None
    techniques: list[Identity] = Field([], max_length=64)
    end_s: Seconds | None = None

    @field_validator("label")
    @classmethod
    def _known(cls, given: str) -> str:
        label = given if given in _PLACE else label_of_alias(given)
        if label is None:
            raise ValueError(f"{given!r} is in no taxonomy; use one of {', '.join(LABELS)}")
        return label


class Audio(_Part):
    """The audio file that a beatmap is of."""

    file: str | None = Field(None, min_length=1, max_length=255)
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    duration_s: Seconds | None = None

    @field_validator("file")
    @classmethod
    def _beside(cls, given: str | None) -> str | None:
        if given is None:
            return given
        if "/" in given or "\\" in given or given in (".", "..") or not given.isprintable():
            raise ValueError(f"{given[:80]!r} is no plain file name; audio lies beside its beatmap")
        return given


class Tempo(_Part):
    """Quarters per minute from a time on."""

    time_s: Seconds
    bpm: Annotated[float, Field(gt=0, le=2_000, allow_inf_nan=False)]


class Meter(_Part):
    """A meter from a time on."""

    time_s: Seconds
    meter: Annotated[str, Field(pattern=r"^[1-9]\d?/(1|2|4|8|16|32|64)$")]


class Beatmap(_Part):
    """Hits of one audio file, in order."""

    format: Literal["groove.beatmap"] = FORMAT
    version: Literal[1] = VERSION
    audio: Audio = Audio()
    tempos: list[Tempo] = Field([], max_length=100_000)
    meters: list[Meter] = Field([], max_length=100_000)
    hits: list[Hit] = Field(max_length=MAX_HITS)
    about: Annotated[dict[str, JsonValue], BeforeValidator(shallow)] = {}

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name, events in (("tempos", self.tempos), ("meters", self.meters)):
            times = [event.time_s for event in events]
            if any(after <= before for before, after in pairwise(times)):
                raise ValueError(f"{name}: times must rise from one to the next")
        # Hits may come in any order; there is one order of the same hits.
        object.__setattr__(self, "hits", sorted(self.hits, key=_order))
        return self


def _order(hit: Hit) -> tuple[Any, ...]:
    return (hit.time_s, _PLACE[hit.label], hit.velocity or 0.0, hit.confidence or 0.0)


def beatmap_of(content: Any, name: str = "beatmap") -> Beatmap:
    """Return parsed JSON as a beatmap.

    Raises
    ------
    BeatmapError
        Naming the field (``hits.17.time_s``) and what is wrong with it.
    """
    if isinstance(content, dict) and content.get("format") not in (None, FORMAT):
        raise BeatmapError(f"{name}: its format is {content['format']!r:.60}, not {FORMAT!r}")
    if isinstance(content, dict) and content.get("version", VERSION) != VERSION:
        raise BeatmapError(f"{name}: version {content['version']!r:.20}; this reads {VERSION}")
    try:
        return Beatmap.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        place = ".".join(str(part) for part in problems[0]["loc"])[:120]
        said = "unknown field" if problems[0]["type"] == "extra_forbidden" else problems[0]["msg"]
        more = f"; and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise BeatmapError(f"{name}: {place + ': ' if place else ''}{said}{more}") from error
    except RecursionError as error:
        raise BeatmapError(f"{name}: nested far too deep") from error


def from_bsm(data: bytes, name: str = "beatmap") -> Beatmap:
    """Return the beatmap in the bytes of a ``.bsm`` file.

    Raises
    ------
    BeatmapError
        If it is none: strict JSON, every field known, every value in its bounds.
    """
    if len(data) > MAX_BYTES:
        raise BeatmapError(f"{name}: over {MAX_BYTES // 1_000_000} MB")
    try:
        content = parse_line(data.removeprefix(b"\xef\xbb\xbf"))
    except ManifestError as error:
        raise BeatmapError(f"{name}: {error.reason}") from error
    if content.get("format") != FORMAT:
        raise BeatmapError(f'{name}: is no beatmap: "format": "{FORMAT}" is missing')
    return beatmap_of(content, name)


def to_bsm(beatmap: Beatmap) -> bytes:
    """Return a beatmap as the bytes of a ``.bsm`` file: one hit a line, the same each time."""
    head = beatmap.model_dump(mode="json", exclude_none=True, exclude={"hits"})
    head = {key: value for key, value in head.items() if value or key in ("format", "version")}
    lines = [f" {_json(key)}: {_json(value)}" for key, value in head.items()]
    hits = [_json(_hit(hit)) for hit in beatmap.hits]
    body = "[\n  " + ",\n  ".join(hits) + "\n ]" if hits else "[]"
    return ("{\n" + ",\n".join([*lines, f' "hits": {body}']) + "\n}\n").encode()


def read_beatmap(path: Path, form: Form | None = None) -> Beatmap:
    """Return the beatmap of a file.

    Parameters
    ----------
    path
        The file.
    form
        What it is; None goes by its suffix (:data:`FORMS`).

    Raises
    ------
    BeatmapError
        If it is no beatmap of that form; the message names the file.
    OSError
        If it cannot be read.
    """
    from groove.drums.beatmap_forms import parse

    if path.stat().st_size > MAX_BYTES:
        raise BeatmapError(f"{path}: over {MAX_BYTES // 1_000_000} MB")
    return parse(path.read_bytes(), form or form_of(path), str(path))


def write_beatmap(
    path: Path,
    hits: Beatmap | Sequence[Hit],
    *,
    audio: Audio | None = None,
    tempos: Sequence[Tempo] = (),
    meters: Sequence[Meter] = (),
    about: dict[str, Any] | None = None,
    form: Form | None = None,
) -> None:
    """Write a beatmap, whole or not at all.

    Parameters
    ----------
    path
        The file; its folder is there.
    hits
        Hits in any order, or a whole beatmap, which the other arguments then don't change.
    audio, tempos, meters, about
        The rest of a beatmap.
    form
        What to write; None goes by the suffix.

    Raises
    ------
    BeatmapError
        If the form is not known, or a value is out of its bounds.
    OSError
        If the folder cannot be written to.
    """
    from groove.drums.beatmap_forms import render

    beatmap = hits
    if not isinstance(beatmap, Beatmap):
        beatmap = beatmap_of(
            {
                "audio": audio or Audio(),
                "tempos": list(tempos),
                "meters": list(meters),
                "hits": list(beatmap),
                "about": about or {},
            },
            str(path),
        )
    write_whole(path, render(beatmap, form or form_of(path)))


def form_of(path: Path) -> Form:
    """Return a file's form by its suffix.

    Raises
    ------
    BeatmapError
        If it says none.
    """
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise BeatmapError(f"{path}: name it .bsm, .mid, .jams, .csv or .txt, or say the form")
    return form


def _hit(hit: Hit) -> dict[str, Any]:
    return {k: v for k, v in hit.model_dump(mode="json", exclude_none=True).items() if v != []}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
