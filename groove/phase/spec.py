"""Settings of the bar-phase stages, with units and defaults.

What belongs here: what a user may choose. What does not: constants that the exported model and
the labels rely on together (:mod:`groove.phase.labels`), and anything heavy: this is imported
when the graph is loaded.
"""

from pydantic import Field

from groove.core.spec import FitSpec, Spec


class RenderSpec(Spec):
    """How songs become audio, and which songs are usable."""

    soundfont: str = Field(
        "TimGM6mb", description="TimGM6mb (carried by pretty_midi), or the path of an .sf2 file"
    )
    soundfont_license: str = Field(
        "", description="Licence of a soundfont of your own; the renders carry it"
    )
    sample_rate: int = Field(22_050, ge=16_000, le=48_000, description="Of the render, Hz")
    loudness_lufs: float = Field(-18.0, le=-6, description="Target integrated loudness, LUFS")
    peak_dbfs: float = Field(-1.0, le=0, description="No sample is louder; lowers the gain, dBFS")
    tail_s: float = Field(1.0, ge=0, le=10, description="Sound after the last note, seconds")
    min_duration_s: float = Field(30.0, gt=0, description="Shorter songs are not used, seconds")
    max_duration_s: float = Field(1_200.0, gt=0, description="Longer songs are not used, seconds")
    max_denominator: int = Field(32, ge=1, description="Largest denominator of a usable meter")
    min_onsets: int = Field(24, ge=1, description="Fewest distinct onset times (5 ms apart)")
    min_grid_share: float = Field(
        0.5, ge=0, le=1, description="Share of onsets that must lie near the bar's grid"
    )
    grid_tolerance: float = Field(
        0.2, gt=0, le=0.5, description="What counts as near, in steps of 1/16 bar"
    )


class ChunkSpec(Spec):
    """How renders are cut and played faster or slower."""

    chunk_s: float = Field(32.0, gt=1, description="Audio per chunk, seconds")
    label_s: float = Field(33.0, gt=1, description="Labels per chunk, seconds")
    hop_s: float = Field(
        24.0, gt=0, description="From one chunk's start to the next; the overlap warms a model up"
    )
    rates: int = Field(2, ge=0, le=16, description="Random playback rates per song, besides 1.0")
    min_rate: float = Field(0.71, gt=0, le=1, description="Slowest playback rate")
    max_rate: float = Field(1.29, ge=1, description="Fastest playback rate")
    seed: int = Field(0, ge=0, description="Seed of the playback rates")


class PhaseTcnSpec(FitSpec):
    """The temporal convolutional network and its training."""

    epochs: int = Field(20, ge=1, le=10_000, description="Passes over the training data at most")
    learning_rate: float = Field(4e-3, gt=0, description="Peak learning rate of AdamW")
    weight_decay: float = Field(0.02, ge=0, description="Decoupled weight decay")
    patience: int = Field(20, ge=1, description="Epochs without improvement before stopping")
    channels: int = Field(40, ge=4, description="Width of every hidden layer")
    blocks: int = Field(8, ge=1, le=12, description="Residual blocks; dilation 2^i in block i")
    kernel: int = Field(3, ge=2, le=9, description="Taps of each convolution")
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of channels dropped per block")
    low_bands: int = Field(32, ge=4, description="Mel bands of the long window (bass)")
    high_bands: int = Field(32, ge=4, description="Mel bands of the short window")
    memory_s: float = Field(
        4.0, gt=0, description="Time constant of the level that each band is held against, seconds"
    )
    warmup_s: float = Field(8.0, ge=0, description="Start of a chunk that is not scored, seconds")
    anticipation_s: float = Field(
        0.5, ge=0, le=0.5, description="Longest look ahead of the prediction, seconds"
    )
    batch: int = Field(8, ge=1, description="Chunks per step")
    chunks_per_epoch: int = Field(
        320, ge=1, description="Chunks drawn per epoch at most: bounds the cost on a large corpus"
    )
    validation_chunks: int = Field(
        256, ge=1, description="Validation chunks at most, spread evenly over the songs"
    )
    stretch: float = Field(
        0.2, ge=0, le=0.7, description="Augmentation: largest log of a tempo change, pitch kept"
    )
    band_shift: int = Field(2, ge=0, description="Augmentation: largest shift in mel bands")
    band_drop: float = Field(0.15, ge=0, lt=1, description="Augmentation: share of bands muted")
