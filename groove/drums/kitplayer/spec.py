"""Settings of playing grooves through kits.

What belongs here: names, units, defaults and bounds. What does not: anything heavy.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from groove.core.spec import Spec


class PlaySpec(Spec):
    """How different from each other two plays of one groove on one kit are.

    Each bound is of a draw per play and drum; with all of them 0, a play is the sum of its hits.
    """

    tune_semitones: float = Field(2.0, ge=0, le=12, description="Largest change of a drum's pitch")
    damping: float = Field(0.6, ge=0, lt=1, description="Largest share of a drum's decay cut off")
    eq_db: float = Field(6.0, ge=0, le=24, description="Largest boost or cut of a drum's tone (dB)")
    level_db: float = Field(5.0, ge=0, le=24, description="Largest change of a drum's level (dB)")
    balance: float = Field(
        1.0, ge=0, le=1, description="1: drums as loud to each other as in a mix; 0: equal peaks"
    )
    pan: float = Field(0.6, ge=0, le=1, description="Widest place of a drum in the stereo picture")
    dynamics: float = Field(
        0.6, ge=0, le=2, description="Spread of the exponent from velocity to amplitude, around 1.2"
    )
    darkness: float = Field(
        0.85, ge=0, le=1, description="How much of its treble the softest stroke loses at most"
    )
    humanity_db: float = Field(
        1.0, ge=0, le=6, description="Largest difference of level between two equal strokes (dB)"
    )
    bleed_db: float = Field(
        -12.0, le=0, description="Loudest bleed into the overheads, below the drum (dB)"
    )
    bleed: float = Field(0.6, ge=0, le=1, description="Share of plays that have bleed")
    room_db: float = Field(-6.0, le=6, description="Loudest room, against the drums (dB)")
    room: float = Field(0.75, ge=0, le=1, description="Share of plays that have a room")
    rt60_s: float = Field(1.2, ge=0.1, le=6, description="Longest reverberation time (s)")
    compress: float = Field(0.4, ge=0, le=1, description="Share of plays that are compressed")
    drive: float = Field(0.3, ge=0, le=1, description="Share of plays that are overdriven")
    choke_s: float = Field(
        0.02, gt=0, le=0.5, description="Time in which a closing hi-hat falls by 20 dB (s)"
    )
    any_drum: bool = Field(
        True, description="Draw which of a kit's several drums of a label is its main one"
    )
    tail_s: float = Field(2.0, ge=0, le=10, description="Sound after the last hit (s)")


#: A play that only sums: no draws, no room.
PLAIN = PlaySpec(
    tune_semitones=0,
    damping=0,
    eq_db=0,
    level_db=0,
    balance=0,
    pan=0,
    dynamics=0,
    darkness=0,
    humanity_db=0,
    bleed=0,
    room=0,
    compress=0,
    drive=0,
    any_drum=False,
)


class MixSpec(Spec):
    """What a master does to drums and music."""

    eq_db: float = Field(4.0, ge=0, le=24, description="Largest boost or cut of the master (dB)")
    limit_db: float = Field(
        9.0, ge=0, le=24, description="Deepest limiting of the loudest peaks (dB)"
    )
    limited: float = Field(0.5, ge=0, le=1, description="Share of mixes that a limiter presses")
    quietest_dbfs: float = Field(
        -18.0, le=-0.2, description="Lowest peak of a mix (dB of full scale)"
    )
    band_limited: float = Field(0.15, ge=0, le=1, description="Share of mixes without their top")
    lowest_top_hz: float = Field(5_000.0, ge=1_000, description="Lowest top of those (Hz)")
    lossy: float = Field(0.25, ge=0, le=1, description="Share of mixes that were coded with loss")
    mono: float = Field(0.1, ge=0, le=1, description="Share of mixes that are mono")


class KitRenderSpec(PlaySpec):
    """Which drum loops are played on which kits of one-shots."""

    loops: int = Field(20, ge=0, description="Drum loops to play; three fifths of them to train")
    kits_per_loop: int = Field(1, ge=1, description="Kits that each is played on")
    least_labels: int = Field(6, ge=1, le=16, description="Labels that a kit must have to be one")
    same_class: bool = Field(
        False,
        description="Play a label that a kit lacks by its drum of the same class; else, and where "
        "it has none, a computed kit lends it",
    )
    mapping: Literal["auto", "gm", "td11"] = Field(
        "auto", description="What MIDI keys mean; auto: as the keys that are used tell"
    )
    seconds: float = Field(20.0, gt=0, le=600, description="Of a loop that are played at most (s)")
    lead_s: float = Field(0.25, ge=0, le=5, description="Silence before the loop begins (s)")
    seed: int = Field(0, ge=0, description="Seed of what a play varies")


class FolderSpec(PlaySpec):
    """A folder of played grooves."""

    pieces: int = Field(100, ge=1, le=1_000_000, description="Recordings to make")
    seconds: float = Field(30.0, ge=2, le=600, description="Length of a recording at most (s)")
    seed: int = Field(0, ge=0, lt=1_000, description="Of everything")
    held_out: float = Field(
        0.2, ge=0, lt=1, description="Share of players and kits that training does not hear"
    )
    mapping: Literal["auto", "gm", "td11"] = Field("auto", description="What grooves' keys mean")
    alone: float = Field(
        0.35, ge=0, le=1, description="Share of recordings without music, where there is music"
    )
    softest_db: float = Field(-9.0, description="Softest drums, beside the music (LU)")
    loudest_db: float = Field(9.0, description="Loudest drums, beside the music (LU)")
    mix: MixSpec = Field(MixSpec(), description="What a master does")
