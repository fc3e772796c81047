"""Settings of judging: what is measured on held-out chunks, and what a model must stand.

What belongs here: settings of this room. What does not: those of the other bar-phase stages
(:mod:`groove.phase.spec`), and anything heavy: this is imported when the graph is loaded.
"""

from pydantic import Field

from groove.core.spec import Spec


class PhaseEvaluationSpec(Spec):
    """What is measured on chunks that no model heard in training."""

    chunks: int = Field(
        96, ge=1, description="Test chunks at most, at the tempo written, spread over the songs"
    )
    warmup_s: float = Field(8.0, ge=0, description="Start of a chunk that is not scored, seconds")
    longest_s: float = Field(
        0.5, ge=0, le=0.5, description="Longest anticipation measured, beside 0 and half, seconds"
    )
    counting: bool = Field(
        True, description="Whether librosa's beats, counted to four, are measured beside"
    )
    threads: int = Field(1, ge=1, description="CPU threads; part of the result's identity")


class PhaseCheckSpec(Spec):
    """What a model must stand before it is released."""

    seconds: float = Field(12.0, ge=4, description="Length of every signal, seconds")
    timed_frames: int = Field(
        500, ge=50, description="Frames, in five stretches, that the time of one is a median of"
    )
    draws: int = Field(3, ge=1, le=20, description="Draws of each noise that has no beat")
    web_required: bool = Field(
        True,
        description="Whether the gate of parity is red where onnxruntime-web, or Node, is missing",
    )
    released: bool = Field(True, description="Whether the model that is shipped is judged as well")
    seed: int = Field(0, ge=0, description="Seed of the signals")
    threads: int = Field(1, ge=1, description="CPU threads; part of the result's identity")
