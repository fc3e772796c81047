"""The configuration of a run: one section per check, with its inputs and thresholds.

What belongs here: the schema, and reading it. What does not: running
(:mod:`groove.readiness.run.runner`).
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field, ValidationError

from groove.core.spec import Spec
from groove.core.tags import TagsError, load_yaml
from groove.readiness.checks import spec
from groove.readiness.run.files import InputError

CheckName = Literal[
    "alignment", "boundaries", "open_set", "bootstrap", "calibration", "health", "leakage",
    "coverage", "realtime", "baseline",
]  # fmt: skip
#: Every check, in the order of a run; the baseline compares what the others found.
CHECKS: tuple[CheckName, ...] = get_args(CheckName)

File = Annotated[str, Field(min_length=1, max_length=1000)]
_STRICT = ConfigDict(strict=True, allow_inf_nan=False)


class Alignment(spec.AlignmentSpec):
    """Sessions with several microphones."""

    model_config = _STRICT
    sessions: list[File] = Field([], max_length=1000, description="JSON files, one per session")


class Boundaries(spec.BoundarySpec):
    """A boundary pack, or the events to make it of, and streaming predictions."""

    model_config = _STRICT
    pack: File | None = Field(None, description="JSONL pack; none: made of the events")
    events: list[File] = Field([], max_length=1000, description="JSONL manifests")
    predictions: File | None = Field(None, description="JSONL of session_id, label, onset_s")


class OpenSet(spec.OpenSetSpec):
    """Known and unknown sounds."""

    model_config = _STRICT
    truth: File | None = Field(None, description="JSONL with unknown: true on unknown sounds")
    predictions: File | None = Field(None, description="JSONL of probabilities or confidence")


class Bootstrap(spec.BootstrapSpec):
    """Test clips, predictions of this release and of the previous one."""

    model_config = _STRICT
    truth: File | None = Field(None, description="JSONL of sample_id, session_id, labels")
    predictions: File | None = Field(None, description="JSONL of sample_id, probabilities")
    previous: File | None = Field(None, description="The previous release's predictions")


class Calibration(spec.CalibrationSpec):
    """Test clips and probabilities."""

    model_config = _STRICT
    truth: File | None = Field(None, description="JSONL of sample_id, session_id, labels")
    predictions: File | None = Field(None, description="JSONL of sample_id, probabilities")


class Health(spec.HealthSpec):
    """Manifests, as one."""

    model_config = _STRICT
    events: list[File] = Field([], max_length=1000, description="JSONL manifests")
    audio: bool = Field(
        True, description="Decode the audio to find repeats; no: believe audio_sha256"
    )
    metadata: File | None = Field(None, description="JSON with durations of exported clips")
    required_labels_file: File | None = Field(None, description="One label a line")
    required_techniques_file: File | None = Field(None, description="One technique a line")


class Leakage(spec.LeakageSpec):
    """A manifest for each side of the split, or manifests whose events say theirs."""

    model_config = _STRICT
    events: list[File] = Field([], max_length=1000, description="JSONL manifests with split")
    splits: dict[str, File] = Field({}, description="Side to JSONL manifest")


class Coverage(spec.CoverageSpec):
    """Manifests, as one."""

    model_config = _STRICT
    events: list[File] = Field([], max_length=1000, description="JSONL manifests")
    techniques_file: File | None = Field(None, description="One technique a line")


class Realtime(spec.RealtimeSpec):
    """Timed runs."""

    model_config = _STRICT
    runs: File | None = Field(None, description="JSONL of audio_s, seconds")


class Baseline(spec.BaselineSpec):
    """The blessed report."""

    model_config = _STRICT
    report: File | None = Field(None, description="JSON report of an earlier run")


class Config(Spec):
    """A run. A required check without a section is red, not left out."""

    model_config = _STRICT
    root: str = Field(".", description="Folder of all inputs, relative to the configuration")
    required: list[CheckName] = Field(list(CHECKS), description="Checks that must have passed")
    alignment: Alignment | None = None
    boundaries: Boundaries | None = None
    open_set: OpenSet | None = None
    bootstrap: Bootstrap | None = None
    calibration: Calibration | None = None
    health: Health | None = None
    leakage: Leakage | None = None
    coverage: Coverage | None = None
    realtime: Realtime | None = None
    baseline: Baseline | None = None


def read_config(data: bytes) -> Config:
    """Return the configuration in a YAML file.

    Raises
    ------
    InputError
        If it is no YAML that is read here (size, aliases, depth, keys given twice), or does not
        fit the schema; the message names the first setting that is wrong.
    """
    try:
        found = load_yaml(data)
    except (TagsError, RecursionError) as error:
        raise InputError(str(error)) from error
    try:
        return Config.model_validate({} if found is None else found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "configuration"
        raise InputError(f"{place}: {first['msg']}") from error
