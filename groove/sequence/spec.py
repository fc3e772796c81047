"""Settings of the sequence stages: the token language, the Markov baseline, the GRU.

What belongs here: settings with units and defaults. What does not: anything heavy; this is
imported when the graph is loaded.
"""

from typing import Literal

from pydantic import Field, field_validator

from groove.core.spec import FitSpec, Spec

#: Sizes of the token families that carry a value.
SHIFT_TOKENS, VELOCITY_TOKENS, DURATION_TOKENS = 32, 8, 16


class TokenSpec(Spec):
    """The token language: a grid in musical time and what a token is worth on it."""

    steps_per_quarter: int = Field(
        24, ge=4, le=96, description="Grid steps per quarter note; 24 is MIDI clock's resolution"
    )
    shift_steps: list[int] = Field(
        [*range(1, 25), 30, 36, 42, 48, 60, 72, 84, 96],
        description="Grid steps of each of the 32 TIME_SHIFT tokens, rising from 1",
    )
    duration_steps: list[int] = Field(
        [1, 2, 3, 4, 6, 8, 12, 16, 18, 24, 30, 36, 48, 60, 72, 96],
        description="Grid steps of each of the 16 DURATION tokens, rising from 1",
    )
    ends: Literal["duration", "note_off"] = Field(
        "duration",
        description="How a note ends: DURATION tokens behind its NOTE_ON, or a NOTE_OFF",
    )
    parts: Literal["pitched", "drums", "all"] = Field(
        "pitched", description="Which notes of a song are written down"
    )

    @field_validator("shift_steps", "duration_steps")
    @classmethod
    def _rising_from_one(cls, steps: list[int]) -> list[int]:
        # With 1 among the values, every whole number of steps has an exact sum.
        if steps[:1] != [1] or sorted(set(steps)) != steps:
            raise ValueError("the steps must rise strictly, from 1")
        return steps

    @field_validator("shift_steps")
    @classmethod
    def _as_many_as_shifts(cls, steps: list[int]) -> list[int]:
        if len(steps) != SHIFT_TOKENS:
            raise ValueError(f"there are {SHIFT_TOKENS} TIME_SHIFT tokens, not {len(steps)}")
        return steps

    @field_validator("duration_steps")
    @classmethod
    def _as_many_as_durations(cls, steps: list[int]) -> list[int]:
        if len(steps) != DURATION_TOKENS:
            raise ValueError(f"there are {DURATION_TOKENS} DURATION tokens, not {len(steps)}")
        return steps


class MarkovSpec(Spec):
    """The n-gram baseline and its rhythm histogram."""

    order: int = Field(
        4, ge=1, le=6, description="Longest n-gram: a token and order - 1 tokens before it"
    )
    rhythm_weight: float = Field(
        0.3, ge=0, lt=1, description="Share of the rhythm histogram in the mixture"
    )


class GruSpec(FitSpec):
    """The GRU over tokens and its training.

    Training time is bounded whatever the corpus: ``epochs`` times ``windows_per_epoch``.
    """

    epochs: int = Field(10, ge=1, le=10_000, description="Epochs at most")
    learning_rate: float = Field(8e-3, gt=0, description="Peak learning rate of AdamW")
    batch_windows: int = Field(8, ge=1, description="Windows per optimiser step")
    window: int = Field(512, ge=8, description="Tokens per training window")
    hop: int = Field(256, ge=1, description="Tokens between the starts of two windows")
    windows_per_epoch: int = Field(
        192, ge=1, description="Windows drawn per epoch, each in a key of its own"
    )
    max_validation_windows: int = Field(
        48, ge=1, description="Windows that validation is measured on at most, evenly spread"
    )
    hidden: int = Field(128, ge=8, description="Units per layer, and size of the embedding")
    layers: int = Field(2, ge=1, le=8, description="GRU layers")
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout between layers and at the output")
    transpose: int = Field(
        5, ge=0, le=11, description="Training windows are moved by up to this many semitones"
    )
