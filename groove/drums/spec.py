"""Settings of the drum stages.

What belongs here: names, units, defaults and bounds. What does not: anything heavy; the
asset modules import this when the graph is loaded.
"""

from __future__ import annotations

from pydantic import Field

from groove.core.spec import FitSpec, Spec


class EventSpec(Spec):
    """What counts as one drum event."""

    simultaneous_s: float = Field(
        0.03, ge=0, le=0.1, description="Hits this close (s) to the first of them are one event"
    )
    onset_share: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="A one-shot starts where it first reaches this share of its peak",
    )
    bark_s: float = Field(
        0.2, gt=0, description="An open hi-hat closed within this time (s) is a bark"
    )
    events_per_song: int = Field(
        64, ge=1, description="Events kept per song at most, rare classes first"
    )
    seed: int = Field(0, ge=0, description="Seed of the choice of events in a song")


class ClipSpec(Spec):
    """The sound around an onset that the classifier sees: a level-free log-mel picture."""

    sample_rate_hz: int = Field(44_100, ge=8_000, description="Everything is resampled to this")
    pre_s: float = Field(
        0.06, ge=0, description="Sound kept before the onset (s): what a hit comes on top of"
    )
    frames: int = Field(48, ge=8, description="Analysis frames in a clip")
    hop: int = Field(512, ge=1, description="Samples between frames")
    n_fft: int = Field(2048, ge=64, description="Samples in a frame")
    n_mels: int = Field(80, ge=8, description="Mel bands")
    fmin_hz: float = Field(30.0, ge=0, description="Lower edge of the lowest band")
    fmax_hz: float = Field(18_000.0, gt=0, description="Upper edge of the highest band")
    range_db: float = Field(
        80.0, gt=0, description="Depth below the clip's loudest point that is still seen (dB)"
    )

    @property
    def clip_samples(self) -> int:
        """Samples that :attr:`frames` whole frames need."""
        return self.n_fft + (self.frames - 1) * self.hop

    @property
    def pre_samples(self) -> int:
        """Samples kept before the onset."""
        return round(self.pre_s * self.sample_rate_hz)


class AugmentSpec(Spec):
    """How training pictures are varied. All of it happens on the log-mel picture."""

    stretch: float = Field(0.2, ge=0, lt=1, description="Largest relative change of duration")
    shift_mels: float = Field(4.0, ge=0, description="Largest shift of pitch (mel bands)")
    shift_frames: float = Field(1.0, ge=0, description="Largest shift of the onset (frames)")
    tilt_db: float = Field(16.0, ge=0, description="Largest change of tone between the ends (dB)")
    noise_db: float = Field(
        45.0, ge=0, description="Loudest noise floor, below the clip's loudest point (dB)"
    )
    mix: float = Field(0.4, ge=0, le=1, description="Share of clips that get a second hit added")
    mix_db: float = Field(12.0, ge=0, description="Largest level difference of a second hit (dB)")
    band_limit: float = Field(
        0.3, ge=0, le=1, description="Share of clips that lose their top, as at a low sample rate"
    )
    band_limit_hz: float = Field(
        10_000.0, gt=0, description="Lowest frequency at which a clip may lose its top (Hz)"
    )


class ClassifierSpec(FitSpec, AugmentSpec):
    """The network and its training."""

    channels: list[int] = Field(
        default=[16, 32, 64, 96], min_length=1, description="Channels of the blocks"
    )
    dropout: float = Field(0.5, ge=0, lt=1, description="Dropout before the last layer")
    epochs: int = Field(20, ge=1, le=10_000, description="Passes over the drawn events at most")
    learning_rate: float = Field(1.5e-3, gt=0, description="Peak learning rate of AdamW")
    patience: int = Field(10, ge=1, description="Epochs without improvement before stopping")
    batch_size: int = Field(64, ge=2, description="Events in a batch")
    epoch_events: int = Field(
        1536, ge=1, description="Events drawn for an epoch, whatever the size of the corpus"
    )
    balance: float = Field(
        0.5, ge=0, le=1, description="Draw an event with 1 / (count of its class and kit) ** this"
    )
    threshold: float = Field(
        0.5, gt=0, lt=1, description="A class at or above this probability is heard"
    )
