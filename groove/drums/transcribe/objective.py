"""What the transcriber is trained towards.

What belongs here: the loss. What does not: batches, the loop.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from groove.drums.transcribe.excerpts import Batch

#: Weight of the velocities' squared error: they must not cost hits.
VELOCITY_SHARE = 0.2


def loss_of(network: nn.Module, batch: Batch, positive_weight: float) -> Mapping[str, Tensor]:
    """Return the losses of a batch: of onsets (binary cross-entropy), of velocities, of both.

    Velocities count at the frames of hits whose velocity is known.
    """
    logits, velocity = network(batch.levels)
    weight = 1.0 + (positive_weight - 1.0) * batch.onset
    onset = binary_cross_entropy_with_logits(logits, batch.onset, weight=weight) * logits.shape[-1]
    known = batch.velocity > 0
    error = (velocity - batch.velocity).square() * known
    hard = error.sum() / known.sum().clamp(min=1)
    return {"loss": onset + VELOCITY_SHARE * hard, "onset_loss": onset, "velocity_loss": hard}
