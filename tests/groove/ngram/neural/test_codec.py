"""A model file reads back as what it was; anything else is refused."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from groove.core.models import ModelError, pack, unpack
from groove.ngram.neural.codec import load, save
from groove.ngram.neural.inputs import steps_of
from groove.ngram.neural.scoring import bits_of_steps


def _written(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> bytes:
    whole = nn.Module()
    for name, tensor in tensors.items():
        part = whole
        *path, last = name.split(".")
        for step in path:
            if not hasattr(part, step):
                part.add_module(step, nn.Module())
            part = getattr(part, step)
        part.register_buffer(last, tensor)
    return pack(whole, metadata)


def test_a_file_reads_back(rnn: Any) -> None:
    assert save(load(rnn.data)) == rnn.data
    tensors, metadata = unpack(rnn.data)
    assert _written(tensors, metadata) == rnn.data
    steps = steps_of(rnn.side("test"), rnn.model.vocabulary)
    np.testing.assert_array_equal(
        bits_of_steps(rnn.model, steps), bits_of_steps(load(rnn.data), steps)
    )
    card = rnn.model.card
    assert card["licenses"] == ["CC0-1.0"]
    assert set(card["forms"]) == {"", "fill=no", "style=bossa", "style=rock"}
    assert card["forms"][""][0]["tempo_bpm"] == 100.0


def test_other_bytes_are_refused(rnn: Any) -> None:
    for data in (b"", b"not a model", rnn.data[:-100], rnn.data[:1000], rnn.data[8:]):
        with pytest.raises(ModelError):
            load(data)


@pytest.mark.parametrize("name", ["places", "network.symbols", "network.own", "play_flam"])
def test_a_missing_part_is_named(rnn: Any, name: str) -> None:
    tensors, metadata = unpack(rnn.data)
    del tensors[name]
    with pytest.raises(ModelError, match=name.rpartition(".")[2].removeprefix("play_")):
        load(_written(tensors, metadata))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("network.symbols", lambda t: t.flip(0)),
        ("network.symbols", lambda t: t + 2**30),
        ("network.symbols", lambda t: t.float()),
        ("positions", lambda t: t[:-1]),
        ("places", lambda t: t * 0),
        ("network.own", lambda t: t * torch.nan),
        ("network.gru.weight_hh_l0", lambda t: t[:, :-1]),
        ("network.heard.weight", lambda t: t[:, :-1]),
        ("network.tags.weight", lambda t: t[:, :-1]),
        ("play_flam", lambda t: t[:-1]),
    ],
)
def test_damage_is_refused(rnn: Any, name: str, change: Any) -> None:
    tensors, metadata = unpack(rnn.data)
    tensors[name] = change(tensors[name]).contiguous()
    with pytest.raises(ModelError):
        load(_written(tensors, metadata))


@pytest.mark.parametrize(
    "claim",
    [
        {"kind": "token_gru"},
        {"format": 99},
        {"labels": ["kick"] * 10_000},
        {"labels": "kick"},
        {"tags": ["style=rock"] * 10_000},
        {"card": {}},
        {"card": {"forms": {"": [{"numerator": 10**9}]}}},
    ],
)
def test_claims_that_the_tensors_do_not_bear_out_are_refused(rnn: Any, claim: Any) -> None:
    tensors, metadata = unpack(rnn.data)
    with pytest.raises(ModelError):
        load(_written(tensors, {**metadata, **claim}))
