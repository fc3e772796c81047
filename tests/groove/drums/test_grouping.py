"""Simultaneous hits: against a plain loop, and by example."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.drums.corpus.grouping import events_of_hits, starts_of_events
from groove.midi.taxonomy import LABELS, class_of


def _starts_by_loop(times: list[float], width: float) -> list[int]:
    starts: list[int] = []
    for place, time in enumerate(times):
        if not starts or time > times[starts[-1]] + width + 1e-9:
            starts.append(place)
    return starts


@given(
    st.lists(st.integers(0, 400), max_size=60).map(sorted),
    st.integers(0, 40),
)
@settings(deadline=None)
def test_starts_agree_with_a_plain_loop(milliseconds: list[int], width: int) -> None:
    times = [value / 1000 for value in milliseconds]
    found = starts_of_events(np.array(times, dtype=np.float64), width / 1000)
    assert found.tolist() == _starts_by_loop(times, width / 1000)


hits = st.lists(
    st.tuples(st.integers(0, 3000), st.sampled_from([*LABELS, None]), st.integers(1, 127)),
    min_size=1,
    max_size=50,
)


@given(hits)
@settings(deadline=None)
def test_no_hit_is_lost_and_events_are_apart(drawn: list[tuple[int, str | None, int]]) -> None:
    times = np.array([ms / 1000 for ms, _, _ in drawn])
    labels = [label for _, label, _ in drawn]
    velocities = np.array([velocity / 127 for _, _, velocity in drawn])
    events = events_of_hits(times, labels, velocities, 0.03, 0.2)
    assert sum(event.unknown for event in events) == labels.count(None)
    assert {name for event in events for name in event.labels} == set(labels) - {None}
    onsets = [event.onset_s for event in events]
    assert min(np.diff(onsets), default=1.0) > 0.03
    for event in events:
        assert list(event.classes) == list(dict.fromkeys(map(class_of, event.labels)))
        assert [LABELS.index(name) for name in event.labels] == sorted(
            LABELS.index(name) for name in event.labels
        )


def test_kick_and_hat_are_one_event_and_a_flam_counts_once() -> None:
    events = events_of_hits(
        np.array([0.01, 0.0, 0.5, 0.515]),
        ["hihat_closed", "kick", "snare", "snare"],
        np.array([0.4, 0.9, 0.3, 0.8]),
        0.03,
        0.2,
    )
    assert [event.labels for event in events] == [("kick", "hihat_closed"), ("snare",)]
    assert [event.velocities for event in events] == [(0.9, 0.4), (0.8,)]
    assert [event.techniques for event in events] == [(), ("flam",)]
    assert [event.onset_s for event in events] == [0.0, 0.5]


def test_a_bark_is_an_open_hat_choked_soon() -> None:
    def techniques(close_s: float, closing: str) -> tuple[str, ...]:
        labels: list[str | None] = ["hihat_open", closing]
        times, velocities = np.array([1.0, 1.0 + close_s]), np.array([0.5, 0.5])
        return events_of_hits(times, labels, velocities, 0.03, 0.2)[0].techniques

    assert techniques(0.15, "hihat_pedal") == ("hihat_bark",)
    assert techniques(0.15, "hihat_closed") == ("hihat_bark",)
    assert techniques(0.25, "hihat_pedal") == ()
    assert techniques(0.15, "snare") == ()


def test_two_cymbals_of_one_class_are_marked() -> None:
    events = events_of_hits(np.zeros(2), ["crash", "china"], np.ones(2), 0.03, 0.2)
    assert events[0].techniques == ("multi_cymbal_same_class",)
    assert events[0].classes == ("crash",)
