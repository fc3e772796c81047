"""Splits: groups stay whole, sides stay put, shares hold."""

import networkx as nx
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from groove.core.splits import SPLITS, assign, crossing, merge_groups, split_of

LABELS = st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.sampled_from("xyz")))


@given(LABELS)
def test_merged_groups_are_the_connected_components(labels: list[tuple[str, str | None]]) -> None:
    first, second = [a for a, _ in labels], [b for _, b in labels]
    graph = nx.Graph()
    graph.add_nodes_from(range(len(labels)))
    for i in range(len(labels)):
        for j in range(i):
            if first[i] == first[j] or (second[i] is not None and second[i] == second[j]):
                graph.add_edge(i, j)
    expected = {frozenset(part) for part in nx.connected_components(graph)}
    merged = merge_groups(first, second) if labels else []
    found = {
        frozenset(i for i, other in enumerate(merged) if other == number) for number in set(merged)
    }
    assert found == expected


def test_shares_hold_over_many_groups() -> None:
    sides = pd.Series([split_of(f"group {i}", 0.15, 0.2) for i in range(20_000)])
    shares = sides.value_counts(normalize=True)
    assert abs(shares["test"] - 0.2) < 0.01
    assert abs(shares["validation"] - 0.15) < 0.01


@given(st.lists(st.text(max_size=4), min_size=3, unique=True), st.text(max_size=3))
def test_three_groups_fill_three_sides(groups: list[str], salt: str) -> None:
    sides = assign([*groups, *groups], salt=salt)
    assert set(sides) == set(SPLITS)
    assert sides[: len(groups)] == sides[len(groups) :]


def test_a_new_group_moves_no_old_one() -> None:
    old = [f"song {i}" for i in range(50)]
    before = assign(old)
    after = assign([*old, "a new song"])
    assert after[:-1] == before


def test_content_on_two_sides_is_counted() -> None:
    frame = pd.DataFrame(
        {"content": ["a", "a", "b", None], "split": ["train", "test", "train", "test"]}
    )
    assert crossing(frame, "content") == 1
