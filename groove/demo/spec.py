"""Settings of the demo corpus.

What belongs here: what a user may turn without touching a note. What does not: the music, which
is text under ``data/demo``.
"""

from typing import Literal

from pydantic import Field

from groove.core.spec import Spec


class DemoSpec(Spec):
    """How the text of the demo corpus becomes files."""

    seed: int = Field(0, ge=0, description="Seed of the players' small inaccuracies")
    performances: int = Field(2, ge=1, le=8, description="MIDI files per groove")
    timing_scale: float = Field(
        1.0, ge=0.0, le=4.0, description="Micro-timing jitter, 1 = a good player, 0 = a machine"
    )
    velocity_scale: float = Field(
        1.0, ge=0.0, le=4.0, description="Velocity jitter, 1 = a good player, 0 = a machine"
    )
    track_sample_rate: Literal[16000, 22050, 32000, 44100] = Field(
        22050, description="Samples per second of the rendered tracks"
    )
    hit_sample_rate: Literal[22050, 32000, 44100] = Field(
        44100, description="Samples per second of the one-shots"
    )
