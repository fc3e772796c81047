"""Settings of the groove sampler's stages, with units and defaults.

What belongs here: what a user may set. What does not: anything that computes; this module is
imported whenever the graph is loaded.
"""

from typing import Literal

from pydantic import Field

from groove.core.spec import Spec

LengthWeight = Literal["uniform", "sqrt", "proportional"]
Smoothing = Literal["kneser_ney", "witten_bell"]
NoteMapping = Literal["auto", "gm", "td11"]


class EventSpec(Spec):
    """How a drum loop becomes steps."""

    resolutions: list[int] = Field(
        [4, 3], min_length=1, description="Candidate grids, steps per quarter; ties go to the first"
    )
    note_mapping: NoteMapping = Field(
        "auto", description="Meaning of drum notes; auto takes td11 where a file uses its keys"
    )
    td11_sources: list[str] = Field(
        ["groove-midi", "groove_midi", "e-gmd"],
        description="Sources recorded on a Roland TD-11, by the beginning of their name",
    )


class NgramSpec(Spec):
    """What is counted, and with which weight."""

    max_order: int = Field(6, ge=1, le=6, description="Longest context, in context features")
    length_weight: LengthWeight = Field(
        "sqrt", description="Weight of a whole loop by its bars: 1, their root, or their number"
    )
    exclude_fills: bool = Field(False, description="Leave files tagged as fills out")
    memory_limit_mb: int = Field(512, ge=64, description="DuckDB's memory before it spills to disk")


class ModelSpec(Spec):
    """How counts become probabilities."""

    smoothing: Smoothing = Field(
        "kneser_ney", description="Interpolated modified Kneser-Ney, or Witten-Bell"
    )
    order: int = Field(
        -1, ge=-1, le=6, description="Context features used; -1 takes the best on validation"
    )
    style_shares: list[float] = Field(
        [0.3, 0.5, 0.7, 0.9],
        min_length=1,
        description="Candidate weights of the shorter styled context when backing off; "
        "the best on validation is taken",
    )
    chain_shares: list[float] = Field(
        [0.5, 0.6, 0.7, 0.8],
        min_length=1,
        description="Candidate weights of the bar chain against the step chain; "
        "the best on validation is taken",
    )
    min_style_bars: int = Field(
        16, ge=1, description="Training bars below which a style is not offered for sampling"
    )


class SampleSpec(Spec):
    """How grooves are drawn for the table of samples."""

    bars: int = Field(8, ge=1, le=512, description="Bars of each sample")
    per_style: int = Field(4, ge=1, le=1000, description="Samples of each style")
    max_styles: int = Field(24, ge=0, description="Styles sampled, those with most bars first")
    attempts: int = Field(
        8, ge=1, le=64, description="Draws before a whole copy of training steps is kept"
    )
    hotter: float = Field(
        1.15, ge=1, le=2, description="Factor of the temperature from one attempt to the next"
    )
    temperature: float = Field(
        0.8, gt=0, le=10, description="Below 1 prefers what is likely, above 1 what is not"
    )
    temperature_end: float = Field(
        0.0, ge=0, le=10, description="Temperature of the last step; 0 keeps it constant"
    )
    top_k: int = Field(0, ge=0, description="Draw from the k likeliest outcomes; 0 from all")
    top_p: float = Field(
        0.9, gt=0, le=1, description="Draw from the fewest outcomes that hold this probability"
    )
    seed: int = Field(0, ge=0, description="Seed of all draws")
