"""The network as a stream: one frame of PCM in, the phase to come out, state in the open.

What belongs here: loading a trained model, predicting with it, its step for export. What does
not: ONNX (:mod:`groove.export`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from groove.core.models import ExportCase, ModelError, unpack
from groove.phase.labels import FRAME
from groove.phase.model.network import PhaseModel
from groove.phase.spec import PhaseTcnSpec

_FRONT_STATE = ("pcm", "mean", "weight")


def load_model(data: bytes) -> PhaseModel:
    """Return the trained model, in evaluation mode, of what the training stored.

    Raises
    ------
    ModelError
        If the bytes are another kind of model.
    """
    state, metadata = unpack(data)
    if metadata.get("stage") != "phase_tcn":
        raise ModelError(f"a model of {metadata.get('stage')!r}, not of 'phase_tcn'")
    model = PhaseModel(PhaseTcnSpec(**metadata["spec"]))
    model.network.load_state_dict(state)
    return model.eval()


class PhaseStep(nn.Module):
    """One frame of 20 ms of :class:`~groove.phase.model.network.PhaseModel`."""

    def __init__(self, model: PhaseModel) -> None:
        super().__init__()
        self.model = model

    def start(self, batch: int = 1) -> list[Tensor]:
        """Return the state before the first frame."""
        return [*self.model.front.start(batch), *self.model.network.start(batch)]

    def forward(self, frame: Tensor, anticipation_s: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Return ``(phase, *state)`` after one more frame.

        Parameters
        ----------
        frame
            ``(batch, 320)`` samples at 16 kHz.
        anticipation_s
            ``(batch,)``, 0 to 0.5 s.
        state
            As :meth:`start` or the last step returned it.

        Returns
        -------
        tuple
            ``(batch, 2)``: sine and cosine of 2π phase at the end of the frame plus the
            anticipation; and the new state.
        """
        levels, pcm, mean, weight = self.model.front.step(frame, *state[: len(_FRONT_STATE)])
        predicted, following = self.model.network.step(
            levels, anticipation_s, list(state[len(_FRONT_STATE) :])
        )
        return predicted, pcm, mean, weight, *following


def export_case(model_bytes: bytes) -> ExportCase:
    """Return one streaming step of a trained model, with its state as inputs and outputs."""
    step = PhaseStep(load_model(model_bytes)).eval()
    state = step.start()
    network = len(state) - len(_FRONT_STATE)
    names = [*_FRONT_STATE, *(f"past_{place}" for place in range(network))]
    frame = torch.sin(torch.arange(FRAME) * 0.1)[None] * 0.1
    return ExportCase(
        network=step,
        inputs=(frame, torch.tensor([0.25]), *state),
        input_names=("frame", "anticipation_s", *names),
        output_names=("phase", *(f"next_{name}" for name in names)),
        dynamic_axes={},
        feedback={f"next_{name}": name for name in names},
    )
