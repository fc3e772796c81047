"""One file that reads back the same; whatever else is a file is refused, and says why."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groove.core.models import ModelError
from groove.ngram.language import checks, seal
from groove.ngram.language.codec import pack, read, unpack
from groove.ngram.language.context import events_of_bars, features_of
from groove.ngram.language.model import GrooveModel
from groove.ngram.language.training import train_model
from groove.ngram.spec import ModelSpec, NgramSpec

Make = Callable[..., pd.DataFrame]


@pytest.fixture(scope="module")
def events(make_grooves: Make) -> pd.DataFrame:
    return make_grooves(loops=18)


@pytest.fixture(scope="module")
def model(events: pd.DataFrame) -> GrooveModel:
    spec = ModelSpec(min_condition_bars=4)
    text = "Made from grooves by hand."
    return train_model(events, NgramSpec(), spec, attribution=[text]).model


@pytest.fixture(scope="module")
def data(model: GrooveModel) -> bytes:
    return pack(model)


def test_a_model_is_one_file_that_reads_back_the_same(
    model: GrooveModel, data: bytes, events: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "model.parquet"
    path.write_bytes(data)
    again = read(path)
    assert pack(again) == data
    steps = events_of_bars(events)
    features, given_ = features_of(steps), model.conditions_of(events)[steps.bar]
    assert np.array_equal(again.conditions_of(events)[steps.bar], given_)
    for condition in (None, given_):
        mine = model.probability(features, steps.symbol, condition)
        assert np.array_equal(again.probability(features, steps.symbol, condition), mine)
    for name, values in model.expression.arrays().items():
        assert np.array_equal(again.expression.arrays()[name].ravel(), values.ravel())
    assert again.card == json.loads(json.dumps(model.card))
    pd.testing.assert_frame_equal(again.loops.bars(), model.loops.bars())


def test_the_card_says_where_the_model_is_from(data: bytes, events: pd.DataFrame) -> None:
    card = unpack(data).card
    training = events[events["split"] == "train"]
    assert card["loops"] == training["key"].nunique()
    assert card["licenses"] == ["CC0-1.0"]
    loops = card["loops"]
    assert card["attribution"] == [f"by hand: {loops} loops, CC0-1.0", "Made from grooves by hand."]
    assert {"spec", "ngrams", "taxonomy", "corpus", "forms", "smoothing"} <= set(card)


@pytest.mark.parametrize(
    "found", [b"", b"PAR1", b"not a model", b"\x80\x04K\x01.", b"PAR1" + bytes(100) + b"PAR1"]
)
def test_what_is_no_model_is_refused(found: bytes) -> None:
    with pytest.raises(ModelError, match="not a groove model"):
        unpack(found)


def test_another_parquet_file_is_refused() -> None:
    out = io.BytesIO()
    table = pa.table({"a": [[1, 2]]})
    pq.write_table(table, out)
    with pytest.raises(ModelError, match="no hash"):
        unpack(out.getvalue())
    with pytest.raises(ModelError, match="not a groove model"):
        unpack(sealed_file(table, {}))


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255), cut=st.booleans())
def test_a_file_cut_short_or_changed_is_refused(
    data: bytes, place: float, flip: int, cut: bool
) -> None:
    at = int(place * len(data))
    broken = data[:at] if cut else data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
    with pytest.raises(ModelError, match="hash"):
        unpack(broken)


def test_nothing_is_parsed_of_a_file_that_was_changed(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pq, "ParquetFile", lambda *_: pytest.fail("it was parsed"))
    with pytest.raises(ModelError, match="damaged or was changed"):
        unpack(data[:1000] + b"x" + data[1000:])
    with pytest.raises(ModelError, match="no hash"):
        unpack(data + data)


def tampered(
    data: bytes, change: Callable[[dict[str, Any], dict[str, Any]], None], *, listed: bool = True
) -> bytes:
    """Return a model file with card or columns changed, and a hash that is right again.

    The card's list of columns is brought up to date, or left as it was.
    """
    table = pq.read_table(io.BytesIO(data))
    metadata = pq.ParquetFile(io.BytesIO(data)).metadata.metadata
    card = json.loads(metadata[b"groove"])
    columns = {
        name: table.column(name).combine_chunks().flatten().to_numpy(zero_copy_only=False).copy()
        for name in table.column_names
    }
    change(card, columns)
    if listed:
        card["columns"] = {
            name: [str(values.dtype), len(values)] for name, values in sorted(columns.items())
        }
    changed = pa.table({name: pa.array([values]) for name, values in columns.items()})
    return sealed_file(changed, {b"groove": json.dumps(card).encode()})


def sealed_file(table: pa.Table, about: dict[bytes, bytes]) -> bytes:
    """Return any Parquet file with a hash that is right."""
    out = io.BytesIO()
    with pq.ParquetWriter(
        out, table.schema, compression="zstd", use_dictionary=False, store_schema=False
    ) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({**about, b"groove_seal": seal.BLANK.encode()})
    return seal.sealed(out.getvalue())


def test_the_same_content_written_anew_is_read(data: bytes, model: GrooveModel) -> None:
    assert pack(unpack(tampered(data, lambda *_: None))) == pack(model)


def set_to(name: str, at: int, value: float) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(_: dict[str, Any], columns: dict[str, Any]) -> None:
        columns[name][at] = value

    return change


def card_to(name: str, value: object) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(card: dict[str, Any], _: dict[str, Any]) -> None:
        card[name] = value

    return change


UNLISTED = {
    "a missing column": (lambda _, columns: columns.pop("bar_any1_symbol"), "missing"),
    "a column too many": (
        lambda _, columns: columns.update(more=np.zeros(3)),
        "unknown",
    ),
    "another length": (
        lambda _, columns: columns.update(label_rates=columns["label_rates"][1:]),
        "label_rates",
    ),
    "another type": (
        lambda _, columns: columns.update(label_rates=columns["label_rates"].astype(np.float32)),
        "label_rates",
    ),
    "another format": (card_to("format", 99), "format 99"),
    "a huge claim": (
        lambda card, _: card["columns"].update(label_rates=["float64", 2**40]),
        "label_rates",
    ),
}


@pytest.mark.parametrize("case", UNLISTED)
def test_what_the_card_does_not_list_is_refused(data: bytes, case: str) -> None:
    change, says = UNLISTED[case]
    with pytest.raises(ModelError, match=says):
        unpack(tampered(data, change, listed=False))


NO_MODEL = {
    "nan": (set_to("label_rates", 0, np.nan), "label_rates"),
    "a rate of 1": (set_to("label_rates", 0, 1.0), "label_rates"),
    "a weight below 0": (set_to("weights", 0, -0.1), "weights"),
    "weights over 1": (set_to("given_weights", 0, 0.9), "given_weights"),
    "a code below 0": (set_to("bar_any0_code", 0, -1), "bar_any0_code"),
    "probabilities over 1": (
        lambda _, columns: columns.update(bar_any0_code=columns["bar_any0_code"] * 0),
        "over 1",
    ),
    "a symbol of no label": (set_to("bar_any0_symbol", -1, 1 << 20), "bar_any0_symbol"),
    "unsorted symbols": (
        lambda _, columns: columns.update(bar_any0_symbol=columns["bar_any0_symbol"][::-1].copy()),
        "unsorted",
    ),
    "unsorted contexts": (
        lambda _, columns: columns.update(
            bar_any1_feature=columns["bar_any1_feature"][::-1].copy()
        ),
        "unsorted",
    ),
    "a parent that is not": (set_to("bar_any2_parent", -1, 10**6), "bar_any2"),
    "a condition that is not": (set_to("bar_given1_feature", -1, 10**6), "bar_given1"),
    "sizes below 0": (set_to("bar_any1_sizes", 0, -5), "bar_any1"),
    "a loop of other length": (set_to("loop_bars", 0, 10**6), "loop_bars"),
    "a bar of a million steps": (set_to("loop_form", 3, 10**6), "loop_form"),
    "a step of no label": (set_to("loop_symbols", 0, 1 << 30), "loop_symbols"),
    "no label": (card_to("labels", []), "labels"),
    "a label twice": (card_to("labels", ["kick"] * 16), "name"),
    "too many labels": (card_to("labels", [f"l{n}" for n in range(40)]), "labels"),
    "an order of 99": (card_to("order", 99), "order 99"),
    "an order of text": (card_to("order", "5"), "order 5"),
    "a share of 2": (card_to("share", 2.0), "share"),
    "a chain of no name": (card_to("chains", ["bar", "tune"]), "chains"),
    "conditions without any": (card_to("conditions", ["style=x"]), "conditions"),
    "a missing list": (lambda card, _: card.pop("conditions"), "conditions"),
    "loops of another number": (
        lambda card, _: card["loops"].update(licenses=[["CC0-1.0", 10**9]]),
        "licenses",
    ),
    "a lead-in that is not": (
        lambda card, _: card["card"]["forms"][""][0].update(starts=[10**9]),
        "lead-in",
    ),
}


@pytest.mark.parametrize("case", NO_MODEL)
def test_what_no_model_has_is_refused_even_if_sealed(data: bytes, case: str) -> None:
    change, says = NO_MODEL[case]
    with pytest.raises(ModelError, match=says):
        unpack(tampered(data, change))


def test_more_bytes_than_any_model_has_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    path = tmp_path / "model.parquet"
    path.write_bytes(data)
    monkeypatch.setattr(checks, "MAX_BYTES", 100)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(ModelError, match="100 are the most"):
        read(path)


@pytest.mark.parametrize(
    ("limit", "value", "says"),
    [
        ("MAX_UNPACKED_BYTES", 1000, "unpacked"),
        ("MAX_COLUMNS", 3, "columns"),
        ("MAX_ITEMS", 5, "a list of"),
    ],
)
def test_claims_are_checked_before_anything_is_unpacked(
    data: bytes, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, says: str
) -> None:
    monkeypatch.setattr(checks, limit, value)
    monkeypatch.setattr(pq.ParquetFile, "read", lambda *_, **__: pytest.fail("it was unpacked"))
    with pytest.raises(ModelError, match=says):
        unpack(data)


def test_a_file_packed_beyond_belief_is_refused() -> None:
    bomb = sealed_file(pa.table({"zeros": pa.array([np.zeros(2**22)])}), {})
    assert len(bomb) < 2**16
    with pytest.raises(ModelError, match="beyond belief"):
        unpack(bomb)
