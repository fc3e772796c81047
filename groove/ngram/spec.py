"""Settings of the groove sampler's stages, with units and defaults.

What belongs here: what a user may set. What does not: anything that computes; this module is
imported whenever the graph is loaded.
"""

from typing import Annotated, Literal

from pydantic import Field

from groove.core.spec import FitSpec, Spec

LengthWeight = Literal["uniform", "sqrt", "proportional"]
Smoothing = Literal["kneser_ney", "witten_bell", "absolute"]
NoteMapping = Literal["auto", "gm", "td11"]


class EventSpec(Spec):
    """How a drum loop becomes steps."""

    alphabet: Literal["drums", "percussion"] = Field(
        "drums", description="What may stand on a step: drum labels, or percussion instruments"
    )
    resolutions: list[Annotated[int, Field(ge=1, le=96)]] = Field(
        [4, 3, 6, 8],
        min_length=1,
        description="Candidate grids, steps per quarter; ties go to the first. A straight loop of "
        "eighths lies on the grid of 16ths, so that straight music is counted together; with 2 "
        "among the candidates it gets a grid of its own",
    )
    bar_evidence: float = Field(
        8.0,
        ge=0,
        description="Log likelihood that a bar must gain to have another grid than its loop",
    )
    max_bars: int = Field(4096, ge=1, description="Longest loop, bars; a longer one is refused")
    note_mapping: NoteMapping = Field(
        "auto", description="Meaning of drum notes; auto takes td11 where a file uses its keys"
    )
    td11_sources: list[str] = Field(
        ["groove-midi", "groove_midi", "e-gmd"],
        description="Sources recorded on a Roland TD-11, by the beginning of their name",
    )


class FolderSpec(Spec):
    """Which files of a folder are read, and how much one of them may ask for."""

    extensions: list[str] = Field(
        ["midi", "wav"],
        min_length=1,
        description="Formats read: midi (.mid, .midi), wav (any audio), or one suffix such as flac",
    )
    limit_files: int = Field(0, ge=0, description="Read the first files only, by path; 0 all")
    aux_key: str = Field(
        "",
        description="The one tag that conditions; empty: all of them. A tag without a column of "
        "its own is taken as the style",
    )
    source: str = Field("", description="Source of files that state none; empty: the folder")
    license: str = Field("", description="Licence of files that state none; empty: unknown")
    time_limit_s: float = Field(
        30.0, gt=0, description="Longest time one file may take, seconds; then it is quarantined"
    )
    max_file_mb: float = Field(100.0, gt=0, description="Largest file read, MB")
    max_depth: int = Field(16, ge=1, description="Folders below folders that are entered")


class NgramSpec(Spec):
    """What is counted, and with which weight."""

    max_order: int = Field(6, ge=1, le=6, description="Longest context, in context features")
    length_weight: LengthWeight = Field(
        "sqrt", description="Weight of a whole loop by its bars: 1, their root, or their number"
    )
    exclude_fills: bool = Field(False, description="Leave files tagged as fills out")
    min_count: int = Field(
        1,
        ge=1,
        description="Leave n-grams of two and more context features out that occur fewer times",
    )
    near_duplicates: float = Field(
        0.9,
        ge=0.5,
        le=1,
        description="Share of hits in common from which the later of two loops is left out; "
        "1 leaves exact copies out alone",
    )
    snapshot_loops: int = Field(
        2048, ge=1, description="Loops counted before what was counted is kept on disk"
    )
    memory_limit_mb: int = Field(256, ge=64, description="DuckDB's memory before it spills to disk")


class ModelSpec(Spec):
    """How counts become probabilities."""

    smoothing: Literal[Smoothing, "auto"] = Field(
        "auto",
        description="Interpolated modified Kneser-Ney, Witten-Bell, absolute discounting, or the "
        "best of them on validation; the chain over single labels always takes Witten-Bell",
    )
    discount: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="What absolute discounting takes from every count; 0 estimates discounts of "
        "1, 2, and 3 or more from the counts",
    )
    order: int = Field(
        -1, ge=-1, le=6, description="Context features used; -1 takes the best on validation"
    )
    condition_shares: list[float] = Field(
        [0.3, 0.6],
        min_length=1,
        description="Candidate weights, when backing off, of the shorter context under the same "
        "condition against the same context under the parent condition; the best on validation "
        "is taken",
    )
    condition_order: int = Field(
        2,
        ge=0,
        le=6,
        description="Context features up to which conditions have counts of their own; what is "
        "longer is alike in all of them",
    )
    mixture_prior: float = Field(
        50.0,
        gt=0,
        description="Steps that the chains' overall weights count as, where their weights are "
        "fitted on validation for each length of repetition",
    )
    min_condition_bars: int = Field(
        16, ge=1, description="Training bars below which a condition is not learnt"
    )


