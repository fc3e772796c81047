"""The base of every settings object, and the settings that all trainings share.

What belongs here: the base class and training settings. What does not: a subject's own
settings (its ``spec.py``), and anything heavy: this is imported when the graph is loaded.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Spec(BaseModel):
    """Settings of one stage. Frozen; an unknown name is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FitSpec(Spec):
    """Settings of one training loop."""

    epochs: int = Field(20, ge=1, le=10_000, description="Passes over the training data at most")
    learning_rate: float = Field(1e-3, gt=0, description="Peak learning rate of AdamW")
    weight_decay: float = Field(1e-2, ge=0, description="Decoupled weight decay")
    gradient_clip: float = Field(1.0, ge=0, description="Largest gradient norm; 0 does not clip")
    patience: int = Field(8, ge=1, description="Epochs without improvement before stopping")
    schedule: Literal["constant", "one_cycle"] = Field(
        "one_cycle", description="Learning rate over the run"
    )
    seed: int = Field(0, ge=0, description="Seed of weights, shuffling and augmentation")
    threads: int = Field(2, ge=1, description="CPU threads; part of the result's identity")
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = Field(
        "32-true", description="Arithmetic; mixed needs a GPU to pay"
    )
    accelerator: Literal["cpu", "auto"] = Field(
        "auto", description="auto takes a GPU when there is one"
    )
