"""Settings of the drum stages.

What belongs here: names, units, defaults and bounds. What does not: anything heavy; the
asset modules import this when the graph is loaded.
"""

from __future__ import annotations

from typing import Literal

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

    sample_rate_hz: int = Field(
        44_100, ge=8_000, le=192_000, description="Everything is resampled to this"
    )
    pre_s: float = Field(
        0.06, ge=0, le=5, description="Sound kept before the onset (s): what a hit comes on top of"
    )
    frames: int = Field(48, ge=8, le=2048, description="Analysis frames in a clip")
    hop: int = Field(512, ge=1, le=16_384, description="Samples between frames")
    n_fft: int = Field(2048, ge=64, le=32_768, description="Samples in a frame")
    n_mels: int = Field(80, ge=8, le=512, description="Mel bands")
    fmin_hz: float = Field(30.0, ge=0, le=96_000, description="Lower edge of the lowest band")
    fmax_hz: float = Field(18_000.0, gt=0, le=96_000, description="Upper edge of the highest band")
    range_db: float = Field(
        80.0,
        gt=0,
        le=1_000,
        description="Depth below the clip's loudest point that is still seen (dB)",
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


class ComposeSpec(Spec):
    """How training clips are composed of hits, as sound."""

    clips: int = Field(24_000, ge=1, description="Composed clips to learn from")
    checked_clips: int = Field(2_000, ge=1, description="Composed clips for early stopping")
    balance: float = Field(
        1.0, ge=0, le=1, description="Draw a class with (its share of the hits) ** -this"
    )
    plain: float = Field(
        0.5, ge=0, le=1, description="Share of clips with one hit alone and little variation"
    )
    empty: float = Field(0.12, ge=0, lt=1, description="Share of clips without a drum")
    semitones: float = Field(
        5.0, ge=0, description="Largest change of rate; two fifths of it for toms"
    )
    decay: float = Field(
        0.25, ge=0, description="Largest slowing of a hit's decay, relative; twice that much faster"
    )
    shares: dict[str, float] = Field(
        default={"recorded": 0.25, "soundfont": 0.4, "computed": 0.35},
        description="Share of clips by where hits are from, of what there is",
    )
    onset_s: float = Field(0.008, ge=0, le=0.05, description="Largest error of the onset (s)")
    second: float = Field(0.5, ge=0, le=1, description="Share of mixed clips with a second hit")
    second_db: float = Field(12.0, ge=0, description="Largest level of it beside the first (dB)")
    simultaneous_s: float = Field(0.012, ge=0, le=0.03, description="Latest start of it (s)")
    earlier: float = Field(0.4, ge=0, le=1, description="Share with tails of earlier hits")
    later: float = Field(0.35, ge=0, le=1, description="Share with a hit after the onset")
    under: float = Field(0.45, ge=0, le=1, description="Share with other instruments under it")
    under_low_db: float = Field(-30.0, description="Lowest level of those beside the hit (dB)")
    under_high_db: float = Field(0.0, description="Highest level of those beside the hit (dB)")
    noise: float = Field(0.4, ge=0, le=1, description="Share with noise")
    noise_db: float = Field(-20.0, description="Highest level of noise beside the hit (dB)")
    thump: float = Field(
        0.12, ge=0, le=1, description="Share with a dull knock of stand or foot under the hit"
    )
    room: float = Field(0.4, ge=0, le=1, description="Share in a room")
    tone_db: float = Field(9.0, ge=0, description="Largest gain of an equaliser's bands (dB)")
    drive: float = Field(0.12, ge=0, le=1, description="Share that is overloaded")
    limit: float = Field(0.2, ge=0, le=1, description="Share that loses its top")
    limit_hz: float = Field(6_000.0, gt=0, description="Lowest frequency at which it does (Hz)")


class ClassifierSpec(FitSpec, AugmentSpec):
    """The network and its training."""

    network: Literal["edge", "document"] = Field("edge", description="Architecture")
    channels: list[int] = Field(
        default=[], max_length=8, description="Channels of the blocks; none: the network's own"
    )
    freeze: int = Field(
        0, ge=0, description="First blocks that stay as they are, starting from a trained model"
    )
    mixed: bool = Field(True, description="Mixed precision where there is a GPU for it")
    dropout: float = Field(0.5, ge=0, lt=1, description="Dropout before the last layer")
    epochs: int = Field(20, ge=1, le=10_000, description="Passes over the drawn events at most")
    learning_rate: float = Field(1.5e-3, gt=0, description="Peak learning rate of AdamW")
    patience: int = Field(10, ge=1, description="Epochs without improvement before stopping")
    batch_size: int = Field(64, ge=2, description="Events in a batch")
    epoch_events: int = Field(
        1536, ge=1, description="Events drawn for an epoch, whatever the size of the corpus"
    )
    balance: float = Field(
        0.5, ge=0, le=1, description="Draw a class with (its share of the events) ** -this"
    )
    threshold: float = Field(
        0.5, gt=0, lt=1, description="A class at or above this probability is heard"
    )
    outsiders: float = Field(
        0.1, ge=0, lt=1, description="Sounds without a drum to learn from, as a share of the events"
    )


class TeachSpec(ClassifierSpec):
    """Training on exported data sets and kits: clips are composed as sound first."""

    clip: ClipSpec = Field(ClipSpec(), description="What a picture shows")
    compose: ComposeSpec = Field(ComposeSpec(), description="How clips are composed")
    synthesised_kits: int = Field(
        0, ge=0, le=10_000, description="Computed kits to learn from, beside the data sets' own"
    )
    beds: int = Field(
        400, ge=0, description="Excerpts of other instruments drawn from each soundfont"
    )
    checked_kits: float = Field(
        0.1, gt=0, lt=1, description="Share of the computed kits that early stopping is by"
    )
    folds: int = Field(
        0,
        ge=0,
        le=10,
        description="Trainings more, each without some kits, whose clips calibrate; 0: on validation",
    )
    fold_epochs: int = Field(2, ge=1, description="Passes of each of those")
