"""Training learns, on loops it never met, and says the same thing twice."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from groove.core.models import ModelError
from groove.core.store import MemoryStore
from groove.core.tracking import MemoryTracker
from groove.ngram.language import training
from groove.ngram.language.codec import pack, unpack
from groove.ngram.language.heldout import bits, heldout
from groove.ngram.language.selection import SMOOTHINGS
from groove.ngram.language.training import train_model
from groove.ngram.quality import bits_under_order0
from groove.ngram.spec import ModelSpec, NgramSpec

Make = Callable[..., pd.DataFrame]


def test_context_beats_order_0_on_loops_never_heard(trained: Any) -> None:
    row = trained.table.iloc[0]
    assert row["metric"] == "test_bits_per_event"
    assert row["baseline"] == "order 0"
    assert row["value"] < 0.7 * row["baseline_value"]
    assert not row["higher_is_better"]
    assert bits_under_order0(trained.table).passed


def test_the_right_style_helps_where_styles_differ(trained: Any) -> None:
    figures = json.loads(trained.table["metrics_json"].iloc[0])
    assert figures["test_bits_per_event_conditioned"] < figures["test_bits_per_event"]
    assert figures["test_bits_per_event_right_style"] < figures["test_bits_per_event_any_style"]
    for style in set(trained.events.loc[trained.events["split"] == "test", "style"]):
        assert figures[f"style_{style}_bits_right"] < figures[f"style_{style}_bits_none"]
    assert figures["test_known_style_share"] == 1.0


def test_the_wrong_style_does_not_help(trained: Any) -> None:
    model = unpack(trained.blob)
    rock = trained.events[
        (trained.events["split"] == "test") & (trained.events["style"] == "rock")
    ].reset_index(drop=True)
    side = heldout(rock)
    first = side.features[:, 0] >= 1 << 27  # in the first bar nothing but the style is known
    figures = {}
    for style in ("rock", "bossa"):
        number = model.conditions.index(f"style={style}")
        condition = np.full(int(first.sum()), number)
        figures[style] = bits(
            model.probability(side.features[first], side.symbol[first], condition)
        )
    assert figures["rock"] < figures["bossa"]


def test_the_order_is_the_best_on_validation_and_every_order_tried_is_logged(trained: Any) -> None:
    row = trained.table.iloc[0]
    history = json.loads(row["history_json"])
    orders = [int(epoch["epoch"]) for epoch in history]
    assert orders == list(range(orders[0], 6))
    best = min(history, key=lambda epoch: epoch["validation_bits_per_event"])
    assert json.loads(row["metrics_json"])["order"] == best["epoch"]
    run = trained.tracker.runs[0]
    assert [step for step, _ in run.history[: len(orders)]] == orders
    assert run.models["groove_model"]["model.parquet"] == trained.blob


def test_auto_is_no_worse_on_validation_than_any_estimator(trained: Any) -> None:
    side = trained.events[trained.events["split"] == "validation"].reset_index(drop=True)
    scored = heldout(side)

    def figure(smoothing: Any) -> float:
        spec = ModelSpec(order=3, min_condition_bars=4, smoothing=smoothing)
        model = train_model(trained.events, NgramSpec(), spec).model
        assert smoothing in ("auto", model.card["smoothing"])
        return bits(model.probability(scored.features, scored.symbol))

    assert figure("auto") == pytest.approx(min(figure(one) for one in SMOOTHINGS))


def test_licences_of_the_training_split_travel_with_the_model(trained: Any) -> None:
    assert trained.table["licenses"].iloc[0] == "CC0-1.0"
    card = unpack(trained.blob).card
    assert card["licenses"] == ["CC0-1.0"]
    assert {"", "style=bossa", "style=rock"} <= set(card["forms"])
    assert card["forms"]["style=rock"][0]["tempo_bpm"] == 100.0


def test_the_same_bars_give_the_same_bytes(trained: Any) -> None:
    store = MemoryStore()
    rows = training.train(
        trained.events,
        trained.ngrams,
        spec=ModelSpec(min_condition_bars=4),
        store=store,
        tracker=MemoryTracker(),
    )
    assert rows[0]["blob"] == trained.table["blob"].iloc[0]
    spec = ModelSpec(min_condition_bars=4)
    once, again = (
        pack(train_model(trained.events, NgramSpec(), spec, refit=True).model) for _ in range(2)
    )
    assert once == again


@pytest.mark.parametrize("smoothing", ["kneser_ney", "witten_bell", "absolute"])
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
    assert "test_bits_per_event" not in train_model(known, NgramSpec(), ModelSpec()).metrics


def test_a_model_from_one_loop_still_plays(make_loop: Make, make_table: Make) -> None:
    events = make_table(make_loop("a", [[1, 0, 2, 0]] * 4, resolution=1, split="test"))
    trained = train_model(events, NgramSpec(), ModelSpec())
    assert trained.history == []
    assert len(trained.model.loops) == 1
    assert unpack(pack(trained.model)).symbols.tolist() == [0, 1, 2]
    with pytest.raises(ModelError, match="no bar to learn from"):
        train_model(events.iloc[:0], NgramSpec(), ModelSpec())


def test_refitting_adds_all_splits_and_keeps_what_was_chosen(trained: Any) -> None:
    spec = ModelSpec(min_condition_bars=4)
    part, whole = (
        train_model(trained.events, NgramSpec(), spec, refit=refit) for refit in (False, True)
    )
    assert whole.metrics == part.metrics
    assert np.array_equal(whole.model.weights, part.model.weights)
    assert (whole.model.order, whole.model.share) == (part.model.order, part.model.share)
    assert len(part.model.loops) < len(whole.model.loops)
    assert whole.model.card["licenses"] == ["CC-BY-4.0", "CC0-1.0"]
