"""Conditions form a lattice: names read back, parents are known, wishes are served from above."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from groove.ngram.corpus.conditions import (
    KEYS,
    PATHS,
    name_of,
    names_by_bar,
    names_of,
    parent,
    resolve,
    tags_of_name,
    tags_of_row,
)

VALUES = st.text("abz&=% 3-", min_size=1, max_size=6).filter(lambda text: text.strip() == text)
TAGS = st.dictionaries(st.sampled_from(KEYS), VALUES)


@given(TAGS)
def test_a_name_reads_back_as_its_tags(tags: dict[str, str]) -> None:
    assert tags_of_name(name_of(list(tags.items()))) == tags


@given(TAGS)
def test_every_name_has_its_parents_beside_it(tags: dict[str, str]) -> None:
    names = names_of(tags)
    assert names == sorted(set(names))
    for name in names:
        assert tags_of_name(name).items() <= tags.items()
        assert tuple(tags_of_name(name)) in {path[:k] for path in PATHS for k in range(1, 4)}
        assert parent(name) == "" or parent(name) in names


@given(TAGS)
def test_each_key_alone_is_a_condition(tags: dict[str, str]) -> None:
    assert {f"{key}" for key in tags} == {k for n in names_of(tags) for k in tags_of_name(n)}


@given(wanted=TAGS, heard=st.lists(TAGS, max_size=4))
def test_a_wish_is_served_by_what_is_known_and_the_rest_is_named(
    wanted: dict[str, str], heard: list[dict[str, str]]
) -> None:
    known = {name for tags in heard for name in names_of(tags)}
    found = resolve(wanted, known)
    assert set(found.names) <= known & set(names_of(wanted))
    covered = {key for name in found.names for key in tags_of_name(name)}
    servable = {key for name in known & set(names_of(wanted)) for key in tags_of_name(name)}
    assert covered == servable
    assert found.ignored == tuple(
        f"{key}={wanted[key]}" for key in KEYS if key in wanted.keys() - covered
    )
    # None of them is a general form of another.
    assert not any(
        one != other and other.startswith(f"{one}&") for one in found.names for other in found.names
    )


def test_the_order_of_looking_is_from_all_tags_to_the_section_to_any() -> None:
    wish = {"section": "chorus", "heat": "3", "intensity": "high"}
    full = "section=chorus&heat=3&intensity=high"
    assert resolve(wish, names_of(wish)).names == (full,)
    assert resolve(wish, names_of({"section": "chorus", "heat": "3"})).names == (
        "section=chorus&heat=3",
    )
    assert resolve(wish, ["section=chorus"]).names == ("section=chorus",)
    found = resolve(wish, [])
    assert found.names == ()
    assert found.ignored == ("section=chorus", "heat=3", "intensity=high")


def test_a_key_that_is_no_tag_and_an_empty_wish_ask_for_nothing() -> None:
    assert resolve({"mood": "blue", "style": ""}, ["style=funk"]).ignored == ("mood=blue",)
    assert resolve({"style": " FUNK "}, ["style=funk"]).names == ("style=funk",)


def test_rows_name_their_conditions() -> None:
    row = {"style": "Drum & Bass", "feel": None, "section": float("nan"), "is_fill": True}
    assert tags_of_row(row)["fill"] == "yes"
    assert names_of(tags_of_row(row)) == [
        "fill=yes",
        "style=drum %26 bass",
        "style=drum %26 bass&fill=yes",
    ]
    bars = pd.DataFrame([row, {**row, "is_fill": False}, row])
    assert [names[0] for names in names_by_bar(bars)] == ["fill=yes", "fill=no", "fill=yes"]
