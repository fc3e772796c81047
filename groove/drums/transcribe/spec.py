"""Settings of transcription.

What belongs here: names, units, defaults and bounds. What does not: anything heavy; the asset
modules import this when the graph is loaded.
"""

from __future__ import annotations

from pydantic import Field

from groove.core.spec import FitSpec, Spec


class LevelSpec(Spec):
    """What the transcriber sees of a recording: log-mel levels, one frame each 10 ms."""

    sample_rate_hz: int = Field(44_100, ge=8_000, description="Everything is resampled to this")
    hop: int = Field(441, ge=1, description="Samples between frames")
    n_fft: int = Field(2048, ge=64, description="Samples in a frame")
    n_mels: int = Field(80, ge=8, description="Mel bands")
    fmin_hz: float = Field(30.0, ge=0, description="Lower edge of the lowest band")
    fmax_hz: float = Field(16_000.0, gt=0, description="Upper edge of the highest band")
    range_db: float = Field(
        80.0, gt=0, description="Depth below the recording's loudest point that is still seen (dB)"
    )

    @property
    def frames_per_s(self) -> float:
        """Frames in a second."""
        return self.sample_rate_hz / self.hop


class DecodeSpec(Spec):
    """How activations become hits."""

    threshold: float = Field(
        0.4,
        gt=0,
        lt=1,
        description="A peak at or above this is a hit, for classes without their own",
    )
    apart_s: float = Field(
        0.03, gt=0, le=0.5, description="Two hits of one class are at least this far apart (s)"
    )
    together_s: float = Field(
        0.03,
        ge=0,
        le=0.1,
        description="Hits of different classes this close (s) are struck at one onset",
    )


class TranscriberSpec(FitSpec, DecodeSpec):
    """The network, its training and what is made of what it says.

    Without configuration it trains in a minute; the released model's settings are in
    ``configs/drums_transcriber.yaml``.
    """

    channels: list[int] = Field(
        default=[12, 24, 32], min_length=2, description="Channels of the convolution layers"
    )
    width: int = Field(64, ge=8, description="Channels of the layers over time")
    layers: int = Field(6, ge=1, le=12, description="Layers over time; each doubles its reach")
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout in the layers over time")
    frames: int = Field(256, ge=64, description="Frames of a training excerpt")
    epochs: int = Field(12, ge=1, le=10_000, description="Passes of epoch_excerpts at most")
    epoch_excerpts: int = Field(192, ge=1, description="Excerpts drawn for an epoch")
    batch_size: int = Field(8, ge=1, description="Excerpts in a batch")
    learning_rate: float = Field(4e-3, gt=0, description="Peak learning rate of AdamW")
    positive_weight: float = Field(
        2.0, gt=0, description="How much more a missed hit costs than a false one"
    )
    level_db: float = Field(9.0, ge=0, description="Largest change of an excerpt's level (dB)")
    tilt_db: float = Field(9.0, ge=0, description="Largest change of tone between the ends (dB)")
    shift_mels: float = Field(2.0, ge=0, description="Largest shift of pitch (mel bands)")
    stretch: float = Field(0.15, ge=0, lt=1, description="Largest relative change of tempo")
    mix: float = Field(
        0.3, ge=0, le=1, description="Share of excerpts that another excerpt is added to"
    )


class RecordingSpec(LevelSpec):
    """Which recordings are learnt from, and their levels."""

    songs: int = Field(64, ge=0, description="Rendered songs at most, beside the played grooves")


class JudgeSpec(Spec):
    """On which recordings a transcriber is judged."""

    recordings: int = Field(
        24, ge=1, description="Test recordings of each origin at most, evenly spread"
    )
