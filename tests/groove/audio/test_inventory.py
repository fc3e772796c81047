"""The track and one-shot inventories, and the tempo of audio loops."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.audio import inventory, quality
from groove.audio.spec import HitIndexSpec, TrackIndexSpec
from groove.audio.tables import HIT_INDEX, TRACK_INDEX
from groove.audio.tempo import by_duration
from groove.audio.waveform import AudioError, Waveform, encode
from groove.core.inputs import InputError, originals
from groove.core.splits import crossing
from groove.core.store import MemoryStore


def item(path: str, **changes) -> dict:
    row = {
        "path": path,
        "sha256": "0" * 64,
        "source": "test",
        "license": "CC0-1.0",
        "kind": path.partition("/")[0],
        "format": "audio",
        "bytes": 100,
        "modified_ns": 1,
        "group": "kit",
        "label": None,
        "style": None,
        "feel": None,
        "section": None,
        "is_fill": False,
        "tags_json": "{}",
    }
    return {**row, **changes}


def hit(seed: int, seconds: float = 0.4, sample_rate: int = 22_050) -> Waveform:
    """A decaying band of noise: every seed is another sound."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * sample_rate)) / sample_rate
    tone = np.sin(2 * np.pi * (80 + 97 * (seed % 41)) * times)
    sound = (tone + rng.normal(0, 0.2 + 0.05 * (seed % 7), len(times))) * np.exp(-times * 12)
    return Waveform((0.5 * sound / np.abs(sound).max())[None].astype(np.float32), sample_rate)


def tune(seed: int, seconds: float = 6.0) -> Waveform:
    parts = [hit(seed * 50 + n, 0.5).samples for n in range(round(seconds / 0.5))]
    return Waveform(np.concatenate(parts, axis=1), 22_050)


def one(measure, spec, data: bytes, given_item: dict) -> dict:
    (row,) = measure(given_item, spec, MemoryStore({given_item["path"]: data}))
    return row


def track_row(data: bytes, **changes) -> dict:
    return one(inventory.index_track, TrackIndexSpec(), data, item("tracks/a.wav", **changes))


def hit_row(data: bytes, path: str = "hits/kick/a.wav", **changes) -> dict:
    changes = {"label": "kick", **changes}
    return one(inventory.index_hit, HitIndexSpec(), data, item(path, **changes))


def test_a_track_is_measured():
    times = np.arange(48_000 * 5) / 48_000
    sine = (0.5 * np.sin(2 * np.pi * 997 * times)).astype(np.float32)
    row = track_row(encode(Waveform(np.stack([sine, sine]), 48_000), "wav"))
    assert (row["duration_s"], row["sample_rate"], row["channels"]) == (5.0, 48_000, 2)
    assert row["peak_dbfs"] == pytest.approx(20 * math.log10(0.5), abs=0.01)
    # BS.1770: 997 Hz at full scale in one channel is -3.01 LUFS; two channels add 3.01 dB.
    assert row["loudness_lufs"] == pytest.approx(20 * math.log10(0.5), abs=0.1)
    assert set(row) | {"key", "duplicate_of", "split_group", "split"} == set(TRACK_INDEX.names)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"these are words, not sound", AudioError),
        (b"", AudioError),
        (encode(Waveform(np.zeros((1, 0), np.float32), 22_050), "wav"), AudioError),
        (encode(Waveform(np.zeros((1, 22_050 * 5), np.float32), 22_050), "wav"), InputError),
        (encode(tune(1), "flac")[:400], AudioError),
    ],
    ids=["text", "empty", "no samples", "silence", "truncated"],
)
@pytest.mark.parametrize("measure", [track_row, hit_row])
def test_what_cannot_be_used_is_refused(measure, data, error):
    with pytest.raises(error):
        measure(data)
    assert issubclass(error, ValueError)


def test_kinds_are_told_apart():
    with pytest.raises(InputError, match="kind songs"):
        track_row(b"", format="midi")
    with pytest.raises(InputError, match="audio file"):
        hit_row(b"", format="midi")
    with pytest.raises(InputError, match="at least 4"):
        track_row(encode(hit(1), "wav"))


@pytest.mark.parametrize(
    ("path", "label", "tags", "expected"),
    [
        ("hits/kick/a.wav", "kick", "{}", ("kick", "kick")),
        ("hits/x/a.wav", "Hi-Hat Closed", "{}", ("hihat_closed", "hihat_closed")),
        ("hits/tom/Floor Tom 3.wav", "tom", "{}", ("tom_low", "tom_low")),
        ("hits/tom/a.wav", "tom", '{"instrument_name": "Tom Hi"}', ("tom_high", "tom_high")),
        (
            "hits/rim/a.wav",
            "rim_sidestick",
            '{"instrument_name": "Rimshot"}',
            ("rimshot", "rimshot"),
        ),
        ("hits/ride/a.wav", "ride", '{"instrument_name": "Ride Bell"}', ("ride_bell", "ride")),
        ("hits/cowbell/a.wav", "cowbell", "{}", ("aux_percussion", "aux_percussion")),
        ("hits/MyKit/Snare 03.wav", "MyKit", "{}", ("snare", "snare")),
        ("hits/snare/a.wav", None, '{"name": "snare"}', ("snare", "snare")),
    ],
)
def test_labels_come_from_manifest_folder_and_names(path, label, tags, expected):
    row = hit_row(encode(hit(1), "wav"), path, label=label, tags_json=tags)
    assert (row["label"], row["drum_class"]) == expected


