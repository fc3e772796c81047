"""The recurrent network: how likely each set of drums is on the next step.

::

    heard sets -> linear \
    place, position -> embeddings + -> GRU x layers -> dropout -> h
    tags -> linear       /

    P(s | h) = q_s + q_new * prod over labels of Bernoulli(struck | h)

``q`` is a softmax over all sets heard in training and one more outcome, a *new* set, whose
probability is spread over every set by one coin per label. So the probabilities of all
``2 ** labels`` sets sum to 1, and an unseen set has one that fits its context. The output
weights of a set are its own plus those of its labels: a rare set leans on what it is made of.

What belongs here: the network and its probabilities. What does not: training
(:mod:`groove.ngram.neural.training`), bytes (:mod:`groove.ngram.neural.codec`). This module
imports torch.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from groove.ngram.neural.inputs import HEARD


class Guess(NamedTuple):
    """What the network says about each step.

    Parameters
    ----------
    logits
        float32 (..., symbols + 1): known sets, then a new one.
    coins
        float32 (..., labels): log odds that a new set has each label.
    """

    logits: Tensor
    coins: Tensor


def bits_of(symbol: Tensor, labels: int) -> Tensor:
    """Return which labels are in each set, float32 (..., labels)."""
    return (symbol[..., None] >> torch.arange(labels, device=symbol.device) & 1).float()


def struck_of(heard: Tensor, labels: int) -> Tensor:
    """Return heard sets as numbers, float32 (..., HEARD * (labels + 1)).

    Parameters
    ----------
    heard
        int64 (..., HEARD) of :class:`groove.ngram.neural.inputs.Steps`; each becomes one bit per
        label, and whether there is such a step at all.
    """
    known = (heard > 0).float()[..., None]
    return torch.cat([bits_of((heard - 1).clamp(min=0), labels), known], dim=-1).flatten(-2)


class GrooveRnn(nn.Module):
    """Guesses each step from all steps before it.

    Parameters
    ----------
    symbols
        int64 (k,): sets of labels heard in training.
    labels, places, positions, tags
        How many there are of each; ``tags`` is at least 1.
    hidden, layers, dropout
        See :class:`groove.ngram.spec.RnnSpec`.
    """

    symbols: Tensor
    made_of: Tensor

    def __init__(
        self,
        symbols: Tensor,
        labels: int,
        places: int,
        positions: int,
        tags: int,
        *,
        hidden: int,
        layers: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.labels = labels
        self.heard = nn.Linear(HEARD * (labels + 1), hidden, bias=False)
        # Number 0 is what was never met: it adds nothing.
        self.place = nn.Embedding(places + 1, hidden, padding_idx=0)
        self.position = nn.Embedding(positions + 1, hidden, padding_idx=0)
        self.tags = nn.Linear(tags, hidden, bias=False)
        self.gru = nn.GRU(
            hidden, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0
        )
        self.drop = nn.Dropout(dropout)
        self.register_buffer("symbols", symbols)
        self.register_buffer("made_of", bits_of(symbols, labels), persistent=False)
        self.own = nn.Parameter(torch.randn(len(symbols) + 1, hidden) * 0.02)
        self.shared = nn.Parameter(torch.randn(labels, hidden) * 0.05)
        self.bias = nn.Parameter(torch.zeros(len(symbols) + 1))
        self.coins = nn.Linear(hidden, labels)
        for embedding in (self.place, self.position):
            nn.init.normal_(embedding.weight[1:], std=0.3)

    def start_from(self, counts: Tensor) -> None:
        """Set the output to the training data's frequencies, before any training.

        Parameters
        ----------
        counts
            float32 (symbols,): how often each symbol occurs.
        """
        total = counts.sum() + 1.0
        rates = (counts @ self.made_of + 0.5) / total
        with torch.no_grad():
            self.bias.copy_(torch.cat([counts, torch.ones(1)]).clamp(min=0.5).div(total).log())
            self.coins.bias.copy_(rates.clamp(1e-6, 1 - 1e-6).logit())

    def initial(self, batch: int = 1) -> Tensor:
        """Return the state before the first step: zeros (layers, batch, hidden)."""
        return torch.zeros(self.gru.num_layers, batch, self.gru.hidden_size)

    def forward(
        self,
        struck: Tensor,
        place: Tensor,
        position: Tensor,
        tags: Tensor,
        state: Tensor | None = None,
    ) -> tuple[Guess, Tensor]:
        """Return the guess of every step and the state after the last one.

        Parameters
        ----------
        struck
            float32 (batch, time, HEARD * (labels + 1)) of :func:`struck_of`.
        place, position
            int64 (batch, time).
        tags
            float32 (batch, time, tags).
        state
            :meth:`initial`, or what the last call returned. Left out, as :meth:`initial`.
        """
        found, state = self.found(struck, place, position, tags, state)
        return Guess(found @ self.weight().T + self.bias, self.coins(found)), state

    def found(
        self, struck: Tensor, place: Tensor, position: Tensor, tags: Tensor, state: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Return what the outputs are read from, float32 (batch, time, hidden), and the state."""
        told = self.heard(struck) + self.place(place) + self.position(position) + self.tags(tags)
        found, state = self.gru(self.drop(told), state)
        return self.drop(found), state

    def weight(self) -> Tensor:
        """Return the output weights (symbols + 1, hidden): a set's own, and its labels'."""
        shared = self.made_of @ self.shared
        return self.own + torch.cat([shared, shared.new_zeros(1, shared.shape[1])])


def log_probability(guess: Guess, target: Tensor, symbol: Tensor) -> tuple[Tensor, Tensor]:
    """Return (ln P of each set, ln P of the set if it is a new one).

    Parameters
    ----------
    guess
        Of the steps.
    target
        int64: number of the set among the known ones; -1 takes it for a new one.
    symbol
        int64, as ``target``: the set.
    """
    scores = guess.logits.log_softmax(-1)
    own = scores.gather(-1, target.clamp(min=0)[..., None])[..., 0]
    own = own.masked_fill(target < 0, -torch.inf)
    struck = bits_of(symbol, guess.coins.shape[-1])
    coins = logsigmoid(torch.where(struck > 0, guess.coins, -guess.coins)).sum(-1)
    return torch.logaddexp(own, scores[..., -1] + coins), coins


class RnnStep(nn.Module):
    """One step of a :class:`GrooveRnn` that is trained, for streaming."""

    weight: Tensor

    def __init__(self, network: GrooveRnn) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("weight", network.weight().detach())

    def forward(
        self, struck: Tensor, place: Tensor, position: Tensor, tags: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return (ln of the softmax (batch, symbols + 1), coins (batch, labels), state).

        Inputs are those of :meth:`GrooveRnn.forward` without their axis of time.
        """
        network = self.network
        found, following = network.found(
            struck[:, None], place[:, None], position[:, None], tags[:, None], state
        )
        logits = found[:, 0] @ self.weight.T + network.bias
        return logits.log_softmax(-1), network.coins(found[:, 0]), following
