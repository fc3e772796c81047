"""Counts agree with a plain loop over a Counter."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groove.core.store import MemoryStore
from groove.ngram.corpus.conditions import names_of, tags_of_row
from groove.ngram.language import counts, merge
from groove.ngram.language.context import (
    CHAINS,
    FEATURE_BITS,
    FEATURES,
    columns_of,
    events_of_bars,
    features_of,
)
from groove.ngram.language.counts import (
    CountError,
    batches_of,
    count,
    count_batches,
    counts_of_table,
    loop_weights,
)
from groove.ngram.spec import NgramSpec

Make = Callable[..., pd.DataFrame]
Found = dict[tuple[str, int, str, str], dict[tuple[Any, ...], int]]


def reference(bars: pd.DataFrame, max_order: int) -> Found:
    """Count with nothing but a Counter: (chain, order, condition, meter) -> n-gram -> times."""
    events = events_of_bars(bars)
    features = features_of(events)
    rows = bars.to_dict("records")
    told: dict[Any, list[str]] = {}
    for row in rows:
        # pandas writes a missing text as nan.
        plain = {
            str(k): None if isinstance(v, float) and np.isnan(v) else v for k, v in row.items()
        }
        told[row["key"]] = ["", *names_of(tags_of_row(plain))]
    found: dict[tuple[str, int, str, str], Counter[tuple[Any, ...]]] = {}
    for chain in CHAINS:
        for order in range(max_order + 1):
            seen = features[:, columns_of(chain)[:order]].tolist()
            for at, symbol in enumerate(events.symbol.tolist()):
                row = rows[events.bar[at]]
                for name in told[row["key"]]:
                    cell = found.setdefault((chain, order, name, row["meter"]), Counter())
                    cell[*seen[at], symbol] += 1
    return {key: dict(counter) for key, counter in found.items()}


def listed(rows: list[dict[str, Any]]) -> Found:
    """Read rows of ``groove_ngrams`` back: contexts spelt out along their parents."""
    contexts: dict[tuple[str, int], list[tuple[int, ...]]] = {}
    found: Found = {}
    grouped: Any = pd.DataFrame(rows).groupby(["chain", "order"], sort=True)
    for (chain, order), group in grouped:
        joined = {n: np.concatenate(group[n].tolist()) for n in ("parents", "features")}
        pairs = np.unique(joined["parents"] << FEATURE_BITS | joined["features"]).tolist()
        before = contexts.get((chain, order - 1), [()])
        contexts[chain, order] = (
            [(*before[pair >> FEATURE_BITS], pair & ((1 << FEATURE_BITS) - 1)) for pair in pairs]
            if order
            else [()]
        )
        place = {pair: number for number, pair in enumerate(pairs)}
        for row in group.to_dict("records"):
            # Parts of one list are one list.
            cell = found.setdefault((chain, order, row["condition"], row["meter"]), {})
            for parent, feature, symbol, times in zip(
                row["parents"], row["features"], row["symbols"], row["counts"], strict=True
            ):
                context = contexts[chain, order][place[int(parent) << FEATURE_BITS | int(feature)]]
                gram = (*context, int(symbol))
                assert gram not in cell
                cell[gram] = int(times)
    return found


@st.composite
def corpora(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return loops: bars of few symbols, in several meters and with several tags."""
    made = []
    for number in range(draw(st.integers(1, 5))):
        beats = draw(st.sampled_from([2, 3]))
        bar = st.lists(st.sampled_from([0, 1, 2, 5]), min_size=beats * 2, max_size=beats * 2)
        made.append(
            {
                "name": f"loop{number}",
                "bars": draw(st.lists(bar, min_size=1, max_size=3)),
                "style": draw(st.sampled_from([None, "rock", "bossa"])),
                "meter": (beats, 4),
                "resolution": 2,
                "is_fill": draw(st.booleans()),
            }
        )
    return made


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(corpus=corpora(), max_order=st.integers(1, 6), loops=st.integers(1, 3))
def test_counts_are_those_of_a_counter(
    corpus: list[dict[str, Any]], max_order: int, loops: int, make_loop: Make, make_table: Make
) -> None:
    bars = make_table(*(make_loop(**loop) for loop in corpus))
    rows = list(count_batches(batches_of(bars, loops), NgramSpec(max_order=max_order)))
    assert listed(rows) == reference(bars, max_order)


