"""The longest verbatim run, against a search of every stretch."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groove.ngram.judge.memorisation import corpus_of, longest_run

Make = Callable[..., pd.DataFrame]
STEPS = st.integers(0, 2)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    loops=st.lists(st.lists(STEPS, min_size=8, max_size=8), min_size=1, max_size=4),
    sample=st.lists(STEPS, min_size=1, max_size=20),
)
def test_runs_are_those_of_a_plain_search(
    loops: list[list[int]], sample: list[int], make_loop: Make, make_table: Make
) -> None:
    bars = make_table(
        *(
            make_loop(str(number), [steps[:4], steps[4:]], resolution=1)
            for number, steps in enumerate(loops)
        )
    )
    wanted = 0
    for steps in loops:
        text = "".join(map(str, steps))
        for start in range(len(sample)):
            for end in range(start + 1, len(sample) + 1):
                if "".join(map(str, sample[start:end])) in text:
                    wanted = max(wanted, end - start)
    run = longest_run(np.array(sample), corpus_of(bars))
    assert run.steps == wanted
    assert (run.bar >= 0) == (wanted > 0)


def test_a_run_names_the_bar_where_it_ends(make_loop: Make, make_table: Make) -> None:
    bars = make_table(
        make_loop("a", [[1, 1, 1, 1], [2, 2, 2, 2]], resolution=1),
        make_loop("b", [[4, 4, 4, 4], [8, 1, 2, 4]], resolution=1),
    )
    run = longest_run(np.array([4, 8, 1, 2, 0]), corpus_of(bars))
    assert (run.steps, run.bar) == (4, 3)
