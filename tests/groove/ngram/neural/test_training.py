"""Training learns, on loops it never met, from what came before and not from what it is to guess."""

import json
from typing import Any

import numpy as np
import pytest

from groove.core.models import ModelError
from groove.core.store import MemoryStore
from groove.core.tracking import MemoryTracker
from groove.ngram.neural import training
from groove.ngram.neural.codec import save
from groove.ngram.neural.inputs import steps_of
from groove.ngram.neural.scoring import bits_of_steps
from groove.ngram.quality import rnn_bits_under_order0


def test_context_beats_order_0_on_loops_never_heard(rnn: Any) -> None:
    row = rnn.table.iloc[0]
    assert (row["metric"], row["baseline"]) == ("test_bits_per_event", "order 0")
    assert row["value"] < 0.7 * row["baseline_value"]
    assert not row["higher_is_better"]
    assert rnn_bits_under_order0(rnn.table).passed
    assert not rnn_bits_under_order0(rnn.table.iloc[:0]).passed
    assert not rnn_bits_under_order0(rnn.table.assign(value=row["baseline_value"])).passed


def test_tags_help_where_styles_differ(rnn: Any) -> None:
    # The first bar of a loop: nothing but its tags tells what style it is in.
    bars = rnn.side("test")
    first = bars[bars["bar"] == 0].reset_index(drop=True)
    steps = steps_of(first, rnn.model.vocabulary)
    told = bits_of_steps(rnn.model, steps, tagged=True).mean()
    assert told < bits_of_steps(rnn.model, steps).mean()


def test_figures_are_of_every_step_of_the_test_split(rnn: Any) -> None:
    figures = json.loads(rnn.table["metrics_json"].iloc[0])
    bars = rnn.side("test")
    bits = bits_of_steps(rnn.model, steps_of(bars, rnn.model.vocabulary))
    assert figures["test_events"] == bars["steps"].sum() == len(bits)
    assert figures["test_bits_per_event"] == pytest.approx(bits.mean(), rel=1e-6)
    assert figures["test_bits_per_bar"] == pytest.approx(bits.sum() / len(bars), rel=1e-6)


def test_order_0_is_a_distribution_over_all_sets(rnn: Any) -> None:
    vocabulary = rnn.model.vocabulary
    known = steps_of(rnn.side("train"), vocabulary)
    every = np.arange(1 << len(vocabulary.labels))
    target = np.full(len(every), -1)
    target[vocabulary.symbols] = np.arange(len(vocabulary.symbols))
    asked = type(known)(**{**vars(known), "symbol": every, "target": target})
    total = (2.0 ** -training.order0_bits(known, asked, vocabulary)).sum()
    assert total == pytest.approx(1.0, abs=1e-9)


def test_the_tracker_hears_epochs_and_gets_the_model(rnn: Any) -> None:
    run = rnn.tracker.runs[0]
    assert run.stage == "groove_rnn"
    assert set(run.inputs) == {"groove_events"}
    assert {"train_loss", "validation_loss"} <= set(run.history[0][1])
    assert run.models["groove_rnn"]["model.safetensors"] == rnn.data
    history = json.loads(rnn.table["history_json"].iloc[0])
    assert len(history) == len(run.history) - 1
    assert rnn.table["licenses"].iloc[0] == "CC0-1.0"


def test_the_same_bars_give_the_same_bytes(make_grooves: Any, small: Any) -> None:
    events = make_grooves(loops=12, bars=2)
    spec = small.model_copy(update={"epochs": 2})
    twice = [save(training.fit_rnn(events, spec).model) for _ in range(2)]
    assert twice[0] == twice[1]
    other = training.fit_rnn(events, spec.model_copy(update={"seed": 1}))
    assert save(other.model) != twice[0]


def _random_loops(make_loop: Any, make_table: Any, outcomes: int) -> Any:
    random = np.random.default_rng(5)
    splits = ["train"] * 8 + ["validation", "test"]
    return make_table(
        *(
            make_loop(f"r{number}", random.integers(0, outcomes, (8, 16)).tolist(), split=split)
            for number, split in enumerate(splits)
        )
    )


def test_the_input_does_not_give_the_target_away(
    make_loop: Any, make_table: Any, small: Any
) -> None:
    """Steps drawn at random cannot be guessed; a network that saw its target would know them."""
    bars = _random_loops(make_loop, make_table, 16)
    found = training.fit_rnn(bars, small.model_copy(update={"epochs": 6}))
    sides = [bars[bars["split"] == name].reset_index(drop=True) for name in ("train", "test")]
    figures = training.figures(found.model, *sides)
    assert figures["bits_per_event"] > np.log2(16) - 0.1
    again = training.figures(found.model, sides[0], sides[0])
    assert again["bits_per_event"] > np.log2(16) - 0.5


def test_copying_what_is_heard_is_learnt_where_it_is_right(
    make_loop: Any, make_table: Any, small: Any
) -> None:
    """Each step repeats the one before or adds one to it: half of the bits stay, not none."""
    random = np.random.default_rng(6)

    def walk() -> list[list[int]]:
        return (np.cumsum(random.integers(0, 2, 128)) % 16).reshape(8, 16).tolist()

    splits = ["train"] * 30 + ["validation", "test"]
    bars = make_table(*(make_loop(f"w{n}", walk(), split=s) for n, s in enumerate(splits)))
    found = training.fit_rnn(bars, small.model_copy(update={"epochs": 30}))
    sides = [bars[bars["split"] == name].reset_index(drop=True) for name in ("train", "test")]
    figures = training.figures(found.model, *sides)
    assert 0.95 < figures["bits_per_event"] < 2.0 < figures["bits_per_event_order0"]


def test_without_a_split_nothing_is_claimed(rnn: Any, small: Any) -> None:
    known = rnn.events[rnn.events["split"] != "test"].reset_index(drop=True)
    with pytest.raises(ModelError, match="three groups"):
        next(iter(training.train(known, spec=small, store=MemoryStore(), tracker=MemoryTracker())))
    with pytest.raises(ModelError, match="validation"):
        training.fit_rnn(rnn.side("train"), small)