def test_batches_and_threads_change_nothing(make_grooves: Make) -> None:
    bars = make_grooves(loops=14)
    whole = list(count_batches([bars], NgramSpec()))
    parts = list(count_batches(batches_of(bars, 3), NgramSpec(memory_limit_mb=64)))
    assert len(whole) == len(parts)
    for one, other in zip(whole, parts, strict=True):
        for name, value in one.items():
            np.testing.assert_array_equal(value, other[name], err_msg=name)


def test_a_long_list_goes_on_in_parts(make_grooves: Make, monkeypatch: Any) -> None:
    bars = make_grooves(loops=14)
    whole = list(count_batches([bars], NgramSpec(max_order=3)))
    monkeypatch.setattr(merge, "ROW_NGRAMS", 20)
    monkeypatch.setattr(merge, "_BATCH", 7)
    parts = list(count_batches([bars], NgramSpec(max_order=3)))
    assert max(row["ngrams"] for row in parts) <= 20
    assert max(row["part"] for row in parts) > 2
    assert listed(parts) == listed(whole)
    identity = ["chain", "order", "condition", "meter", "part"]
    assert not pd.DataFrame(parts).duplicated(identity).any()


def test_every_order_counts_every_training_step(make_grooves: Make, make_ngrams: Make) -> None:
    events = make_grooves(loops=12)
    table = make_ngrams(events)
    steps = int(events.loc[events["split"] == "train", "steps"].sum())
    every = table[table["condition"] == ""]
    assert set(every.groupby(["chain", "order"])["events"].sum()) == {steps}
    weights = every.groupby(["chain", "order"])["weights"].apply(lambda lists: sum(map(sum, lists)))
    assert weights.to_numpy() == pytest.approx(steps, rel=1e-6)


def test_arrays_add_up_meters(make_grooves: Make, make_ngrams: Make) -> None:
    events = make_grooves(loops=20)
    names, found = counts_of_table(make_ngrams(events))
    training = events[events["split"] == "train"].reset_index(drop=True)
    assert names[0] == ""
    for (chain, order, name, _), grams in reference(training, 5).items():
        here = found[chain][order]
        chosen = here.condition == names.index(name)
        assert int(here.n[chosen].sum()) >= sum(grams.values())
    for chain, orders in found.items():
        for order, here in enumerate(orders):
            wanted: dict[tuple[Any, ...], Counter[tuple[Any, ...]]] = {}
            for (c, o, name, _), grams in reference(training, order).items():
                if (c, o) == (chain, order):
                    wanted.setdefault((name,), Counter()).update(grams)
            total = sum(len(counter) for counter in wanted.values())
            assert len(here.n) == total
            code = here.context * 1000 + here.condition
            assert np.all(np.diff(code) >= 0)
        if order > 2:
            break


def test_a_whole_loop_weighs_by_its_bars(make_loop: Make, make_table: Make) -> None:
    bars = make_table(make_loop("a", [[1, 0, 0, 0]] * 9), make_loop("b", [[0, 0, 2, 0]] * 4))
    events = events_of_bars(bars)
    first = events.loop_start == 0
    for name, ratio in (("uniform", 1.0), ("sqrt", 1.5), ("proportional", 9 / 4)):
        weights = loop_weights(bars, events, name)  # type: ignore[arg-type]  # a literal
        assert weights[first].sum() / weights[~first].sum() == pytest.approx(ratio)
        assert weights.mean() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "ratio"), [("uniform", 1.0), ("sqrt", 1.5), ("proportional", 9 / 4)]
)
def test_weights_of_ngrams_are_those_of_their_loops(
    name: Any, ratio: float, make_loop: Make, make_table: Make
) -> None:
    # Loop a plays nothing but symbol 1, loop b nothing but symbol 2, in other batches.
    bars = make_table(make_loop("a", [[1, 1, 1, 1]] * 9), make_loop("b", [[2, 2, 2, 2]] * 4))
    rows = list(count_batches(batches_of(bars, 1), NgramSpec(length_weight=name)))
    (row,) = [r for r in rows if r["condition"] == "" and not r["order"] and r["chain"] == "bar"]
    assert row["symbols"].tolist() == [1, 2]
    assert row["counts"].tolist() == [36, 16]
    assert row["weights"].sum() == pytest.approx(52)
    assert row["weights"][0] / row["weights"][1] == pytest.approx(ratio)


def test_fills_can_be_left_out(make_loop: Make, make_table: Make, make_ngrams: Make) -> None:
    events = make_table(
        make_loop("a", [[1, 0, 0, 0]]), make_loop("b", [[2, 2, 2, 2]], is_fill=True)
    )
    assert make_ngrams(events)["events"].max() == 8
    spec = NgramSpec(max_order=5, exclude_fills=True)
    assert make_ngrams(events, spec)["events"].max() == 4


