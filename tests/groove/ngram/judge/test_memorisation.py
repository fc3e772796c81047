"""Verbatim runs, against a search of every stretch."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groove.ngram.judge.memorisation import (
    Run,
    coded,
    copies_of,
    copies_of_bars,
    corpus_of,
    longest_run,
)

Make = Callable[..., Any]
STEPS = st.integers(0, 3)


def searched(sample: list[int], loops: list[list[int]]) -> dict[tuple[int, int], int]:
    """Return every stretch (start, end) of the sample that stands in so many loops."""
    found = {}
    for start in range(len(sample)):
        for end in range(start + 1, len(sample) + 1):
            text = "".join(map(str, sample[start:end]))
            if loops_with := sum(text in "".join(map(str, steps)) for steps in loops):
                found[start, end] = loops_with
    return found


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    loops=st.lists(st.lists(STEPS, min_size=8, max_size=8), min_size=1, max_size=4),
    samples=st.lists(st.lists(STEPS, min_size=1, max_size=20), min_size=1, max_size=3),
)
def test_runs_are_those_of_a_plain_search(
    loops: list[list[int]], samples: list[list[int]], make_loop: Make, make_table: Make
) -> None:
    bars = make_table(
        *(
            make_loop(str(number), [steps[:4], steps[4:]], resolution=1)
            for number, steps in enumerate(loops)
        )
    )
    found = copies_of([coded(np.array(sample), 1) for sample in samples], corpus_of(bars))
    for sample, copies in zip(samples, found, strict=True):
        stretches = searched(sample, loops)

        def hits(start: int, end: int, sample: list[int] = sample) -> int:
            return sum(int(symbol).bit_count() for symbol in sample[start:end])

        wanted = max((end - start for start, end in stretches), default=0)
        assert copies.most_steps.steps == wanted
        assert copies.longest.hits == max((hits(*place) for place in stretches), default=0)
        single = [hits(*place) for place, number in stretches.items() if number == 1]
        assert copies.single.hits == max(single, default=0)
        for run in (copies.most_steps, copies.longest, copies.single):
            if run.steps:
                place = (run.start, run.start + run.steps)
                assert stretches[place] == run.loops
                assert hits(*place) == run.hits


def test_a_run_names_the_bar_where_it_ends(make_loop: Make, make_table: Make) -> None:
    bars = make_table(
        make_loop("a", [[1, 1, 1, 1], [2, 2, 2, 2]], resolution=1),
        make_loop("b", [[4, 4, 4, 4], [8, 1, 2, 4]], resolution=1),
    )
    run = longest_run(np.array([4, 8, 1, 2, 0]), corpus_of(bars), resolution=1)
    assert run == Run(start=0, steps=4, hits=4, fresh=4, loops=1, bar=3)


def test_what_many_loops_have_is_not_one_loops_own(make_loop: Make, make_table: Make) -> None:
    four = [1, 0, 0, 0] * 4
    own = [1, 2, 4, 8, 0, 3, 0, 5] + [0] * 8
    bars = make_table(*(make_loop(name, [four, four]) for name in "abc"), make_loop("d", [own]))
    drawn = make_table(make_loop("x", [four, own]))
    (copies,) = copies_of_bars(drawn, corpus_of(bars))
    assert (copies.longest.hits, copies.longest.loops) == (8, 1)
    assert (copies.single.steps, copies.single.bar) == (16, 6)
    # Four on the floor stands in three loops; what is longer stands in none.
    assert copies.most_steps.steps >= 16


def test_a_bar_played_four_times_was_taken_once(make_loop: Make, make_table: Make) -> None:
    groove = [1, 0, 2, 0, 3, 0, 2, 0] * 2
    turned = [*groove[:14], 4, 4]
    bars = make_table(make_loop("a", [groove, groove, groove, turned]))
    (copies,) = copies_of_bars(bars.assign(key="x"), corpus_of(bars))
    assert copies.single.steps == 64
    assert copies.single.hits == 3 * 10 + 11
    # The first bar, and the two steps of the last that are not as before.
    assert copies.single.fresh == 10 + 2


def test_the_same_sets_on_another_grid_are_no_copy(make_loop: Make, make_table: Make) -> None:
    bars = make_table(make_loop("a", [[1, 2, 4] * 4], resolution=3))
    drawn = make_table(make_loop("x", [[1, 2, 4, 1] * 4]))
    assert copies_of_bars(drawn, corpus_of(bars))[0].longest == Run()


def test_nothing_is_found_in_nothing(make_loop: Make, make_table: Make) -> None:
    some = make_table(make_loop("a", [[1] * 16]))
    assert longest_run(np.array([1, 1]), corpus_of(some.iloc[:0])) == Run()
    assert copies_of([], corpus_of(some)) == []
    assert copies_of_bars(some.iloc[:0], corpus_of(some)) == []
    assert copies_of_bars(some, corpus_of(some))[0].longest.steps == 16
