"""Drawing grooves from the recurrent network.

A groove starts as a loop does, out of nothing; each step is drawn given all before it, tempered
and cut as the n-gram model's are (:mod:`groove.ngram.play.heat`), among the sets of labels heard
in training. Then every hit gets a velocity and a micro-timing (:mod:`groove.ngram.play.player`).

What belongs here: drawing. What does not: the network, MIDI. This module imports torch.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from groove.midi.notes import write_midi
from groove.ngram.corpus import conditions as lattice
from groove.ngram.language.context import Ints, place_feature, position_feature
from groove.ngram.neural.codec import RnnModel
from groove.ngram.neural.inputs import number_of, tags_of
from groove.ngram.neural.network import RnnStep, struck_of
from groove.ngram.play.heat import Form, Heat, SampleError, cut
from groove.ngram.play.performance import ATTEMPTS, check_length, first_form, perform
from groove.ngram.play.player import Player
from groove.ngram.play.render import song_of_bars
from groove.ngram.play.sampling import Groove


def form_of(
    model: RnnModel, condition: Mapping[str, str | None] | None = None, meter: str | None = None
) -> tuple[Form, float]:
    """Return (form, tempo in quarters a minute) that is commonest under a condition.

    Parameters
    ----------
    model
        Whose training data are asked.
    condition
        Tags (:data:`groove.ngram.corpus.conditions.KEYS`); the first with forms decides.
    meter
        ``"3/4"``: the commonest grid of this meter, under the condition or else under any.

    Raises
    ------
    SampleError
        If no training loop was in that meter.
    """
    forms = model.card["forms"]
    return first_form([forms.get(tag, []) for tag in (*_wanted(model, condition)[0], "")], meter)


def draw(
    model: RnnModel,
    form: Form,
    bars: int,
    heat: Heat,
    seed: int,
    *,
    condition: Mapping[str, str | None] | None = None,
) -> Groove:
    """Return a groove; the same arguments give the same one.

    Parameters
    ----------
    model
        What to draw from.
    form, bars
        Meter and grid, and how many bars.
    heat
        Temperature and cuts.
    seed
        Of every draw.
    condition
        Tags to play under; what the model does not know is in the groove's ``ignored``.

    Raises
    ------
    SampleError
        If there are too many bars, or sixteen grooves in a row had no hit (they are drawn again).
    """
    check_length(form, bars)
    tags, ignored = _wanted(model, condition)
    random = np.random.default_rng(seed)
    for _ in range(ATTEMPTS):
        symbols = _symbols(model, form, bars, heat, tags, random)
        if symbols.any():
            break
    else:
        raise SampleError("only silence was drawn: raise the temperature, top-k or top-p")
    numbers = tuple(model.vocabulary.tags.index(tag) + 1 for tag in tags)
    player = Player(model.expression, numbers)
    played, _ = perform(symbols, form, model.vocabulary.labels, player, random)
    return Groove(form=form, bars=played, symbols=symbols, conditions=tags, ignored=ignored)


def midi_of(model: RnnModel, groove: Groove, tempo_bpm: float) -> bytes:
    """Return a groove as a MIDI file with tempo and meter, on channel 10."""
    return write_midi(song_of_bars(groove.bars, tempo_bpm, model.vocabulary.labels))


def _wanted(
    model: RnnModel, condition: Mapping[str, str | None] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (known tags, unknown ones) of a condition."""
    names = [name for name in lattice.names_of(condition or {}) if "&" not in name]
    # In the order of the keys: the style says more than the fill.
    names.sort(key=lambda name: lattice.KEYS.index(name.partition("=")[0]))
    known = tuple(name for name in names if name in model.vocabulary.tags)
    return known, tuple(name for name in names if name not in known)


def _symbols(
    model: RnnModel,
    form: Form,
    bars: int,
    heat: Heat,
    tags: tuple[str, ...],
    random: np.random.Generator,
) -> Ints:
    """Return the set of labels on each step."""
    vocabulary, steps = model.vocabulary, form.steps
    step = np.arange(steps)
    size, upper, lower = (
        np.full_like(step, value) for value in (form.resolution, form.numerator, form.denominator)
    )
    place = number_of(vocabulary.places, place_feature(step, size))
    position = number_of(vocabulary.positions, position_feature(step, size, upper, lower))
    places, positions = torch.from_numpy(place), torch.from_numpy(position)
    told = torch.from_numpy(tags_of([tags], vocabulary.tags))
    network = RnnStep(model.network).eval()
    state = model.network.initial()
    total = bars * steps
    uniform, temperatures = random.random(total).tolist(), heat.at(total).tolist()
    drawn: list[int] = []
    with torch.no_grad():
        for now in range(total):
            at = now % steps
            heard = torch.tensor([_heard(drawn, now, steps)])
            scores, _, state = network(
                struck_of(heard, model.network.labels),
                places[at : at + 1],
                positions[at : at + 1],
                told,
                state,
            )
            probability = scores[0, :-1].double().exp().numpy()
            outcomes, cumulative = cut(probability, temperatures[now], heat)
            chosen = int(cumulative.searchsorted(uniform[now] * cumulative[-1], side="right"))
            drawn.append(int(vocabulary.symbols[outcomes[min(chosen, len(outcomes) - 1)]]))
    return np.array(drawn, dtype=np.int64)


def _heard(drawn: list[int], now: int, steps: int) -> list[int]:
    """Return what is heard before a step; see :func:`groove.ngram.neural.inputs.heard_of`."""
    last = now % steps == steps - 1
    after = -1 if last else now - steps + 1
    return [
        drawn[at] + 1 if at >= 0 else 0 for at in (now - 1, now - steps, after, now - 2 * steps)
    ]
