"""The network as an export case: one step in, probabilities out, the state explicit.

What belongs here: the case. What does not: ONNX (:mod:`groove.export`).
"""

from __future__ import annotations

from groove.core.models import ExportCase


def export_case(model_bytes: bytes) -> ExportCase:
    """Return one step of a ``groove_rnn`` model.

    Inputs are ``struck`` float32 (1, 4 * (labels + 1)): for each heard set
    (:mod:`groove.ngram.neural.inputs`) a 1 per label struck and a 1 if there is such a step;
    ``place`` and ``position`` int64 (1,), numbers in the model's vocabulary, 0 for none; ``tags``
    float32 (1, tags); ``state`` float32 (layers, 1, hidden), zeros before a loop's first step.
    Outputs are ``log_probability`` (1, symbols + 1), natural, the last for a new set; ``coins``
    (1, labels), log odds of each label in a new set; and ``next_state``.

    Raises
    ------
    groove.core.models.ModelError
        If the bytes are not such a model.
    """
    import torch

    from groove.ngram.neural.codec import load
    from groove.ngram.neural.inputs import HEARD
    from groove.ngram.neural.network import RnnStep, struck_of

    model = load(model_bytes)
    network = model.network
    return ExportCase(
        network=RnnStep(network).eval(),
        # The examples are the largest values that place and position may have.
        inputs=(
            struck_of(torch.zeros(1, HEARD, dtype=torch.int64), network.labels),
            torch.tensor([network.place.num_embeddings - 1]),
            torch.tensor([network.position.num_embeddings - 1]),
            torch.zeros(1, network.tags.in_features),
            network.initial(),
        ),
        input_names=("struck", "place", "position", "tags", "state"),
        output_names=("log_probability", "coins", "next_state"),
        dynamic_axes={},
        feedback={"next_state": "state"},
    )
