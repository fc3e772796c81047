"""Settings of the MIDI index stages.

What belongs here: settings with units and defaults. What does not: anything heavy; the graph
imports this when it loads.
"""

from typing import Literal

from pydantic import Field

from groove.core.split_spec import SplitSpec


class SongIndexSpec(SplitSpec):
    """Settings of ``song_index``."""

    max_duration_s: float = Field(7200.0, gt=0, description="Longest song, seconds")
    max_notes: int = Field(500_000, gt=0, description="Most notes in a song")


class LoopIndexSpec(SplitSpec):
    """Settings of ``loop_index``."""

    min_bars: float = Field(1.0, ge=0, description="Shortest loop that is used, bars")
    min_notes: int = Field(8, ge=0, description="Fewest notes of a part that is used")
    tempo_policy: Literal["skip", "fallback", "accept"] = Field(
        "fallback", description="What becomes of a loop whose tempo is missing or out of range"
    )
    fallback_bpm: float = Field(120.0, gt=0, description="Tempo of the fallback policy, bpm")
    min_bpm: float = Field(40.0, gt=0, description="Slowest valid tempo, bpm")
    max_bpm: float = Field(300.0, gt=0, description="Fastest valid tempo, bpm")
    fold_halves: bool = Field(
        False, description="Halve or double a stated tempo out of range, at most twice"
    )
    audio_min_bpm: float = Field(
        80.0, gt=0, description="Slowest tempo taken for an audio loop that states none, bpm"
    )
    audio_max_bpm: float = Field(
        160.0, gt=0, description="Fastest tempo taken for an audio loop that states none, bpm"
    )
    max_duration_s: float = Field(3600.0, gt=0, description="Longest loop, seconds")
    exclude_fills: bool = Field(False, description="Keep no loop that is a fill")
    drum_only: bool = Field(False, description="Keep drums; with pitched_only both are kept")
    pitched_only: bool = Field(False, description="Keep pitched parts; with drum_only both")
    inject_default_tempo: float = Field(
        0.0,
        ge=0,
        description="Tempo taken for a loop that states none, bpm, before the policy is asked; 0 "
        "takes none. The file itself is never changed",
    )
    default_meter: str = Field(
        "",
        pattern=r"^$|^[1-9][0-9]?[/-](1|2|4|8|16|32|64)$",
        description="Meter of a MIDI loop when neither it nor its tags state one; empty refuses "
        "such a loop: bars that were guessed must not look like bars that were stated",
    )
