"""Boundary packs: what a loop over all windows finds, and recall that mir_eval agrees with."""

import mir_eval
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.readiness.checks.boundaries import PACK, gates, matched, measure, pack
from groove.readiness.checks.spec import BoundarySpec


def events(onsets_ms: list[float], label: str = "snare") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample_id": [f"e{number}" for number in range(len(onsets_ms))],
            "session_id": "s",
            "label": label,
            "onset_s": np.array(onsets_ms) / 1000,
        }
    )


def by_loop(onsets_us: list[int], window: int, hop: int, margin: int, start: int) -> set[object]:
    """Look at every window that a hit may be in, in whole microseconds."""
    found: set[object] = set()
    for number, onset in enumerate(onsets_us):
        index, begin = 0, start
        while begin <= onset:
            if onset < begin + window:
                if onset - begin <= margin:
                    found.add((f"e{number}", index, "leading", onset - begin))
                if begin + window - onset <= margin:
                    found.add((f"e{number}", index, "trailing", begin + window - onset))
            index, begin = index + 1, begin + hop
    return found


@given(
    st.lists(st.integers(0, 6_000), max_size=12),
    st.integers(1, 2_100),
    st.integers(20, 900),
    st.integers(1, 1_200),
    st.integers(-2_000, 1_000),
)
def test_a_pack_holds_what_a_loop_over_all_windows_finds(
    onsets: list[int], window: int, hop: int, margin: int, start: int
) -> None:
    spec = BoundarySpec(window_ms=window, hop_ms=hop, margin_ms=margin, start_ms=start)
    rows = pack(events([float(onset) for onset in onsets]), spec)
    assert list(rows.columns) == list(PACK)
    found = {
        (row.sample_id, row.window_index, row.edge, round(row.distance_s * 1e6))
        for row in rows.itertuples()
    }
    micro = [1000 * value for value in (window, hop, margin, start)]
    assert found == by_loop([1000 * onset for onset in onsets], *micro)
    assert len(found) == len(rows)


def test_the_usual_schedule_has_both_edges() -> None:
    # 2048 and 512 share their edges: a hit 8 ms before 2048 is at the end of window 0 alone, and
    # one 8 ms after it is at the beginning of window 4.
    rows = pack(events([2040, 2056, 2300]), BoundarySpec())
    listed = rows[["sample_id", "window_index", "edge"]].to_numpy().tolist()
    assert listed == [["e0", 0, "trailing"], ["e1", 4, "leading"]]


def test_edges_are_counted_over_a_long_stream() -> None:
    onsets = np.sort(np.random.default_rng(0).integers(0, 60_000, 2_000)).astype(float)
    spec = BoundarySpec(window_ms=2048, hop_ms=512, margin_ms=40)
    rows = pack(events(onsets.tolist()), spec)
    expected = by_loop([round(1000 * onset) for onset in onsets], 2_048_000, 512_000, 40_000, 0)
    for edge in ("leading", "trailing"):
        assert (rows["edge"] == edge).sum() == sum(row[2] == edge for row in expected)  # type: ignore[index]
        assert (rows["edge"] == edge).sum() > 100


times = st.lists(st.integers(0, 3000), max_size=30)


@given(times, times)
def test_as_many_are_matched_as_by_mir_eval(first: list[int], second: list[int]) -> None:
    one, two = (np.sort(np.array(values, dtype=float)) / 1000 for values in (first, second))
    found = matched(one, np.zeros(len(one), int), two, np.zeros(len(two), int), 0.05)
    pairs = mir_eval.util.match_events(one, two, 0.05 + 1e-9) if len(one) and len(two) else []
    assert found.sum() == len(pairs)


def said(rows: pd.DataFrame, *, by_window: bool, shift_s: float = 0.0) -> pd.DataFrame:
    table = rows[["session_id", "label", "onset_s", "window_index"]].copy()
    table["onset_s"] += shift_s
    if not by_window:
        table["window_index"] = None
        table = table.drop_duplicates()
    return table


SPEC = BoundarySpec(least_rows=2, resamples=100)


@pytest.fixture
def rows() -> pd.DataFrame:
    parts = [
        events([2040.0, 520.0, 2552.0, 4088.0], label).assign(session_id=session)
        for label in ("kick", "snare")
        for session in ("s1", "s2")
    ]
    return pack(pd.concat(parts), SPEC)


@pytest.mark.parametrize("by_window", [True, False])
def test_recall_is_full_when_all_are_heard(rows: pd.DataFrame, by_window: bool) -> None:
    for shift, recall in ((0.0, 1.0), (0.049, 1.0), (0.051, 0.0), (-0.03, 1.0)):
        found = measure(rows, said(rows, by_window=by_window, shift_s=shift), SPEC)
        assert found is not None
        assert found.macro.value == recall
        assert all(gate.passed for gate in gates(found, SPEC)) == (recall == 1.0)


def test_recall_is_the_mean_over_classes_and_edges_are_told(rows: pd.DataFrame) -> None:
    heard = said(rows, by_window=True)
    lost = (rows["label"] == "snare") & (rows["edge"] == "trailing")
    found = measure(rows, heard[~lost], SPEC)
    assert found is not None
    share = 1 - lost.sum() / (rows["label"] == "snare").sum()
    assert found.by_label == {"kick": 1.0, "snare": pytest.approx(share)}
    assert found.macro.value == pytest.approx((1 + share) / 2)
    assert found.by_edge["leading"] == 1.0
    assert found.by_edge["trailing"] == pytest.approx(0.5)
    judged = {gate.name: gate for gate in gates(found, SPEC)}
    assert not judged["macro_recall"].passed
    assert "snare" in judged["macro_recall"].note


def test_a_prediction_in_another_window_is_none_in_this_one(rows: pd.DataFrame) -> None:
    heard = said(rows, by_window=True).assign(window_index=rows["window_index"] + 1)
    found = measure(rows, heard, SPEC)
    assert found is not None
    # Where the hit is in the next window's pack, too, it counts there.
    assert found.macro.value < 1.0


def test_one_prediction_is_one_hit() -> None:
    spec = BoundarySpec(resamples=100)
    rows = pack(events([2040.0, 2045.0]), spec)
    found = measure(rows, said(rows.iloc[:1], by_window=True), spec)
    assert found is not None
    assert found.macro.value == 0.5


def test_a_pack_without_trailing_rows_is_red() -> None:
    spec = BoundarySpec(least_rows=1, resamples=100)
    rows = pack(events([2056.0]), spec)
    found = measure(rows, said(rows, by_window=True), spec)
    judged = {gate.name: gate.passed for gate in gates(found, spec)}
    assert judged == {"macro_recall": True, "leading_rows": True, "trailing_rows": False}


def test_an_empty_pack_is_red() -> None:
    rows = pack(events([]), SPEC)
    assert list(rows.columns) == list(PACK)
    assert measure(rows, said(rows, by_window=True), SPEC) is None
    assert not any(gate.passed for gate in gates(None, SPEC, "no pack"))
