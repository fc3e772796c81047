"""Counts agree with a plain loop over a Counter."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from groove.core.store import MemoryStore
from groove.ngram.language.context import CHAINS, FEATURES, events_of_bars, features_of
from groove.ngram.language.counts import CountError, count, counts_of_table, loop_weights
from groove.ngram.spec import NgramSpec

Make = Callable[..., pd.DataFrame]


def reference(events: pd.DataFrame, chain: str, order: int) -> Counter[tuple[object, ...]]:
    """Count (style, context, symbol) with nothing but Python lists."""
    found: Counter[tuple[object, ...]] = Counter()
    for _, rows in events[events["split"] == "train"].groupby("key", sort=False):
        bars = [list(symbols) for symbols in rows["symbols"]]
        heard: list[int] = []
        for number, row in enumerate(rows.to_dict(orient="records")):
            for step, symbol in enumerate(bars[number]):
                context: list[object] = []
                for name in CHAINS[chain][:order]:
                    if name == "bar":
                        first = ("first", row["meter"], step)
                        context.append(bars[number - 1][step] if number else first)
                    elif name == "bar2":
                        context.append(bars[number - 2][step] if number > 1 else None)
                    elif name == "position":
                        context.append((row["meter"], step))
                    elif name == "place":
                        context.append((step % row["resolution"], step == 0))
                    else:
                        back = int(name.removeprefix("back"))
                        context.append(heard[-back] if len(heard) >= back else None)
                found[row["style"], tuple(context), symbol] += 1
                heard.append(symbol)
    return found


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("order", range(6))
def test_counts_are_those_of_a_counter(
    chain: str, order: int, make_grooves: Make, make_ngrams: Make
) -> None:
    events = make_grooves(loops=12)
    table = make_ngrams(events)
    wanted = reference(events, chain, order)
    _, found = counts_of_table(table)
    found_here = found[chain][order]
    assert sorted(found_here.n.tolist()) == sorted(wanted.values())
    assert len(found_here.keys) == len({key[1] for key in wanted})


def test_every_order_counts_every_training_step(make_grooves: Make, make_ngrams: Make) -> None:
    events = make_grooves(loops=12)
    table = make_ngrams(events)
    steps = int(events.loc[events["split"] == "train", "steps"].sum())
    assert table.groupby(["chain", "order"])["events"].sum().tolist() == [steps] * 12
    weights = table.groupby(["chain", "order"])["weights"].apply(lambda lists: sum(map(sum, lists)))
    assert weights.to_numpy() == pytest.approx(steps, rel=1e-4)


def test_a_whole_loop_weighs_by_its_bars(make_loop: Make, make_table: Make) -> None:
    bars = make_table(make_loop("a", [[1, 0, 0, 0]] * 9), make_loop("b", [[0, 0, 2, 0]] * 4))
    events = events_of_bars(bars)
    first = events.loop_start == 0
    for name, ratio in (("uniform", 1.0), ("sqrt", 1.5), ("proportional", 9 / 4)):
        weights = loop_weights(bars, events, name)  # type: ignore[arg-type]  # a literal
        assert weights[first].sum() / weights[~first].sum() == pytest.approx(ratio)
        assert weights.mean() == pytest.approx(1.0)


def test_fills_can_be_left_out(make_loop: Make, make_table: Make, make_ngrams: Make) -> None:
    events = make_table(
        make_loop("a", [[1, 0, 0, 0]]), make_loop("b", [[2, 2, 2, 2]], is_fill=True)
    )
    assert make_ngrams(events)["events"].max() == 8
    spec = NgramSpec(max_order=5, exclude_fills=True)
    assert make_ngrams(events, spec)["events"].max() == 4


def test_nothing_to_count_is_an_error(make_loop: Make, make_table: Make) -> None:
    events = make_table(make_loop("a", [[1, 0]], split="test"))
    with pytest.raises(CountError, match="training split"):
        list(count(events, spec=NgramSpec(), store=MemoryStore()))


def test_contexts_do_not_reach_over_a_loop_or_a_change_of_meter(
    make_loop: Make, make_table: Make
) -> None:
    bars = make_table(make_loop("a", [[1, 2, 1, 2]]), make_loop("b", [[4, 8, 4, 8], [4, 4, 4, 4]]))
    features = features_of(events_of_bars(bars))
    back1, bar = FEATURES.index("back1"), FEATURES.index("bar")
    assert features[4, back1] == 0
    assert features[5, back1] == 4 + 1
    assert features[8:, bar].tolist() == [5, 9, 5, 9]
    changed = make_table(
        [
            *make_loop("a", [[1, 2, 1, 2]]),
            *({**row, "bar": 1} for row in make_loop("a", [[1, 2, 1]], meter=(3, 4), resolution=1)),
        ]
    )
    events = events_of_bars(changed)
    assert events.previous_bar.tolist() == [-1] * 7
    assert np.all(features_of(events)[4:, FEATURES.index("bar2")] == 0)