class RnnSpec(FitSpec):
    """The recurrent network over the same steps, and its training.

    Training time is bounded whatever the corpus: ``epochs`` times ``windows_per_epoch``.
    """

    epochs: int = Field(16, ge=1, le=10_000, description="Epochs at most")
    learning_rate: float = Field(4e-3, gt=0, description="Peak learning rate of AdamW")
    patience: int = Field(4, ge=1, description="Epochs without improvement before stopping")
    batch_windows: int = Field(32, ge=1, description="Windows per optimiser step")
    window: int = Field(128, ge=8, le=4096, description="Steps per training window")
    windows_per_epoch: int = Field(
        4096, ge=1, description="Windows drawn per epoch at most, cut anew each time"
    )
    max_validation_windows: int = Field(
        1024, ge=1, description="Windows that validation is measured on at most, evenly spread"
    )
    hidden: int = Field(96, ge=8, le=1024, description="Units per layer, and size of what is told")
    layers: int = Field(1, ge=1, le=4, description="GRU layers")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout of what is told and found")
    hide_all_tags: float = Field(
        0.3, ge=0, le=1, description="Share of training windows without any tag of their loop"
    )
    hide_tag: float = Field(
        0.3, ge=0, le=1, description="Share of tags left out in the other training windows"
    )
    hide_position: float = Field(
        0.1, ge=0, le=1, description="Share of training steps without their place in the meter"
    )
    hide_rare: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of sets heard in one group only that are taken for new ones in training",
    )
    coin_weight: float = Field(
        0.1, ge=0, description="Weight, in the loss, of guessing every step label by label too"
    )


class SampleSpec(Spec):
    """How grooves are drawn for the table of samples."""

    bars: int = Field(8, ge=1, le=512, description="Bars of each sample")
    per_condition: int = Field(4, ge=1, le=1000, description="Samples under each condition")
    max_conditions: int = Field(
        24, ge=0, description="Conditions sampled besides any, those with most bars first"
    )
    attempts: int = Field(
        8, ge=1, le=64, description="Draws before a whole copy of training steps is kept"
    )
    hotter: float = Field(
        1.15, ge=1, le=2, description="Factor of the temperature from one attempt to the next"
    )
    temperature: float = Field(
        0.9, gt=0, le=10, description="Below 1 prefers what is likely, above 1 what is not"
    )
    temperature_end: float = Field(
        0.0, ge=0, le=10, description="Temperature of the last step; 0 keeps it constant"
    )
    top_k: int = Field(0, ge=0, description="Draw from the k likeliest outcomes; 0 from all")
    top_p: float = Field(
        0.98, gt=0, le=1, description="Draw from the fewest outcomes that hold this probability"
    )
    fill_every: int = Field(0, ge=0, description="Every so many bars is a fill; 0 adds none")
    swing: float = Field(
        -1.0, ge=-1, le=1, description="0 straight to 1 full triplet swing; below 0 as learnt"
    )
    humanise: float = Field(
        1.0, ge=0, le=2, description="Unevenness: 0 quantised and steady, 1 as learnt"
    )
    velocity_limit: float = Field(
        45.0, ge=0, le=127, description="Farthest a velocity is from what its context expects"
    )
    offset_limit_ticks: float = Field(
        30.0, ge=0, le=480, description="The same of micro-timing, ticks at 480 to the quarter"
    )
    seed: int = Field(0, ge=0, description="Seed of all draws")


class SearchSpec(Spec):
    """How settings of the groove sampler are searched."""

    trials: int = Field(12, ge=1, le=10_000, description="Trials in all, an earlier run's included")
    grooves: int = Field(60, ge=1, le=10_000, description="Grooves drawn in each trial")
    bars: int = Field(4, ge=1, le=512, description="Bars of each of them")
    bootstrap: int = Field(
        100, ge=0, le=10_000, description="Resamplings of performances behind an interval"
    )
    seed: int = Field(0, ge=0, description="Seed of the sampler and of all draws")


class EvaluationSpec(Spec):
    """How a groove model is measured on loops that it never heard."""

    grooves: int = Field(120, ge=1, le=10_000, description="Grooves drawn to be compared")
    bars: int = Field(8, ge=1, le=512, description="Bars of each of them")
    temperature: float = Field(0.9, gt=0, le=10, description="Temperature they are drawn at")
    top_k: int = Field(0, ge=0, description="Draw from the k likeliest outcomes; 0 from all")
    top_p: float = Field(
        0.98, gt=0, le=1, description="Draw from the fewest outcomes that hold this probability"
    )
    bootstrap: int = Field(
        200, ge=0, le=10_000, description="Resamplings of performances behind an interval"
    )
    floor_splits: int = Field(
        5, ge=1, le=100, description="Halvings of the played performances behind the floor"
    )
    style_grooves: int = Field(16, ge=1, le=1000, description="Grooves drawn of each style")
    style_bars: int = Field(4, ge=1, le=512, description="Bars of each of them")
    style_loops: int = Field(
        3, ge=1, description="Held-out performances that a style needs to be judged"
    )
    max_styles: int = Field(12, ge=2, description="Styles judged, those with most performances")
    contexts: int = Field(
        8, ge=1, le=1000, description="Contexts after which all outcomes are added up"
    )
    seed: int = Field(0, ge=0, description="Seed of all draws and resamplings")