def test_an_unknown_label_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="hihat_open"):
        hit_row(encode(hit(1), "wav"), "hits/zither/a.wav", label="zither")


def test_a_one_shot_is_measured():
    row = hit_row(encode(hit(3), "wav"), tags_json='{"kit": "Big Kit"}')
    assert (row["kit"], row["channels"], row["sample_rate"]) == ("Big Kit", 1, 22_050)
    assert row["duration_s"] == pytest.approx(0.4, abs=1e-4)
    assert row["peak_dbfs"] == pytest.approx(-6.02, abs=0.01)
    assert set(row) | {"key", "duplicate_of", "split_group", "split"} == set(HIT_INDEX.names)


def hits_table(files: dict[str, tuple[Waveform, str]]) -> pd.DataFrame:
    store = MemoryStore(
        {p: encode(w, "flac" if p.endswith("flac") else "wav") for p, (w, _) in files.items()}
    )
    raw = pd.DataFrame([item(p, group=kit, label=p.split("/")[1]) for p, (_, kit) in files.items()])
    spec = HitIndexSpec()
    rows = [r for i in raw.to_dict("records") for r in inventory.index_hit(i, spec, store)]
    index = pd.DataFrame(rows).assign(key=[f"k{n}" for n in range(len(rows))])
    return inventory.finish_hits(index, raw, spec)


def test_kits_that_share_a_recording_are_on_one_side():
    files = {
        f"hits/{label}/kit{kit}.wav": (hit(10 * kit + n), f"kit{kit}")
        for kit in range(12)
        for n, label in enumerate(["kick", "snare", "hihat_closed", "crash", "tom_low", "ride_bow"])
    }
    shared = files["hits/snare/kit3.wav"][0]
    files["hits/snare/other.flac"] = (Waveform(shared.samples * 0.7, shared.sample_rate), "kit8")
    table = hits_table(files)
    rows = table.set_index("path")
    assert rows["duplicate_of"].dropna().to_dict() == {
        "hits/snare/other.flac": "hits/snare/kit3.wav"
    }
    assert rows.loc["hits/kick/kit3.wav", "split_group"] == "kit3"
    assert rows.loc["hits/kick/kit8.wav", "split_group"] == "kit3"
    assert table["split_group"].nunique() == 11
    assert crossing(table, "split_group") == 0
    assert len(originals(table)) == 72
    for gate in quality.GATES["hit_index"]:
        assert gate(table).passed, gate(table)


def test_the_same_track_again_is_a_duplicate():
    tracks = {f"tracks/{n}.wav": encode(tune(n), "wav") for n in range(5)}
    tracks["tracks/again.flac"] = encode(tune(2), "flac")
    raw = pd.DataFrame([item(path, group=path) for path in tracks])
    spec, store = TrackIndexSpec(), MemoryStore(tracks)
    rows = [r for i in raw.to_dict("records") for r in inventory.index_track(i, spec, store)]
    index = pd.DataFrame(rows).assign(key=[f"k{n}" for n in range(len(rows))])
    table = inventory.finish_tracks(index, raw, spec)
    assert table["duplicate_of"].dropna().tolist() == ["tracks/2.wav"]
    for gate in quality.GATES["track_index"]:
        assert gate(table).passed, gate(table)


def test_gates_are_red_on_nothing():
    for name, contract in (("track_index", TRACK_INDEX), ("hit_index", HIT_INDEX)):
        assert not any(gate(contract.empty()).passed for gate in quality.GATES[name])


@given(st.sampled_from([2, 4, 8, 16, 32]), st.floats(80.5, 159.5))
@settings(max_examples=100, deadline=None)
def test_a_loop_of_two_to_the_power_of_n_beats_is_read_exactly(beats, bpm):
    found = by_duration(beats * 60 / bpm, np.zeros(0), 80, 160)
    assert (found.beats, found.tempo_bpm) == (beats, pytest.approx(bpm, abs=0.01))


@given(st.floats(0.05, 60), st.lists(st.floats(0, 60), max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_tempo_always_makes_a_whole_number_of_beats(duration, onsets):
    found = by_duration(duration, np.array(onsets), 80, 160)
    assert found.beats >= 1
    assert found.tempo_bpm * duration / 60 == pytest.approx(found.beats, abs=0.01)
    if duration >= 0.75:
        assert 79.9 <= found.tempo_bpm <= 160.1


def test_onsets_decide_between_counts_that_are_equally_common():
    # 3 s are 4 beats at 80, 5 at 100, 6 at 120 or 7 at 140 bpm.
    on_five = np.arange(20) * 3 / 20
    assert by_duration(3.0, on_five, 85, 155).beats == 5
    on_six = np.arange(24) * 3 / 24
    assert by_duration(3.0, on_six, 85, 155).beats == 6


def test_a_loop_of_no_length_has_no_tempo():
    with pytest.raises(ValueError, match="no length"):
        by_duration(0.0, np.zeros(0), 80, 160)
