"""Contracts: what keeps one comes back unchanged, what breaks one is named."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.core.tables import Column, ContractError, Table, enforce, frame_of

SONGS = Table(
    "songs",
    "One song.",
    (
        Column("path", "string", "File"),
        Column("tempo_bpm", "float", "Tempo", at_least=20, at_most=400),
        Column("bars", "int", "Bars", nullable=True),
        Column("split", "string", "Side", one_of=("train", "test")),
        Column("beat_s", "floats", "Beat times", at_least=0),
        Column("run_id", "string", "Run", volatile=True),
    ),
    unique=("path",),
)
GOOD = {
    "path": "a.mid",
    "tempo_bpm": 120.0,
    "bars": 4,
    "split": "train",
    "beat_s": [0.0, 0.5],
    "run_id": "x",
}


def broken(**changes: object) -> pd.DataFrame:
    return pd.DataFrame([GOOD | changes])


def test_a_table_that_keeps_its_contract_comes_back_in_the_contracts_order() -> None:
    frame = pd.DataFrame([GOOD])[list(reversed(GOOD))]
    kept = enforce(frame, SONGS)
    assert list(kept.columns) == SONGS.names
    assert kept.loc[0, "tempo_bpm"] == 120.0
    assert np.array_equal(kept.loc[0, "beat_s"], [0.0, 0.5])


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"tempo_bpm": 10.0}, "tempo_bpm.*below 20"),
        ({"tempo_bpm": 500.0}, "tempo_bpm.*above 400"),
        ({"tempo_bpm": math.nan}, "tempo_bpm.*null"),
        ({"tempo_bpm": "fast"}, "tempo_bpm"),
        ({"split": "dev"}, r"split.*\['dev'\]"),
        ({"path": None}, "path.*null"),
        ({"beat_s": [0.0, -1.0]}, "beat_s.*below 0"),
        ({"bars": 2.5}, "bars.*fraction"),
        ({"surprise": 1}, "unknown columns.*surprise"),
    ],
)
def test_a_broken_rule_is_named_with_its_column(changes: dict[str, object], named: str) -> None:
    with pytest.raises(ContractError, match=named):
        enforce(broken(**changes), SONGS)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ContractError, match=r"missing columns \['split'\]"):
        enforce(pd.DataFrame([GOOD]).drop(columns="split"), SONGS)


def test_two_rows_with_one_identity_are_refused() -> None:
    with pytest.raises(ContractError, match="repeat"):
        enforce(pd.DataFrame([GOOD, GOOD]), SONGS)


@given(st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53)), max_size=6))
def test_integers_with_gaps_survive(values: list[int | None]) -> None:
    rows = [GOOD | {"path": str(i), "bars": v} for i, v in enumerate(values)]
    kept = frame_of(rows, SONGS)
    assert [None if pd.isna(v) else int(v) for v in kept["bars"]] == values


def test_no_rows_are_a_table_too() -> None:
    assert list(frame_of([], SONGS).columns) == SONGS.names
