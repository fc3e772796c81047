"""How well the network guesses: bits per step of whole loops, as the n-gram model is measured.

Every step counts, empty ones included; the state starts afresh with each loop and runs through
it to its end. Entries are in the order of :func:`groove.ngram.language.context.events_of_bars`, so
that they stand beside those of :meth:`groove.ngram.language.model.GrooveModel.probability`.

What belongs here: figures of a trained network. What does not: training.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from groove.ngram.language.context import Ints
from groove.ngram.neural.batches import Batch, batch_of
from groove.ngram.neural.inputs import Steps
from groove.ngram.neural.network import GrooveRnn, Guess, log_probability, struck_of

if TYPE_CHECKING:
    from groove.ngram.neural.codec import RnnModel

Floats = NDArray[np.float64]

_LOOPS_AT_ONCE, _STEPS_AT_ONCE = 32, 256


def bits_of_steps(model: RnnModel, steps: Steps, *, tagged: bool = False) -> Floats:
    """Return ``-log2 P`` of every step, ``float64[steps]``.

    Parameters
    ----------
    model
        A trained network.
    steps
        Of :func:`groove.ngram.neural.inputs.steps_of`, with the model's vocabulary.
    tagged
        Whether the network is told the loops' tags.
    """
    bits = np.zeros(len(steps))
    with torch.no_grad():
        for place, batch, guess in _guesses(model.network, steps, tagged=tagged):
            found, _ = log_probability(guess, batch.target, batch.symbol)
            inside = batch.inside.numpy()
            bits[place[inside]] = -found.numpy()[inside] / np.log(2.0)
    return bits


def distribution(model: RnnModel, steps: Steps, symbols: Ints, *, tagged: bool = False) -> Floats:
    """Return the probability of each of ``symbols`` at every step, ``float64[steps, symbols]``.

    Over all ``2 ** labels`` sets it sums to 1. Meant for few steps or few symbols.
    """
    found = np.zeros((len(steps), len(symbols)))
    known = model.vocabulary.symbols
    at = np.minimum(np.searchsorted(known, symbols), len(known) - 1)
    target = torch.from_numpy(np.where(known[at] == symbols, at, -1))
    asked = torch.from_numpy(np.asarray(symbols, dtype=np.int64))
    with torch.no_grad():
        for place, batch, guess in _guesses(model.network, steps, tagged=tagged):
            for row, column in zip(*np.nonzero(batch.inside.numpy()), strict=True):
                here = Guess(
                    guess.logits[row, column].expand(len(asked), -1),
                    guess.coins[row, column].expand(len(asked), -1),
                )
                probability, _ = log_probability(here, target, asked)
                found[place[row, column]] = probability.exp().numpy()
    return found


def _guesses(
    network: GrooveRnn, steps: Steps, *, tagged: bool
) -> Iterator[tuple[Ints, Batch, Guess]]:
    """Yield (place of each step, batch, guess in double precision), loops in pieces."""
    network.eval()
    length = np.diff(steps.offsets)
    by_length = np.argsort(-length, kind="stable")
    for first in range(0, len(by_length), _LOOPS_AT_ONCE):
        loops = by_length[first : first + _LOOPS_AT_ONCE]
        state = network.initial(len(loops))
        for start in range(0, int(length[loops[0]]), _STEPS_AT_ONCE):
            # Loops go by length: those that have ended are the last rows.
            loops = loops[length[loops] > start]
            state = state[:, : len(loops)].contiguous()
            size = np.minimum(length[loops] - start, _STEPS_AT_ONCE)
            begin = steps.offsets[loops] + start
            batch = batch_of(steps, begin, size)
            tags = batch.tags if tagged else torch.zeros_like(batch.tags)
            struck = struck_of(batch.heard, network.labels)
            guess, state = network(struck, batch.place, batch.position, tags, state)
            place = begin[:, None] + np.arange(batch.place.shape[1])
            yield place, batch, Guess(guess.logits.double(), guess.coins.double())
