"""Settings of practice songs.

What belongs here: what a user may turn, with units and defaults. What does not: the music's own
statistics (:mod:`groove.practice.styles`, :mod:`groove.practice.meters`).
"""

from pydantic import Field, field_validator

from groove.core.spec import Spec

#: Meters that can be asked for, with the weight that each has by default.
METERS: dict[str, float] = {
    "4/4": 80.0,
    "3/4": 12.0,
    "2/4": 4.0,
    "6/8": 6.0,
    "12/8": 3.0,
    "9/8": 2.0,
    "5/4": 4.0,
    "7/8": 4.0,
    "7/4": 2.0,
    "5/8": 2.0,
    "6/4": 1.0,
}


class PracticeSpec(Spec):
    """What practice songs are like."""

    meters: dict[str, float] = Field(
        default_factory=lambda: dict(METERS),
        description="Weight of each meter among songs; the ones left out don't occur",
    )
    meter_changes: float = Field(
        0.1, ge=0, le=1, description="Share of songs that change their meter on the way"
    )
    min_duration_s: float = Field(60.0, ge=20, le=600, description="Shortest song, seconds")
    max_duration_s: float = Field(150.0, ge=20, le=600, description="Longest song, seconds")
    min_tempo_bpm: float = Field(60.0, ge=30, le=300, description="Slowest felt beat per minute")
    max_tempo_bpm: float = Field(200.0, ge=30, le=300, description="Fastest felt beat per minute")
    constant_tempo: float = Field(
        0.5, ge=0, le=1, description="Share of songs to a click; the others drift, turn or breathe"
    )
    drumless: float = Field(0.3, ge=0, le=1, description="Share of songs without any drum")
    loop_share: float = Field(
        0.3, ge=0, le=1, description="Share of songs with drums that take them from given loops"
    )
    jitter_ms: float = Field(
        1.0, ge=0, le=4, description="Players' inaccuracy: 1 is as drawn (5 to 20 ms), 0 a machine"
    )
    clicks: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Share of songs in 4/4 that are a metronome's; there are more in other meters",
    )
    cross_styles: float = Field(
        0.2, ge=0, le=1, description="Share of songs that borrow parts from another style"
    )

    @field_validator("meters")
    @classmethod
    def _known(cls, meters: dict[str, float]) -> dict[str, float]:
        unknown = sorted(set(meters) - set(METERS))
        if unknown:
            raise ValueError(f"no meter {', '.join(unknown)}; there are {', '.join(METERS)}")
        if any(not 0 <= weight < float("inf") for weight in meters.values()):
            raise ValueError("a meter's weight is 0 or more")
        if not sum(meters.values()) > 0:
            raise ValueError("no meter has any weight")
        return meters

    @field_validator("max_duration_s")
    @classmethod
    def _longer(cls, value: float, info: object) -> float:
        return _above(value, info, "min_duration_s")

    @field_validator("max_tempo_bpm")
    @classmethod
    def _faster(cls, value: float, info: object) -> float:
        return _above(value, info, "min_tempo_bpm")


def _above(value: float, info: object, name: str) -> float:
    low = getattr(info, "data", {}).get(name)
    if low is not None and value < low:
        raise ValueError(f"is below {name} ({low:g})")
    return value
