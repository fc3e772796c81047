"""Settings of the bar-phase stages, with units and defaults.

What belongs here: what a user may choose. What does not: constants that the exported model and
the labels rely on together (:mod:`groove.phase.labels`), and anything heavy: this is imported
when the graph is loaded.
"""

from typing import Literal

from pydantic import Field

from groove.core.spec import FitSpec, Spec


class RenderSpec(Spec):
    """How songs become audio, and which songs are usable."""

    soundfonts: list[str] = Field(
        ["TimGM6mb"],
        min_length=1,
        description="What training songs are played by: TimGM6mb (carried by pretty_midi), or "
        "paths of .sf2 or .sf3 files",
    )
    validation_soundfonts: list[str] = Field(
        [], description="What validation songs are played by; none: the ones of training"
    )
    test_soundfonts: list[str] = Field(
        [],
        description="What test songs, and no others, are played by; none: the ones of training, "
        "and no soundfont is held out",
    )
    soundfont_licenses: dict[str, str] = Field(
        {}, description="Licence of each soundfont of your own, by file name without its ending"
    )
    versions: int = Field(
        1, ge=1, le=64, description="Renders of a song by a soundfont; the first is as written"
    )
    soundfonts_per_version: int = Field(
        0,
        ge=0,
        description="How many of its side's soundfonts play each version of a song, drawn anew for "
        "each; 0: all of them",
    )
    gain_spread_db: float = Field(
        4.0, ge=0, le=12, description="Standard deviation of the gains of drums, bass and rest, dB"
    )
    drumless_share: float = Field(
        0.15, ge=0, le=1, description="Share of the versions without drums, where a song can do so"
    )
    program_share: float = Field(
        0.4, ge=0, le=1, description="Chance of an instrument to become another of its family"
    )
    room_share: float = Field(0.5, ge=0, le=1, description="Share of the versions in a room")
    synth_share: float = Field(
        0.2, ge=0, le=1, description="Share of the versions that synthesizers play throughout"
    )
    pump_share: float = Field(
        0.25,
        ge=0,
        le=1,
        description="Share of the versions whose bass and chords duck under the bass drum",
    )
    timing_ms: float = Field(
        6.0, ge=0, le=20, description="Humanising: standard deviation of a note's shift, ms"
    )
    velocity_spread: float = Field(
        0.12, ge=0, le=0.5, description="Humanising: standard deviation of the log of velocities"
    )
    sample_rate: int = Field(22_050, ge=16_000, le=48_000, description="Of the render, Hz")
    loudness_lufs: float = Field(-18.0, le=-6, description="Target integrated loudness, LUFS")
    peak_dbfs: float = Field(-1.0, le=0, description="No sample is louder; lowers the gain, dBFS")
    tail_s: float = Field(1.0, ge=0, le=10, description="Sound after the last note, seconds")
    min_duration_s: float = Field(30.0, gt=0, description="Shorter songs are not used, seconds")
    max_duration_s: float = Field(1_200.0, gt=0, description="Longer songs are not used, seconds")
    max_denominator: int = Field(32, ge=1, description="Largest denominator of a usable meter")
    min_bar_s: float = Field(0.4, gt=0, description="Shortest usable bar, median, seconds")
    max_bar_s: float = Field(16.0, gt=0, description="Longest usable bar, median, seconds")
    min_onsets: int = Field(24, ge=1, description="Fewest distinct onset times (5 ms apart)")
    min_grid_share: float = Field(
        0.5, ge=0, le=1, description="Share of onsets that must lie near the bar's grid"
    )
    grid_tolerance: float = Field(
        0.2, gt=0, le=0.5, description="What counts as near, in steps of 1/16 bar"
    )
    seed: int = Field(0, ge=0, description="Seed of versions, playback rates and effects")


class ChunkSpec(RenderSpec):
    """How songs become chunks: rendered as by :class:`RenderSpec`, then played, cut, damaged."""

    versions: int = Field(
        2, ge=1, le=64, description="Renders of a song by a soundfont; the first is as written"
    )
    from_renders: bool = Field(
        False,
        description="Cut the audio of song_renders (the settings of its renders are its own) "
        "instead of rendering songs and keeping nothing but the chunks",
    )
    chunk_s: float = Field(32.0, gt=1, description="Audio per chunk, seconds")
    label_s: float = Field(33.0, gt=1, description="Labels per chunk, seconds")
    hop_s: float = Field(
        24.0, gt=0, description="From one chunk's start to the next; the overlap warms a model up"
    )
    rates: int = Field(1, ge=0, le=16, description="Random playback rates, besides 1.0")
    wandering: int = Field(
        1, ge=0, le=16, description="Playings whose tempo jumps and ramps, besides the steady ones"
    )
    min_rate: float = Field(0.71, gt=0, le=1, description="Slowest playback rate")
    max_rate: float = Field(1.29, ge=1, description="Fastest playback rate")
    damaged_share: float = Field(
        0.75,
        ge=0,
        le=1,
        description="Share of the chunks with noise, rooms, narrow bands and the like; those "
        "played at rate 1.0 are always clean",
    )
    storage: Literal["flac", "ogg"] = Field(
        "flac", description="Of the chunks: flac is exact; ogg takes a quarter of the space"
    )


