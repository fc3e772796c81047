"""Settings of the DJ loop stages, with units and defaults.

What belongs here: numbers that a user may want to change. What does not: anything heavy
(this is imported when the graph is loaded) and constants of a formula.
"""

from typing import Literal

from pydantic import Field

from groove.core.spec import FitSpec, Spec


class BarSpec(Spec):
    """How the bar grid of a track is found."""

    sample_rate: int = Field(22_050, ge=8_000, description="Rate of the analysis, in Hz")
    slowest_bpm: float = Field(55.0, gt=0, description="Slowest beat considered")
    fastest_bpm: float = Field(210.0, gt=0, description="Fastest beat considered")
    usual_bpm: float = Field(120.0, gt=0, description="Centre of the tempo prior")
    spread_octaves: float = Field(0.75, gt=0, description="Width of the tempo prior, in octaves")
    meters: list[int] = Field([3, 4, 5, 6, 7], description="Beats per bar that are considered")
    steadiness_s: float = Field(
        0.02, gt=0, description="Beat jitter that one constant tempo may leave unexplained"
    )


class CandidateSpec(Spec):
    """Which stretches of a track are loop candidates."""

    bars: list[int] = Field([1, 2, 4, 8, 16], description="Lengths, in bars")
    max_per_track: int = Field(
        2_000, ge=1, description="Largest number per track; longer tracks are thinned evenly"
    )


class FeatureSpec(Spec):
    """How a candidate is described."""

    boundary_s: float = Field(0.20, gt=0, description="Window at each cut, in seconds")
    seam_s: float = Field(0.10, gt=0, description="Window on each side of the seam, in seconds")


class LabelSpec(Spec):
    """How candidates are labelled for training the ranker."""

    slots_per_bar: int = Field(16, ge=4, description="Time slots that a bar is compared in")
    others: int = Field(2, ge=1, description="Best further repetitions that count")
    silent_db: float = Field(
        -35.0, lt=0, description="A bar this far below the track's loud bars is silence"
    )


class RankerSpec(FitSpec):
    """Settings of the two loop rankers; the training loop's are the perceptron's."""

    folds: int = Field(8, ge=3, description="Folds by group for the held-out figures")
    top: int = Field(10, ge=1, description="K of NDCG, precision and recall")
    trees: int = Field(400, ge=1, description="Boosted trees at most")
    depth: int = Field(6, ge=1, description="Depth of a tree")
    tree_learning_rate: float = Field(0.05, gt=0, description="Shrinkage of each tree")
    hidden: list[int] = Field([256, 128], description="Widths of the perceptron's hidden layers")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout of the perceptron")
    beta: float = Field(8.0, gt=0, description="Sharpness of the listwise target distribution")
    epochs: int = Field(30, ge=1, le=10_000, description="Passes over the training data at most")
    patience: int = Field(5, ge=1, description="Epochs without improvement before stopping")
    threads: int = Field(1, ge=1, description="CPU threads; part of the result's identity")


class ExportSpec(Spec):
    """Which loops are exported, and how they are cut and levelled."""

    ranker: Literal["best", "xgboost", "torch"] = Field(
        "best", description="Ranker whose score counts; best = by its validation figure"
    )
    max_loops: int = Field(5, ge=1, description="Loops per track at most")
    bars: list[int] = Field([2, 4, 8, 16], description="Lengths that are exported")
    alpha: float = Field(0.1, ge=0, description="final = score - alpha * boundary_quiet_score")
    min_score: float | None = Field(None, description="Smallest raw score")
    min_score_prob: float | None = Field(None, description="Smallest probability in the track")
    min_rel_score: float | None = Field(None, le=0, description="Furthest below the best score")
    min_lift: float = Field(
        1.0, ge=0, description="Smallest probability as a multiple of the track's average"
    )
    min_level_db: float = Field(
        -20.0, lt=0, description="Smallest level, relative to the track's loudest candidate"
    )
    min_seam: float = Field(0.5, ge=0, le=1, description="Smallest seam score")
    max_overlap: float = Field(
        0.0, ge=0, lt=1, description="Largest overlap of two loops, of the shorter one"
    )
    min_difference_db: float = Field(
        0.5, ge=0, description="Smallest spectral distance of two loops of the same length"
    )
    rms_dbfs: float = Field(-14.0, le=0, description="RMS level aimed at")
    peak_dbtp: float = Field(-1.0, le=0, description="True peak that is never exceeded")
    preroll_s: float = Field(0.004, ge=0, description="Cut this long before the downbeat")
    snap_s: float = Field(0.002, ge=0, le=0.0025, description="Furthest zero crossing from a cut")
    fade_s: float = Field(0.005, ge=0, description="Equal-power crossfade at the seam")
