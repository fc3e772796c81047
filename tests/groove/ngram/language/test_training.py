"""Training learns, on loops it never met, and says the same thing twice."""

import json
from typing import Any

import pytest

from groove.core.models import ModelError
from groove.core.store import MemoryStore
from groove.core.tracking import MemoryTracker
from groove.ngram.language import training
from groove.ngram.language.codec import unpack
from groove.ngram.quality import bits_under_order0
from groove.ngram.spec import ModelSpec


def test_context_beats_order_0_on_loops_never_heard(trained: Any) -> None:
    row = trained.table.iloc[0]
    assert row["metric"] == "test_bits_per_event"
    assert row["baseline"] == "order 0"
    assert row["value"] < 0.7 * row["baseline_value"]
    assert not row["higher_is_better"]
    assert bits_under_order0(trained.table).passed


def test_styles_help_where_styles_differ(trained: Any) -> None:
    figures = json.loads(trained.table["metrics_json"].iloc[0])
    assert figures["test_bits_per_event_styled"] < figures["test_bits_per_event"]
    assert figures["test_known_style_share"] == 1.0


def test_the_order_is_the_best_on_validation_and_every_order_is_logged(trained: Any) -> None:
    row = trained.table.iloc[0]
    history = json.loads(row["history_json"])
    assert [epoch["epoch"] for epoch in history] == [0, 1, 2, 3, 4, 5]
    best = min(history, key=lambda epoch: epoch["validation_bits_per_event"])
    assert json.loads(row["metrics_json"])["order"] == best["epoch"]
    run = trained.tracker.runs[0]
    assert [step for step, _ in run.history[:6]] == [0, 1, 2, 3, 4, 5]
    assert run.models["groove_model"]["model.parquet"] == trained.blob


def test_licences_of_the_training_split_travel_with_the_model(trained: Any) -> None:
    assert trained.table["licenses"].iloc[0] == "CC0-1.0"
    card = unpack(trained.blob).card
    assert card["licenses"] == ["CC0-1.0"]
    assert set(card["forms"]) == {"", "bossa", "rock"}
    assert card["forms"]["rock"][0]["tempo_bpm"] == 100.0


def test_the_same_bars_give_the_same_bytes(trained: Any) -> None:
    store = MemoryStore()
    rows = training.train(
        trained.events,
        trained.ngrams,
        spec=ModelSpec(min_style_bars=4),
        store=store,
        tracker=MemoryTracker(),
    )
    assert rows[0]["blob"] == trained.table["blob"].iloc[0]


@pytest.mark.parametrize("smoothing", ["kneser_ney", "witten_bell"])
def test_an_order_can_be_asked_for(trained: Any, smoothing: Any) -> None:
    rows = training.train(
        trained.events,
        trained.ngrams,
        spec=ModelSpec(order=2, smoothing=smoothing),
        store=MemoryStore(),
        tracker=MemoryTracker(),
    )
    assert json.loads(rows[0]["metrics_json"])["order"] == 2
    assert rows[0]["value"] < rows[0]["baseline_value"]


def test_without_a_test_split_nothing_is_claimed(trained: Any) -> None:
    known = trained.events[trained.events["split"] != "test"].reset_index(drop=True)
    with pytest.raises(ModelError, match="three groups"):
        training.train(
            known,
            trained.ngrams,
            spec=ModelSpec(),
            store=MemoryStore(),
            tracker=MemoryTracker(),
        )
