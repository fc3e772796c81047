"""The GRU over tokens.

::

    token, slot -> embedding + slot embedding -> GRU x layers -> dropout -> embedding^T -> logits

The output shares its weights with the embedding (Press & Wolf 2017). The slot is the place
in the bar after the token (:mod:`groove.sequence.streams`).

What belongs here: the network, and the network as bytes. What does not: how it is trained
(:mod:`groove.sequence.gru_training`). This module imports torch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from groove.core.models import ModelError, pack, unpack
from groove.sequence.spec import GruSpec
from groove.sequence.streams import SLOTS
from groove.sequence.vocabulary import SIZE


class TokenGru(nn.Module):
    """Predicts the next token from all tokens so far.

    Parameters
    ----------
    hidden
        Units per layer, and size of the embeddings.
    layers
        GRU layers.
    dropout
        Between layers and before the output, while training.
    """

    def __init__(self, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.token = nn.Embedding(SIZE, hidden)
        self.slot = nn.Embedding(SLOTS, hidden)
        self.gru = nn.GRU(
            hidden, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0
        )
        self.drop = nn.Dropout(dropout)
        self.bias = nn.Parameter(torch.zeros(SIZE))
        # The embedding is the output matrix too: this keeps the first logits near zero.
        nn.init.normal_(self.token.weight, std=hidden**-0.5)
        nn.init.normal_(self.slot.weight, std=hidden**-0.5)

    def initial(self, batch: int = 1) -> Tensor:
        """Return the state before the first token: zeros (layers, batch, hidden)."""
        return torch.zeros(self.gru.num_layers, batch, self.gru.hidden_size)

    def embedded(self, tokens: Tensor, slots: Tensor) -> Tensor:
        """Return the GRU's input, of unit variance at the start."""
        scale = float(self.gru.hidden_size) ** 0.5
        embedded: Tensor = (self.token(tokens) + self.slot(slots)) * scale
        return embedded

    def forward(
        self, tokens: Tensor, slots: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return logits (batch, time, 316) of the token after each one, and the new state.

        Parameters
        ----------
        tokens, slots
            int64 (batch, time).
        state
            (layers, batch, hidden): :meth:`initial`, or what the last call returned. Left
            out, the same as :meth:`initial`.
        """
        heard, state = self.gru(self.drop(self.embedded(tokens, slots)), state)
        logits: Tensor = self.drop(heard) @ self.token.weight.T + self.bias
        return logits, state


class GruStep(nn.Module):
    """One token of a :class:`TokenGru`, for streaming."""

    def __init__(self, network: TokenGru) -> None:
        super().__init__()
        self.network = network

    def forward(self, token: Tensor, slot: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return (logits (batch, 316), state) from token and slot (batch,) and state."""
        logits, following = self.network(token[:, None], slot[:, None], state)
        return logits[:, 0], following


def save(network: TokenGru, spec: GruSpec, vocabulary: dict[str, Any]) -> bytes:
    """Return the network as bytes, with its spec and vocabulary."""
    return pack(network, {"spec": spec.model_dump(), "vocabulary": vocabulary})


def load(data: bytes) -> tuple[TokenGru, dict[str, Any]]:
    """Return (network in evaluation mode, metadata) of what :func:`save` wrote.

    Raises
    ------
    groove.core.models.ModelError
        If the bytes are not such a model.
    """
    state, metadata = unpack(data)
    try:
        spec = metadata["spec"]
        network = TokenGru(spec["hidden"], spec["layers"], spec["dropout"])
        network.load_state_dict(state)
    except (KeyError, TypeError, RuntimeError) as error:
        raise ModelError(f"not a token GRU: {error}") from error
    return network.eval(), metadata
