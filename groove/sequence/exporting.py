"""The GRU as an export case: one token in, logits out, the state explicit.

What belongs here: the case. What does not: ONNX (:mod:`groove.export`).
"""

from __future__ import annotations

from groove.core.models import ExportCase
from groove.sequence.streams import SLOTS
from groove.sequence.vocabulary import SIZE


def export_case(model_bytes: bytes) -> ExportCase:
    """Return one streaming step of a ``token_gru`` model.

    Inputs are ``token`` and ``slot`` int64 (1,) and ``state`` float32 (layers, 1, hidden),
    zeros before the first token; outputs ``logits`` (1, 316) and ``next_state``.

    Raises
    ------
    groove.core.models.ModelError
        If the bytes are not such a model.
    """
    import torch

    from groove.sequence.gru import GruStep, load

    network, _ = load(model_bytes)
    return ExportCase(
        network=GruStep(network).eval(),
        # The examples are the largest values that token and slot may have.
        inputs=(torch.tensor([SIZE - 1]), torch.tensor([SLOTS - 1]), network.initial()),
        input_names=("token", "slot", "state"),
        output_names=("logits", "next_state"),
        dynamic_axes={},
        feedback={"next_state": "state"},
    )
