"""The network with all it needs to score and to play, as one safetensors file.

The file has the weights, the vocabulary and how hits are played as tensors, and a JSON card in
its header: labels, tags, forms, spec, where it comes from. Sizes are taken from the tensors that
are there, never from a claim in the header.

What belongs here: the trained model and its bytes. What does not: training. This module imports
torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from groove.core.models import ModelError, pack, unpack
from groove.midi import taxonomy
from groove.ngram.neural.inputs import HEARD, Vocabulary
from groove.ngram.neural.network import GrooveRnn
from groove.ngram.play.expression import Expression

KIND = "groove_rnn"
_FORMAT = 1
_MAX_LABELS = 24
_MAX_LAYERS = 8
_FORM = {"numerator", "denominator", "resolution", "bars", "tempo_bpm"}


@dataclass(frozen=True)
class RnnModel:
    """A trained network and what belongs to it.

    Parameters
    ----------
    network
        In evaluation mode, on the CPU.
    vocabulary
        What its inputs and outputs are numbers of.
    expression
        How hits are played; its conditions are ``("", *vocabulary.tags)``.
    card
        ``spec``, ``forms`` (tag to what was heard with it, the commonest first; ``""`` is any),
        ``licenses``, ``sources``, ``loops``, ``bars``.
    """

    network: GrooveRnn
    vocabulary: Vocabulary
    expression: Expression
    card: Mapping[str, Any]


def save(model: RnnModel) -> bytes:
    """Return a model as bytes; the same model gives the same ones."""
    vocabulary = model.vocabulary
    arrays = {
        "places": vocabulary.places,
        "positions": vocabulary.positions,
        **{f"play_{name}": values for name, values in model.expression.arrays().items()},
    }
    whole = nn.Module()
    whole.network = model.network
    for name, values in arrays.items():
        whole.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values)))
    metadata = {
        "kind": KIND,
        "format": _FORMAT,
        "taxonomy": taxonomy.DIGEST,
        "labels": list(vocabulary.labels),
        "tags": list(vocabulary.tags),
        "card": dict(model.card),
    }
    return pack(whole, metadata)


def load(data: bytes) -> RnnModel:
    """Return the model that :func:`save` wrote.

    Raises
    ------
    groove.core.models.ModelError
        If the bytes are no such model, or one that is damaged.
    """
    tensors, metadata = unpack(data)
    if metadata.get("kind") != KIND or metadata.get("format") != _FORMAT:
        raise ModelError("not a recurrent groove model: train one with `groove rnn train`")
    try:
        labels, tags = metadata["labels"], metadata["tags"]
        card = _checked(metadata["card"])
        _require(
            isinstance(labels, list) and 0 < len(labels) <= _MAX_LABELS, "its labels are damaged"
        )
        _require(isinstance(tags, list), "its tags are damaged")
        _require(all(isinstance(name, str) for name in [*labels, *tags]), "its names are damaged")
        state = {
            name.removeprefix("network."): tensor
            for name, tensor in tensors.items()
            if name.startswith("network.")
        }
        network = _network(state, len(labels))
        vocabulary = Vocabulary(
            labels=tuple(labels),
            symbols=_rising(tensors["network.symbols"], 1 << len(labels)),
            places=_rising(tensors["places"]),
            positions=_rising(tensors["positions"]),
            tags=tuple(tags),
        )
        _require(network.tags.in_features == max(1, len(tags)), "its tags do not fit")
        _require(network.place.num_embeddings == len(vocabulary.places) + 1, "its places differ")
        _require(
            network.position.num_embeddings == len(vocabulary.positions) + 1, "its positions differ"
        )
        expression = Expression.of_arrays(
            {
                name.removeprefix("play_"): tensor.numpy()
                for name, tensor in tensors.items()
                if name.startswith("play_")
            }
        )
        _require(len(expression.flam) == len(labels), "how its labels are played is missing")
        _require(len(expression.velocity_mean) == len(tags) + 1, "how its tags play is missing")
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        raise ModelError(f"a recurrent groove model that is damaged: {error}") from error
    return RnnModel(network, vocabulary, expression, card)


def _network(state: Mapping[str, torch.Tensor], labels: int) -> GrooveRnn:
    """Return the network that these weights are of."""
    symbols, gru = state["symbols"], state["gru.weight_hh_l0"]
    _require(symbols.dtype == torch.int64 and symbols.ndim == 1, "its symbols are damaged")
    layers = sum(name.startswith("gru.weight_hh_l") for name in state)
    _require(1 <= layers <= _MAX_LAYERS and gru.ndim == 2, "its layers are damaged")
    heard = tuple(state["heard.weight"].shape)
    _require(heard == (gru.shape[1], HEARD * (labels + 1)), "its inputs do not fit its labels")
    for name, tensor in state.items():
        finite = not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())
        _require(finite, f"{name} has values that are no numbers")
    network = GrooveRnn(
        symbols,
        labels,
        places=len(state["place.weight"]) - 1,
        positions=len(state["position.weight"]) - 1,
        tags=state["tags.weight"].shape[1],
        hidden=gru.shape[1],
        layers=layers,
        dropout=0.0,
    )
    network.load_state_dict(dict(state))
    return network.eval()


def _rising(tensor: torch.Tensor, end: int = 2**62) -> Any:
    values = tensor.numpy()
    fits = values.dtype == np.int64 and values.ndim == 1 and len(values) > 0
    _require(fits and bool((np.diff(values) > 0).all()), "its vocabulary is damaged")
    _require(values[0] >= 0 and values[-1] < end, "its vocabulary is out of range")
    return values


def _checked(card: Any) -> dict[str, Any]:
    _require(isinstance(card, dict) and isinstance(card.get("forms"), dict), "its card is damaged")
    _require(bool(card["forms"].get("")), "it knows no meter")
    for listed in card["forms"].values():
        for form in listed:
            _require(form.keys() >= _FORM, "its meters are damaged")
            counts = [form[name] for name in ("numerator", "denominator", "resolution")]
            _require(
                all(isinstance(n, int) and 1 <= n <= 128 for n in counts), "a meter is out of range"
            )
            _require(20 <= float(form["tempo_bpm"]) <= 1000, "a tempo is out of range")
    return dict(card)


def _require(fits: bool, problem: str) -> None:
    if not fits:
        raise ModelError(f"a recurrent groove model that is damaged: {problem}")
