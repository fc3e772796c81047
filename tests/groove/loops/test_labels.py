"""Labels: marks by their formula, repetition on music that repeats where we say."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groove.core.store import MemoryStore
from groove.loops import labels
from groove.loops.frames import TrackFrames
from groove.loops.spec import LabelSpec


def test_a_marked_moment_is_the_documented_bell() -> None:
    marks = labels.marks_of("[10.0]")
    start, end = np.array([9.0, 9.25, 8.0]), np.array([11.0, 11.25, 9.0])
    weight = labels.marked_weight(marks, start, end, beat_s=0.5)
    expected = np.exp(-0.5 * ((np.array([10.0, 10.25, 8.5]) - 10) / 0.25) ** 2)
    np.testing.assert_allclose(weight, expected)


def test_stretches_count_by_agreement_and_bad_ones_are_taken_off() -> None:
    text = json.dumps(
        [{"start_s": 4, "end_s": 8, "label": "loop"}, {"start": 8, "end": 12, "label": "Avoid"}]
    )
    start, end = np.array([4.0, 4.0, 8.0, 4.0, 0.0]), np.array([8.0, 6.0, 12.0, 12.0, 4.0])
    weight = labels.marked_weight(labels.marks_of(text), start, end, 0.5)
    np.testing.assert_allclose(weight, [1.0, 0.5, 0.0, 0.0, 0.0])


@pytest.mark.parametrize(
    "text", ["{", "{}", '["x"]', '[{"start": 3}]', '[{"start": 3, "end": 3}]', "[true]"]
)
def test_a_bad_side_car_is_named(text: str) -> None:
    with pytest.raises(labels.MarkError):
        labels.marks_of(text)


def test_a_side_car_is_found_and_is_part_of_the_item() -> None:
    rows = pd.DataFrame(
        {"path": ["t/a.wav"], "start_bar": [0], "bars": [1], "start_s": [0.0], "end_s": [2.0]}
    )
    tracks = pd.DataFrame({"path": ["t/a.wav"]})
    tagged = pd.DataFrame({"path": ["t/a.wav"], "tags_json": ['{"marks": [2.0]}']})
    plain = tagged.assign(tags_json="{}")
    store = MemoryStore(raw={"t/a.loops.json": b"[1.0]"})
    assert labels.items(rows, tracks, tagged, store.read_raw)["marks"].tolist() == ["[1.0]"]
    nothing = MemoryStore().read_raw
    assert labels.items(rows, tracks, tagged, nothing)["marks"].tolist() == ["[2.0]"]
    assert labels.items(rows, tracks, plain, nothing)["marks"].tolist() == [""]


def track(pattern: str, seed: int = 0, frames_per_bar: int = 80) -> tuple[TrackFrames, np.ndarray]:
    """Frames in which every bar with the same letter is the same; '.' is silence."""
    rng = np.random.default_rng(seed)
    bars = {
        letter: rng.normal(-4, 2, (frames_per_bar, 140)).astype(np.float32)
        for letter in sorted(set(pattern))
    }
    both = np.concatenate([bars[letter] for letter in pattern])
    loud = np.repeat([letter != "." for letter in pattern], frames_per_bar).astype(np.float32)
    scalars = dict.fromkeys(
        ("rms", "harmonic_rms", "percussive_rms", "percussive_onset"), 0.1 * loud
    )
    frames = TrackFrames(
        40.0, **scalars, onset=both[:, 0].copy(), mel=both[:, :128], chroma=both[:, 128:]
    )
    return frames, np.arange(len(pattern) + 1) * frames_per_bar / 40.0


def test_what_the_track_repeats_is_more_than_what_it_does_not() -> None:
    frames, lines = track("ABABxyzwABAB")
    similarity = labels.bar_similarity(frames, lines, 16)
    start, bars = np.array([0, 2, 4, 8]), np.array([2, 2, 2, 2])
    value = labels.repetition(similarity, start, bars, others=2)
    assert value[[0, 1, 3]].min() > 0.7
    assert value[2] < 0.3


@given(st.integers(2, 12), st.integers(1, 6), st.integers(0, 2**31))
def test_runs_equal_the_mean_of_bar_similarities(count: int, length: int, seed: int) -> None:
    length = min(length, count)
    rng = np.random.default_rng(seed)
    similarity = rng.uniform(-1, 1, (count, count))
    similarity = (similarity + similarity.T) / 2
    starts = np.arange(count - length + 1)
    value = labels.repetition(similarity, starts, np.full(len(starts), length), others=1)

    def alike(i: int, j: int) -> float:
        return float(np.mean([similarity[i + k, j + k] for k in range(length)]))

    for i in starts:
        near = [alike(i, j) for j in starts if abs(i - j) == length]
        far = [alike(i, j) for j in starts if abs(i - j) > length]
        expected = 0.5 * max([*near, 0.0]) + 0.5 * (max(far) if far else 0.0)
        # Sides that do not exist count 0, and so does a worse than unrelated neighbour.
        assert value[i] == pytest.approx(expected, abs=1e-9)


def test_rank_within_length_ignores_how_alike_lengths_are() -> None:
    values = np.array([0.9, 0.8, 0.7, 0.2, 0.1, 0.4])
    bars = np.array([1, 1, 1, 4, 4, 16])
    np.testing.assert_allclose(labels.within_length(values, bars), [1, 0.5, 0, 1, 0, 0.5])


def test_silence_has_no_weight() -> None:
    frames, lines = track("ABAB....ABAB")
    store = MemoryStore()
    item = {
        **dict.fromkeys(("path", "sha256", "source", "license", "split_group", "split"), "x"),
        "blob": store.write(frames.to_bytes(), ".frames"),
        "frame_rate_hz": 40.0,
        "bar_start_s": lines,
        "start_bar": np.arange(11),
        "bars": np.full(11, 2),
        "tempo_bpm": 120.0,
        "marks": "",
    }
    rows = list(labels.labels_of(item, LabelSpec(), store))
    assert all(row["weight"] == 0 for row in rows[3:8])
    assert rows[0]["weight"] > 0.4
    assert {row["label_source"] for row in rows} == {"repetition"}
