"""Loops that are alike are found, whatever their tempo, loudness and length; others are not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groove.ngram.corpus.duplicates import (
    MIN_HITS,
    across_splits,
    hit_sets,
    near_duplicates,
    signatures,
    similarities,
)
from groove.ngram.quality import no_copy_is_held_out

Make = Callable[..., pd.DataFrame]

BEAT = [
    [5, 0, 4, 0, 6, 0, 4, 1, 4, 1, 5, 0, 6, 0, 4, 2],
    [5, 0, 4, 0, 6, 0, 4, 1, 4, 1, 5, 0, 6, 0, 12, 2],
]


def changed(bars: list[list[int]], *places: int) -> list[list[int]]:
    """Return bars with one more hit of another drum on each of these steps of the first bar."""
    return [[s | 16 if i in places else s for i, s in enumerate(bars[0])], *bars[1:]]


def test_copies_are_found_and_the_first_is_kept(make_loop: Make, make_table: Make) -> None:
    made: Any = make_loop("c", BEAT, velocity=30, offset=5.0)
    faster: Any = [{**row, "tempo_bpm": 171.0} for row in made]
    bars = make_table(
        make_loop("d", BEAT * 4),
        make_loop("b", BEAT),
        faster,
        make_loop("a", changed(BEAT, 1)),
        make_loop("e", [bar[::-1] for bar in BEAT]),
        make_loop("f", [[1, 0, 2, 0] * 4]),
    )
    found = near_duplicates(bars, 0.9)["duplicate_of"]
    assert list(found.index) == ["a", "b", "c", "d", "e", "f"]
    assert found[["b", "c", "d"]].tolist() == ["loops/a.mid"] * 3
    assert found[["a", "e", "f"]].isna().all()
    exact = near_duplicates(bars, 1.0)["duplicate_of"]
    assert exact[["c", "d"]].tolist() == ["loops/b.mid"] * 2
    assert exact[["a", "b", "e", "f"]].isna().all()


def test_a_few_hits_are_too_few_to_tell(make_loop: Make, make_table: Make) -> None:
    few = [[1] * (MIN_HITS - 1)]
    bars = make_table(make_loop("a", few), make_loop("b", few))
    assert near_duplicates(bars, 0.9)["duplicate_of"].isna().all()


def test_chains_do_not_drift(make_loop: Make, make_table: Make) -> None:
    """A loop is alike to what is kept, not to what was left out."""
    bars = make_table(
        make_loop("a", BEAT),
        make_loop("b", changed(BEAT, 1, 3)),
        make_loop("c", changed(BEAT, 1, 3, 5, 9)),
    )
    found = near_duplicates(bars, 0.9)
    assert found["duplicate_of"].dropna().to_dict() == {"b": "loops/a.mid"}
    hits = sum(s.bit_count() for bar in BEAT for s in bar)
    assert found["similarity"].iloc[1] == pytest.approx(hits / (hits + 2))


def test_pairs_across_sides_are_told(make_loop: Make, make_table: Make) -> None:
    bars = make_table(
        make_loop("a", BEAT),
        make_loop("b", BEAT, split="test"),
        make_loop("c", changed(BEAT, 3), split="validation"),
        make_loop("d", [[1, 2] * 8], split="test"),
    )
    found = across_splits(bars, 0.9)
    assert found["sides"].tolist() == ["train, test", "train, validation", "test, validation"]
    assert across_splits(bars.iloc[:0], 0.9).empty


loops = st.lists(
    st.lists(
        st.lists(st.sampled_from([0, 1, 3, 7]), min_size=12, max_size=12), min_size=1, max_size=4
    ),
    min_size=2,
    max_size=6,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(made=loops)
def test_similarity_is_that_of_sets(made: Any, make_loop: Make, make_table: Make) -> None:
    bars = make_table(*(make_loop(f"l{i}", each, meter=(3, 4)) for i, each in enumerate(made)))
    order = bars.drop_duplicates("key")[["key", "path", "split"]].set_index("key")
    sets = hit_sets(bars, order)

    def reference(each: list[list[int]]) -> set[tuple[int, int, int]]:
        period = next(
            p
            for p in range(1, len(each) + 1)
            if all(each[i] == each[i - p] for i in range(p, len(each)))
        )
        return {
            (b, s, label)
            for b, bar in enumerate(each[:period])
            for s, symbol in enumerate(bar)
            for label in range(3)
            if symbol >> label & 1
        }

    wanted = [reference(each) for each in made]
    assert sets.sizes.tolist() == [len(each) for each in wanted]
    first, second = np.triu_indices(len(made), 1)
    shares = [
        len(wanted[i] & wanted[j]) / max(1, len(wanted[i] | wanted[j]))
        for i, j in zip(first, second, strict=True)
    ]
    assert similarities(sets, first, second).tolist() == pytest.approx(shares)


def test_many_copies_among_many_loops(make_loop: Make, make_table: Make) -> None:
    """Each of 60 random loops comes four times, with up to two more hits; none is missed."""
    random = np.random.default_rng(1)
    made = []
    for number in range(60):
        bars = random.choice([0, 0, 1, 2, 4, 5, 8], (4, 16)).tolist()
        for copy in range(4):
            bar = random.integers(0, 16, copy // 2 * 2)
            made.append(make_loop(f"{number:02d}-{copy}", changed(bars, *bar.tolist())))
    found = near_duplicates(make_table(*made), 0.9)
    kept = found[found["duplicate_of"].isna()]
    assert list(kept.index) == [f"{number:02d}-0" for number in range(60)]
    assert (found["similarity"].dropna() >= 0.9).all()


def test_signatures_agree_as_often_as_sets_do(make_loop: Make, make_table: Make) -> None:
    random = np.random.default_rng(2)
    bars = random.choice([0, 1, 2, 4, 5], (16, 16)).tolist()
    more = [[s | 16 if random.random() < 0.3 else s for s in bar] for bar in bars]
    table = make_table(make_loop("a", bars), make_loop("b", more))
    order = table.drop_duplicates("key")[["key", "path", "split"]].set_index("key")
    sets = hit_sets(table, order)
    agreed = float((signatures(sets)[0] == signatures(sets)[1]).mean())
    (share,) = similarities(sets, np.array([0]), np.array([1]))
    assert agreed == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 64))


def test_a_held_out_copy_of_training_is_red(make_loop: Make, make_table: Make) -> None:
    other = [[2, 0, 8, 1, 2, 0, 8, 8, 2, 1, 8, 0, 9, 0, 8, 2]]
    bars = make_table(
        make_loop("a", BEAT),
        make_loop("b", changed(BEAT, 3), split="test"),
        make_loop("c", other, split="validation"),
    )
    gate = no_copy_is_held_out(bars)
    assert (gate.value, gate.count, gate.passed) == (0.5, 2, False)
    assert no_copy_is_held_out(bars[bars["key"] != "b"]).passed
    # Two held-out loops may be alike: neither was trained on.
    held_out = make_table(make_loop("a", BEAT, split="test"), make_loop("b", BEAT, split="test"))
    assert no_copy_is_held_out(held_out).value == 0
    assert not no_copy_is_held_out(bars.iloc[:0]).passed
