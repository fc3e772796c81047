"""A model as a stream: one frame of PCM in, the place in the bar out, state in the open.

What belongs here: one step of a model, for export. What does not: ONNX (:mod:`groove.export`), the
stream's user (:mod:`groove.phase.play.tracker`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from groove.core.models import ExportCase
from groove.phase.labels import FRAME
from groove.phase.model.registry import PhaseModel, evidence, load

_FRONT_STATE = ("pcm", "mean", "weight", "sound")
_FILTER_STATE = ("belief", "steady")
_TOLD = ("beat", "tempo_bpm", "meters", "confidence", "activations", "silence")


class PhaseStep(nn.Module):
    """One frame of 20 ms of :class:`~groove.phase.model.registry.PhaseModel`."""

    def __init__(self, model: PhaseModel) -> None:
        super().__init__()
        self.model = model

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what a step returns before its state."""
        return ("bar", *_TOLD) if self.model.pointer is not None else ("bar",)

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the state, in order."""
        network = len(self.model.network.start(1))
        held = _FILTER_STATE if self.model.pointer is not None else ()
        return (*_FRONT_STATE, *(f"past_{place}" for place in range(network)), *held)

    def start(self, batch: int = 1) -> list[Tensor]:
        """Return the state before the first frame: zeros."""
        model = self.model
        held = [*model.front.start(batch), *model.network.start(batch)]
        if model.pointer is not None:
            held += [model.pointer.start(batch), model.certainty.start(batch)]
        return held

    def forward(self, frame: Tensor, anticipation_s: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Return what is told after one more frame, named by ``outputs``, and the new state.

        Parameters
        ----------
        frame
            ``(batch, 320)`` samples at 16 kHz.
        anticipation_s
            ``(batch,)``, 0 to 0.5 s.
        state
            As :meth:`start` or the last step returned it.
        """
        front = len(_FRONT_STATE)
        levels, silence, *heard = self.model.front.step(frame, *state[:front])
        pointer = self.model.pointer
        rest = list(state[front:] if pointer is None else state[front : -len(_FILTER_STATE)])
        told, following = self.model.network.step(levels, self.model.asked(anticipation_s), rest)
        if pointer is None:
            return (told.phase[:, 0], *heard, *following)
        activations = evidence(told)[:, 0]
        belief, steady = state[-len(_FILTER_STATE) :]
        belief = pointer.step(activations, silence, belief)
        bar, beat, tempo, meters, own = pointer.read(belief, anticipation_s)
        bar, confidence, steady = self.model.certainty.step(bar, own, silence, steady)
        return (
            bar, beat, tempo, meters, confidence, activations, silence,
            *heard, *following, belief, steady,
        )  # fmt: skip


def export_case(model_bytes: bytes) -> ExportCase:
    """Return one streaming step of a trained model, with its state as inputs and outputs."""
    return step_case(load(model_bytes))


def step_case(model: PhaseModel) -> ExportCase:
    """Return one streaming step of a model, as :func:`export_case` does."""
    step = PhaseStep(model).eval()
    frame = torch.sin(torch.arange(FRAME) * 0.1)[None] * 0.1
    return ExportCase(
        network=step,
        inputs=(frame, torch.tensor([0.25]), *step.start()),
        input_names=("frame", "anticipation_s", *step.states),
        output_names=(*step.outputs, *(f"next_{name}" for name in step.states)),
        dynamic_axes={},
        feedback={f"next_{name}": name for name in step.states},
    )
