"""Events: onsets of one-shots, events of songs, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.audio.waveform import AudioError, Waveform, encode
from groove.core.store import MemoryStore
from groove.drums.corpus import events
from groove.drums.corpus.events import EventError, onset
from groove.drums.spec import EventSpec


def _item(path: str, **more: Any) -> dict[str, Any]:
    return {
        "path": path,
        "sha256": "0" * 64,
        "source": "synthetic",
        "license": "CC0-1.0",
        "split_group": "kit",
        "split": "train",
        "origin": "hit",
        "blob": None,
        "kit_id": "kit",
        "label": "kick",
        "hit_s": None,
        "hit_note": None,
        "hit_velocity": None,
        **more,
    }


def _song(times: list[float], notes: list[int], **more: Any) -> dict[str, Any]:
    return _item(
        "songs/a.mid",
        origin="song",
        blob="b.flac",
        label=None,
        hit_s=np.array(times),
        hit_note=np.array(notes),
        hit_velocity=np.full(len(times), 127),
        **more,
    )


@given(st.integers(0, 500), st.floats(0.001, 1.0))
@settings(deadline=None)
def test_the_onset_is_where_the_attack_is_at_any_level(silence: int, gain: float) -> None:
    click = np.exp(-np.arange(300) / 50).astype(np.float32)
    samples = np.concatenate([np.zeros(silence, dtype=np.float32), click * np.float32(gain)])
    assert onset(samples, 0.1) == silence


def test_faint_noise_before_the_attack_is_no_onset() -> None:
    samples = np.full(1000, 0.01, dtype=np.float32)
    samples[400:] = 0.8
    assert onset(samples, 0.1) == 400


def test_silence_is_refused() -> None:
    with pytest.raises(EventError, match="silent"):
        onset(np.zeros(100, dtype=np.float32), 0.1)


def test_text_named_wav_is_refused() -> None:
    store = MemoryStore(raw={"hits/a.wav": b"not audio at all"})
    with pytest.raises(AudioError):
        list(events.events_of(_item("hits/a.wav"), EventSpec(), store))


def test_a_one_shot_is_one_event_without_a_velocity() -> None:
    wave = Waveform(np.r_[np.zeros(441), np.ones(100)].astype(np.float32)[None] * 0.5, 44_100)
    store = MemoryStore(raw={"hits/a.wav": encode(wave, "wav")})
    (row,) = events.events_of(_item("hits/a.wav", label="china"), EventSpec(), store)
    assert row["onset_s"] == pytest.approx(0.01)
    assert (row["labels"], row["classes"]) == (["china"], ["crash"])
    assert row["velocities"] is None
    assert row["session_id"] == "kit"


def test_a_song_becomes_labelled_events_and_counts_what_it_cannot_name() -> None:
    item = _song([0.0, 0.004, 1.0, 2.0], [36, 42, 38, 5])
    rows = list(events.events_of(item, EventSpec(), MemoryStore()))
    assert [row["classes"] for row in rows] == [["kick", "hihat_closed"], ["snare"], []]
    assert [row["unknown_labels"] for row in rows] == [0, 0, 1]
    assert rows[0]["velocities"] == [1.0, 1.0]
    assert all(row["is_synthetic"] for row in rows)
    assert len({row["sample_id"] for row in rows}) == 3


def test_the_choice_in_a_long_song_keeps_rare_classes_and_repeats() -> None:
    times = (np.arange(400) * 0.1).tolist()
    notes = [42] * 390 + [49] * 10
    item = _song(times, notes)
    spec = EventSpec(events_per_song=40)

    def chosen(spec: EventSpec) -> list[dict[str, Any]]:
        return list(events.events_of(item, spec, MemoryStore()))

    rows = chosen(spec)
    onsets = [row["onset_s"] for row in rows]
    assert len(rows) == 40
    assert onsets == sorted(onsets)
    assert rows == chosen(spec)
    assert rows != chosen(spec.model_copy(update={"seed": 1}))
    # Even chances would give one crash on average.
    assert sum(row["classes"] == ["crash"] for row in rows) >= 8


def test_items_leave_out_duplicates_and_songs_without_drums(kits: Any) -> None:
    hits = kits.hit_index.copy()
    hits.loc[3, "duplicate_of"] = hits.loc[0, "path"]
    songs = kits.song_renders.copy()
    songs.at[0, "hit_s"] = []  # noqa: PD008  # a list into one cell
    found = events.items(hits, songs)
    assert len(found) == len(hits) - 1 + len(songs) - 1
    assert hits.loc[3, "path"] not in set(found["path"])


def test_items_of_nothing_are_none(kits: Any) -> None:
    none: pd.DataFrame = events.items(kits.hit_index.iloc[:0], kits.song_renders.iloc[:0])
    assert len(none) == 0
