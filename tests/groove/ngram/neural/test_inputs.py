"""What the network is told stems from earlier steps only, and from the bar's form."""

from typing import Any

import numpy as np
import pytest

from groove.midi.taxonomy import LABELS
from groove.ngram.neural import inputs
from groove.ngram.neural.batches import Hiding, Windows, batch_of, cut


@pytest.fixture(scope="module")
def bars(make_loop: Any, make_table: Any) -> Any:
    random = np.random.default_rng(1)
    drawn = random.integers(0, 1 << len(LABELS), (4, 16)).tolist()
    odd = random.integers(0, 64, (2, 12)).tolist()
    return make_table(
        make_loop("a", drawn, style="rock"),
        make_loop("b", [*drawn[:1]], style="jazz", is_fill=True),
        make_loop("c", odd, meter=(3, 4), split="test"),
    )


def test_heard_sets_are_those_of_the_steps_before(bars: Any) -> None:
    steps = inputs.steps_of(bars, inputs.vocabulary_of(bars, LABELS))
    symbols, at = [np.asarray(row) for row in bars["symbols"]], 0
    for row, key in enumerate(bars["key"]):
        first = row == 0 or bars["key"].iloc[row - 1] != key
        second = first or row == 1 or bars["key"].iloc[row - 2] != key
        for step, symbol in enumerate(symbols[row]):
            known = step or not first
            last = symbols[row][step - 1] if step else symbols[row - 1][-1]
            before = 0 if first else symbols[row - 1][step] + 1
            inner = not first and step + 1 < len(symbols[row])
            after = symbols[row - 1][step + 1] + 1 if inner else 0
            two = 0 if second else symbols[row - 2][step] + 1
            assert steps.heard[at].tolist() == [last + 1 if known else 0, before, after, two]
            assert steps.symbol[at] == symbol
            at += 1
    assert at == len(steps)
    assert steps.offsets.tolist() == [0, 64, 80, 104]


def test_what_was_never_met_has_number_0(bars: Any) -> None:
    known = inputs.vocabulary_of(bars[bars["key"] == "b"].reset_index(drop=True), LABELS)
    assert known.tags == ("fill=yes", "style=jazz")
    steps = inputs.steps_of(bars, known)
    waltz = slice(80, 104)
    assert (steps.position[waltz] == 0).all()
    assert (steps.position[:80] > 0).all()
    assert (steps.place > 0).all()
    assert steps.tags.tolist() == [*[[0, 0]] * 4, [1, 1], *[[0, 0]] * 2]
    np.testing.assert_array_equal(steps.target < 0, ~np.isin(steps.symbol, known.symbols))
    seen = steps.target >= 0
    np.testing.assert_array_equal(known.symbols[steps.target[seen]], steps.symbol[seen])


def test_rare_sets_are_in_one_group_only(make_loop: Any, make_table: Any) -> None:
    bars = make_table(make_loop("a", [[1, 2, 2, 3]] * 2), make_loop("b", [[1, 2, 1, 4]]))
    np.testing.assert_array_equal(
        inputs.rare(np.array([1, 2, 3, 4]), bars), [False, False, True, True]
    )


def test_windows_cover_every_step_once(bars: Any) -> None:
    steps = inputs.steps_of(bars, inputs.vocabulary_of(bars, LABELS))
    start, length = cut(steps.offsets, 24, np.array([20, 0, 23]))
    covered = np.concatenate([np.arange(a, a + n) for a, n in zip(start, length, strict=True)])
    np.testing.assert_array_equal(covered, np.arange(len(steps)))
    assert length.max() <= 24
    hiding = Hiding(0.0, 0.0, 0.0, 0.0, np.zeros(1 << len(LABELS), dtype=np.bool_))
    for given in (None, hiding):
        windows = Windows(steps, 24, 2, hiding=given, seed=3)
        for _ in range(2):
            batches = list(windows)
            assert len(batches) == len(windows)
            seen = np.concatenate([batch.symbol[batch.inside].numpy() for batch in batches])
            np.testing.assert_array_equal(np.sort(seen), np.sort(steps.symbol))


def test_hiding_hides_what_it_says(bars: Any) -> None:
    steps = inputs.steps_of(bars, inputs.vocabulary_of(bars, LABELS))
    rare = np.ones(1 << len(LABELS), dtype=np.bool_)
    all_of_it = next(iter(Windows(steps, 128, 8, hiding=Hiding(1.0, 0.0, 1.0, 1.0, rare))))
    assert not all_of_it.tags.any()
    assert not all_of_it.position.any()
    assert (all_of_it.target == -1).all()
    plain = batch_of(steps, steps.offsets[:-1], np.diff(steps.offsets))
    assert plain.tags.any()
    assert plain.position[plain.inside].all()
    assert sorted(all_of_it.inside.sum(dim=1).tolist()) == [16, 24, 64]
