"""Thresholds and settings of every check.

What belongs here: numbers, with units and where they are from. What does not: input files
(:mod:`groove.readiness.run.config`).
"""

from __future__ import annotations

from pydantic import Field

from groove.core.spec import Spec
from groove.midi.taxonomy import CLASSES


class ResamplingSpec(Spec):
    """Settings of the bootstrap by session."""

    resamples: int = Field(1000, ge=100, le=20_000, description="Sets of sessions that are drawn")
    seed: int = Field(0, ge=0, description="Seed of the draws")


class AlignmentSpec(Spec):
    """Several microphones of one session."""

    least_onsets: int = Field(20, ge=3, description="Onsets that each microphone must hear")
    median_ms: float = Field(0.25, gt=0, description="Largest median beyond the expected delays")
    max_ms: float = Field(0.375, gt=0, description="Largest single delay beyond the expected ones")
    constancy_ms: float = Field(
        0.375, gt=0, description="Largest distance of 95 % of the delays from their course"
    )
    drift_samples_per_minute: float = Field(1.0, gt=0, description="Largest drift of two clocks")
    before_ms: float = Field(120.0, ge=0, le=1000, description="Search before the anchor's onset")
    after_ms: float = Field(500.0, ge=0, le=2000, description="Search after the anchor's onset")
    fine_ms: float = Field(5.0, gt=0, le=50, description="Search around the common delay")
    least_correlation: float = Field(
        0.3, ge=0, lt=1, description="Onsets that correlate less were not heard by a microphone"
    )
    most_onsets: int = Field(256, ge=20, le=2000, description="Onsets that are looked at")
    temperature_c: float = Field(20.0, ge=-30, le=50, description="Air temperature")


class StreamSpec(Spec):
    """The schedule of a live stream, and which hits are near its edges."""

    window_ms: float = Field(2048.0, gt=0, le=60_000, description="Length of a streaming window")
    hop_ms: float = Field(512.0, gt=0, le=60_000, description="Step from window to window")
    margin_ms: float = Field(40.0, gt=0, le=30_000, description="What counts as near an edge")
    start_ms: float = Field(0.0, description="Start of the first window; negative if padded")


class BoundarySpec(StreamSpec, ResamplingSpec):
    """Hits at the edges of streaming windows."""

    tolerance_ms: float = Field(50.0, gt=0, le=1000, description="A prediction this near is a hit")
    macro_recall: float = Field(0.95, gt=0, le=1, description="Least mean recall of the classes")
    least_rows: int = Field(20, ge=1, description="Rows that each of the two edges must have")


class OpenSetSpec(ResamplingSpec):
    """Sounds that the classifier must not claim to know."""

    auroc: float = Field(0.90, gt=0, le=1, description="Least area under the ROC")
    fpr_at_95_tpr: float = Field(
        0.10, ge=0, lt=1, description="Most unknown sounds let in when 95 % of known ones are"
    )


class BootstrapSpec(ResamplingSpec):
    """The classifier's headline figures."""

    macro_f1: float = Field(0.60, ge=0, le=1, description="Least macro-F1")
    accuracy: float = Field(0.85, ge=0, le=1, description="Least share of wholly right clips")
    class_recall: float = Field(0.05, ge=0, le=1, description="Least recall of any class")
    least_support: int = Field(10, ge=1, description="Clips that a class needs to be judged alone")
    least_sessions: int = Field(5, ge=2, description="Sessions behind an interval")
    threshold: float = Field(0.5, gt=0, lt=1, description="Probability from which a class is heard")
    first_release: bool = Field(False, description="There is no previous release to compare with")


class CalibrationSpec(ResamplingSpec):
    """Whether probabilities mean what they say."""

    ece: float = Field(0.08, gt=0, le=1, description="Largest expected calibration error")
    bins: int = Field(15, ge=2, le=100, description="Bins of confidence")
    equal_mass: bool = Field(True, description="Bins of as many clips; no: bins of equal width")


class HealthSpec(Spec):
    """A manifest of events."""

    duplication_rate: float = Field(0.005, ge=0, le=1, description="Largest share of repeats")
    min_class_count: int = Field(200, ge=0, description="Fewest hits of every class")
    min_counts: dict[str, int] = Field({}, description="Fewest hits by label or class")
    required_labels: list[str] = Field([], description="Labels or classes that must occur")
    required_techniques: list[str] = Field([], description="Techniques that must occur")
    unknown_labels: int = Field(0, ge=0, description="Most hits whose label nobody knows")


class BaselineSpec(Spec):
    """A report that was blessed before."""

    max_drop_percent: float = Field(25.0, ge=0, le=100, description="Most that a class may lose")
    ignore_labels: list[str] = Field([], description="Classes that may lose any number")


class LeakageSpec(Spec):
    """Sounds, and groups, on both sides of a split."""

    groups: list[str] = Field(
        ["session_id", "kit_id"], description="What must be wholly on one side"
    )


class CoverageSpec(Spec):
    """Breadth: classes and techniques from more than one place."""

    groups_per_class: int = Field(3, ge=1, description="Kits that every class is from, at least")
    group: str = Field("kit_id", description="What counts as a place of its own")
    recorded_only: bool = Field(True, description="Synthetic hits do not count")
    classes: list[str] = Field(list(CLASSES), description="Classes to cover")
    techniques: list[str] = Field([], description="Catalogue of techniques to cover")
    technique_share: float = Field(0.5, ge=0, le=1, description="Least share of the catalogue")
    per_technique: int = Field(1, ge=1, description="Hits from which a technique is covered")


class RealtimeSpec(Spec):
    """Speed of transcription."""

    factor: float = Field(0.05, gt=0, description="Most seconds of work per second of audio")
    least_runs: int = Field(3, ge=1, description="Measured runs")