def test_rare_ngrams_are_pruned_and_remembered(make_grooves: Make) -> None:
    bars = make_grooves(loops=20)
    everything = reference(bars, 4)
    rows = list(count_batches([bars], NgramSpec(max_order=4, min_count=3)))
    total: dict[tuple[Any, ...], Counter[tuple[Any, ...]]] = {}
    for (chain, order, name, _), grams in everything.items():
        total.setdefault((chain, order, name), Counter()).update(grams)
    wanted: Found = {}
    for key, grams in everything.items():
        chain, order, name, _ = key
        kept = {g: n for g, n in grams.items() if order < 2 or total[chain, order, name][g] >= 3}
        wanted[key] = kept
    assert listed(rows) == wanted
    sums = pd.DataFrame(rows).query("condition == ''").groupby(["chain", "order"])
    assert set(sums["events"].sum() + sums["pruned"].sum()) == {int(bars["steps"].sum())}
    assert int(sums["pruned"].sum().max()) > 0
    # What an n-gram leads to is counted before longer n-grams are pruned.
    names, found = counts_of_table(pd.DataFrame(rows))
    _, whole = counts_of_table(pd.DataFrame(count_batches([bars], NgramSpec(max_order=4))))
    for chain in CHAINS:
        for order in (0, 1):
            continued, longer = found[chain][order], whole[chain][order + 1]
            assert continued.continuation is not None
            code = longer.parent * 1000 + longer.condition
            _, times = np.unique(code << 24 | longer.symbol, return_counts=True)
            assert continued.continuation.tolist() == times.tolist()
    assert names[0] == ""
    assert all(orders[-1].continuation is None for orders in found.values())


def test_nothing_to_count_is_an_error(make_loop: Make, make_table: Make) -> None:
    events = make_table(make_loop("a", [[1, 0]], split="test"))
    with pytest.raises(CountError, match="training split"):
        list(count(events, spec=NgramSpec(), store=MemoryStore()))
    with pytest.raises(CountError, match="no bar"):
        list(count_batches([], NgramSpec()))


def test_a_loop_in_two_batches_is_an_error(make_loop: Make, make_table: Make) -> None:
    bars = make_table(make_loop("a", [[1, 0], [1, 0]]))
    with pytest.raises(CountError, match="two batches"):
        list(count_batches([bars.iloc[:1], bars.iloc[1:]], NgramSpec()))


def test_near_duplicates_of_the_training_side_count_once(
    make_loop: Make, make_table: Make, make_ngrams: Make
) -> None:
    beat = [[1, 4, 2, 4, 1, 4, 2, 4, 1, 4, 3, 4]]
    events = make_table(
        make_loop("a", beat), make_loop("b", beat * 3), make_loop("c", beat, split="test")
    )
    assert make_ngrams(events)["events"].max() == 12
    other = [[1, 4, 2, 4, 0, 4, 0, 0, 1, 4, 8, 4]]
    events = make_table(make_loop("a", beat), make_loop("b", other))
    assert make_ngrams(events)["events"].max() == 24


def test_contexts_do_not_reach_over_a_loop_or_a_change_of_meter(
    make_loop: Make, make_table: Make
) -> None:
    bars = make_table(make_loop("a", [[1, 2, 1, 2]]), make_loop("b", [[4, 8, 4, 8], [4, 4, 4, 4]]))
    features = features_of(events_of_bars(bars))
    back1, bar = FEATURES.index("back1"), FEATURES.index("bar")
    assert features[4, back1] == 0
    assert features[5, back1] == 4 + 1
    assert features[8:, bar].tolist() == [5, 9, 5, 9]
    three: Any = make_loop("a", [[1, 2, 1]], meter=(3, 4), resolution=1)
    later = [{**row, "bar": 1} for row in three]
    changed = make_table([*make_loop("a", [[1, 2, 1, 2]]), *later])
    events = events_of_bars(changed)
    assert events.previous_bar.tolist() == [-1] * 7
    assert np.all(features_of(events)[4:, FEATURES.index("bar2")] == 0)


def test_a_tie_is_added_in_the_order_given() -> None:
    one = np.zeros(3, dtype=np.int64)
    weight = np.array([1e16, 1.0, -1e16])
    found = counts.sum_counts(np.zeros(1, np.int64), one, one, one, one + 1, weight)
    assert found.n.tolist() == [3]
    assert found.weight.tolist() == [np.add.reduceat(weight, [0])[0]]