class FeatureSpec(Spec):
    """What a network is given of the sound: band levels, and against what they are held."""

    low_bands: int = Field(32, ge=4, description="Mel bands of the long window (bass)")
    high_bands: int = Field(32, ge=4, description="Mel bands of the short window")
    memory_s: float = Field(
        4.0, gt=0, description="Time constant of the level that each band is held against, seconds"
    )


class PointerSpec(Spec):
    """The bar-pointer filter: what it holds possible, and how it moves."""

    fastest_bpm: float = Field(300.0, gt=0, le=600, description="Fastest beats, per minute")
    slowest_bpm: float = Field(42.0, ge=10, description="Slowest beats, per minute")
    tempo_step: float = Field(
        0.028, gt=0.005, le=0.1, description="From one tempo to the next, natural logarithm"
    )
    usual_bpm: float = Field(112.0, gt=0, description="Middle of the tempos expected, per minute")
    usual_spread: float = Field(
        0.45, gt=0, description="Standard deviation of the log of the tempos expected"
    )
    tempo_rigidity: float = Field(
        60.0, gt=0, description="A change of log tempo by x at a beat is exp(-rigidity x) likely"
    )
    meters: list[int] = Field(
        [2, 3, 4, 5, 6, 7], min_length=1, description="Beats per bar that are possible"
    )
    meter_shares: list[float] = Field(
        [0.08, 0.16, 0.62, 0.04, 0.05, 0.05], min_length=1, description="How often each is expected"
    )
    meter_change: float = Field(0.002, ge=0, lt=1, description="Chance of another meter at a bar")
    lost: float = Field(
        2e-4, ge=0, lt=1, description="Chance, per frame, that everything starts anew"
    )
    lost_in_silence: float = Field(0.02, ge=0, lt=1, description="The same where nothing sounds")
    beat_share: float = Field(
        0.06, gt=0, lt=0.5, description="Chance of a beat in a frame before anything is heard"
    )
    downbeat_share: float = Field(
        0.02, gt=0, lt=0.5, description="Chance of a downbeat in a frame before anything is heard"
    )
    phase_trust: float = Field(
        0.1,
        ge=0,
        le=4,
        description="Concentration of the bar phase that the network says, a frame",
    )
    trust: float = Field(
        0.3,
        gt=0,
        le=4,
        description="Weight of what is heard; under 1, since frames next to each "
        "other hear the same",
    )
    reliability: float = Field(
        0.45,
        gt=0,
        le=1,
        description="How often what the filter takes for sure is so, on music of other kinds",
    )
    steadiness: float = Field(
        0.25,
        ge=0,
        le=4,
        description="Power of the running mean of the filter's confidence that weighs it",
    )
    steady_s: float = Field(6.0, gt=0, description="Time constant of that mean, seconds")


class NetworkSpec(FeatureSpec, PointerSpec):
    """The network: what is heard, and what is made of it."""

    network: Literal["bar_pointer", "phase_tcn"] = Field(
        "bar_pointer",
        description="bar_pointer: beats and bars heard by a causal network, filtered; phase_tcn: "
        "the phase straight from a causal network, anticipation among its inputs",
    )
    channels: int = Field(40, ge=4, description="Width of every hidden layer")
    blocks: int = Field(8, ge=1, le=12, description="Residual blocks; dilation 2^i in block i")
    kernel: int = Field(3, ge=2, le=9, description="Taps of each convolution")
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of channels dropped per block")


class PhaseModelSpec(FitSpec, NetworkSpec):
    """A network and its training."""

    epochs: int = Field(18, ge=1, le=10_000, description="Passes over the training data at most")
    learning_rate: float = Field(4e-3, gt=0, description="Peak learning rate of AdamW")
    weight_decay: float = Field(0.02, ge=0, description="Decoupled weight decay")
    patience: int = Field(20, ge=1, description="Epochs without improvement before stopping")
    # Steps this small gain little from a second thread, and lose fiftyfold where another program
    # holds its core: each waits for the other in every layer.
    threads: int = Field(1, ge=1, description="CPU threads; part of the result's identity")
    warmup_s: float = Field(8.0, ge=0, description="Start of a chunk that is not scored, seconds")
    anticipation_s: float = Field(
        0.5, ge=0, le=0.5, description="Longest look ahead of the prediction, seconds"
    )
    batch: int = Field(8, ge=1, description="Chunks per step")
    crop_s: float = Field(
        20.0, gt=0, description="Of each chunk a stretch of this length is heard, anywhere, seconds"
    )
    balance: float = Field(
        0.5,
        ge=0,
        le=1,
        description="How much rare meters and tempos are drawn more often: 0 not, 1 all as often",
    )
    chunks_per_epoch: int = Field(
        160, ge=1, description="Chunks drawn per epoch at most: bounds the cost on a large corpus"
    )
    validation_chunks: int = Field(
        48, ge=1, description="Validation chunks at most, spread evenly over the songs"
    )
    stretch: float = Field(
        0.2, ge=0, le=0.7, description="Augmentation: largest log of a tempo change, pitch kept"
    )
    band_shift: int = Field(2, ge=0, description="Augmentation: largest shift in mel bands")
    band_drop: float = Field(0.15, ge=0, lt=1, description="Augmentation: share of bands muted")
    beatless_share: float = Field(
        0.05, ge=0, le=0.5, description="Share of the crops in whose place noise is heard"
    )
    compare: bool = Field(
        True,
        description="Also train phase_tcn, on the same chunks in the same order, to compare with",
    )
