"""Features of a loop, against a walk over it in plain Python."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groove.midi.taxonomy import LABELS
from groove.ngram.language.context import FEATURES, events_of_bars, features_of
from groove.ngram.language.labels import (
    LABEL_FEATURES,
    cells_of,
    columns_of_cells,
    label_counts,
)
from groove.ngram.language.walk import Walk

Make = Callable[..., pd.DataFrame]

BARS = st.lists(
    st.lists(st.sampled_from([0, 0, 1, 3, 6, 1 << 15]), min_size=4, max_size=4),
    min_size=1,
    max_size=14,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(one=BARS, other=BARS)
def test_drawing_sees_what_training_saw(
    one: list[list[int]], other: list[list[int]], make_loop: Make, make_table: Make
) -> None:
    bars = make_table(make_loop("a", one, resolution=1), make_loop("b", other, resolution=1))
    features = features_of(events_of_bars(bars)).tolist()
    found = []
    for loop in (one, other):
        walk = Walk(4, 4, 1, 4, [])
        for bar in loop:
            for symbol in bar:
                found.append(walk.context())
                walk.push(symbol)
    assert found == features
    heard = Walk(4, 4, 1, 4, [symbol for bar in one for symbol in bar])
    assert heard.symbols == [symbol for bar in one for symbol in bar]


def test_the_bar_that_is_repeated_longest_is_copied(make_loop: Make, make_table: Make) -> None:
    loop = [[1, 2, 4, 8], [1, 2, 4, 16], [3, 2, 0, 0], [1, 2, 4, 0]]
    bars = make_table(make_loop("a", loop, resolution=1))
    found = pd.DataFrame(features_of(events_of_bars(bars)), columns=list(FEATURES))
    assert found["copy"].iloc[:4].tolist() == [0, 0, 0, 0]
    assert found["run"].iloc[:4].tolist() == [0, 0, 0, 0]
    # Bar 1 plays bar 0 over again, up to its last step: runs of 0, 1, 2 and 3 steps.
    assert found["copy"].iloc[4:8].tolist() == [2, 3, 5, 9]
    assert found["run"].iloc[4:8].tolist() == [1, 2, 3, 4]
    # Bar 3: nothing before it is repeated at first, so the nearest bar counts; then bar 1.
    assert found["copy"].iloc[12:].tolist() == [4, 3, 5, 17]
    assert found["run"].iloc[12:].tolist() == [1, 2, 3, 4]
    # The usual step: two of three bars began with 1.
    assert found["usual"].iloc[12] == 2
    assert found["share"].iloc[12] == 2 << 4 | 3


def test_a_labels_context_is_its_own_history(make_loop: Make, make_table: Make) -> None:
    loop = [[1, 2, 3, 0], [1, 0, 3, 0], [1, 2, 0, 0]]
    bars = make_table(make_loop("a", loop, resolution=1))
    features = features_of(events_of_bars(bars))
    cells = columns_of_cells(cells_of(features, 3)[10])  # third step of the last bar
    found = pd.DataFrame(cells, columns=list(LABEL_FEATURES))
    assert found["label"].tolist() == [0, 1, 2]
    assert found["times"].tolist() == [2 << 4 | 2, 2 << 4 | 2, 0 << 4 | 2]
    assert found["copied"].tolist() == [1, 1, 0]
    # Before it, from the nearest: 2, 1, 0, 3.
    assert found["before"].tolist() == [0b1010, 0b1001, 0]


def test_label_counts_are_those_of_a_plain_count(make_grooves: Make) -> None:
    bars = make_grooves(loops=12)
    names = ["", "fill=no", "style=rock"]
    counts = label_counts(bars, names, len(LABELS), "proportional")
    events = events_of_bars(bars)
    cells = cells_of(features_of(events), len(LABELS))
    struck = events.symbol[:, None] >> np.arange(len(LABELS)) & 1
    assert len(counts) == len(LABEL_FEATURES) + 1
    rock = (bars["style"] == "rock").to_numpy()[events.bar]
    for number, chosen in (
        (0, np.ones(len(events), bool)),
        (1, np.ones(len(events), bool)),
        (2, rock),
    ):
        lowest = counts[0]
        here = lowest.condition == number
        hits = int(struck[chosen].sum())
        assert lowest.n[here].tolist() == [chosen.sum() * len(LABELS) - hits, hits]
        highest = counts[-1]
        n = highest.n[highest.condition == number]
        packed, wanted = np.unique(cells[chosen] << 1 | struck[chosen], return_counts=True)
        assert sorted(n) == sorted(wanted)
        assert len(n) == len(packed)
    assert counts[1].n[counts[1].condition == 0].sum() == cells.size
