"""Exports: selection, cut, level, chunks, names, CSV; and one track from bytes to files."""

from __future__ import annotations

import csv
import io
import itertools

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from groove.audio.waveform import Waveform, encode, read_audio, rms_dbfs, true_peak_dbtp
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.loops import (
    candidates,
    cut,
    exports,
    features,
    grid,
    labels,
    quality,
    rankers,
    select,
    wav,
)
from groove.loops.scoring import process_track
from groove.loops.spec import (
    BarSpec,
    CandidateSpec,
    ExportSpec,
    FeatureSpec,
    LabelSpec,
    RankerSpec,
)
from groove.loops.tables import LOOP_EXPORTS, LOOP_FEATURES, LOOP_LABELS, TABLES, TRACK_BARS

CONTRACTS = {table.name: table for table in TABLES}

RATE = 44_100


def scored(count: int = 30, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 40, count)
    bars = rng.choice([1, 2, 4], count)
    rows = pd.DataFrame(
        {
            "start_bar": start,
            "bars": bars,
            "start_s": start * 2.0,
            "end_s": (start + bars) * 2.0,
            "level_dbfs": -20.0,
            "boundary_quiet_score": rng.random(count),
            "seam": rng.uniform(0.4, 1, count),
            "features": list(rng.normal(0, 3, (count, 269))),
        }
    )
    return select.scored(rows, rng.normal(0, 1, count), alpha=0.5)


@given(st.integers(0, 200))
def test_probabilities_ranks_and_order(seed: int) -> None:
    frame = scored(seed=seed)
    assert frame["score_prob"].sum() == pytest.approx(1.0)
    assert sorted(frame["score_rank"]) == list(range(1, 31))
    best = frame.loc[frame["score_rank"] == 1, "score"].item()
    assert best == frame["score"].max()
    assert frame["final_score"].is_monotonic_decreasing
    expected = frame["score"] - 0.5 * frame["boundary_quiet_score"]
    np.testing.assert_allclose(frame["final_score"], expected)


@given(st.integers(0, 200))
def test_chosen_loops_never_overlap_and_there_is_always_one(seed: int) -> None:
    frame = scored(seed=seed)
    spec = ExportSpec(bars=[1, 2, 4])
    picked = select.chosen(frame, spec)
    assert 1 <= len(picked) <= spec.max_loops
    spans = list(zip(picked["start_s"], picked["end_s"], strict=True))
    for left, right in itertools.combinations(spans, 2):
        assert left[1] <= right[0] or right[1] <= left[0]
    assert (picked["seam"] >= spec.min_seam).all()
    hopeless = frame.assign(seam=0.1)
    assert len(select.chosen(hopeless, spec)) == 1


def test_one_sound_is_exported_once_and_silence_never() -> None:
    frame = scored(6).assign(
        bars=2, start_s=np.arange(6) * 10.0, end_s=np.arange(6) * 10.0 + 4, seam=0.9
    )
    alike = frame.assign(features=[frame["features"][0]] * 6)
    assert len(select.chosen(alike, ExportSpec(min_lift=0))) == 1
    quiet = frame.assign(level_dbfs=[-90.0, -20, -90, -90, -90, -90])
    assert select.chosen(quiet, ExportSpec(min_lift=0))["level_dbfs"].tolist() == [-20.0]


def test_cut_offs_are_the_documented_ones() -> None:
    frame = scored()
    assert select.passing(frame, ExportSpec(min_seam=0, min_lift=0)).all()
    prob = frame["score_prob"].to_numpy()
    kept = select.passing(frame, ExportSpec(min_seam=0, min_lift=0, min_score_prob=0.05))
    np.testing.assert_array_equal(kept, prob >= 0.05)
    near = select.passing(frame, ExportSpec(min_seam=0, min_lift=0, min_rel_score=-0.5))
    np.testing.assert_array_equal(near, frame["score"] >= frame["score"].max() - 0.5)


def test_zero_crossing_is_the_nearest_rising_one() -> None:
    time = np.arange(2_000) / RATE
    tone = np.sin(2 * np.pi * 1_000 * time - 0.3).astype(np.float32)
    for target in (200, 777, 1_500):
        place = cut.zero_crossing(tone, target, 60)
        assert tone[place - 1] < 0 <= tone[place]
        assert abs(place - target) <= 0.5 * RATE / 1_000 + 1
    assert cut.zero_crossing(np.ones(100, np.float32), 50, 10) == 50


def noisy(seconds: float, gain: float = 0.3, seed: int = 0) -> Waveform:
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, gain, (2, round(seconds * RATE))).astype(np.float32)
    samples[:, :: RATE // 2] = 3.0
    return Waveform(samples, RATE)


def test_a_loop_is_exact_level_limited_and_stereo() -> None:
    track = noisy(8.0)
    spec = ExportSpec()
    loop, first = cut.cut_loop(track, 2.0, 4.0, spec)
    assert loop.samples.shape == (2, 2 * RATE)
    assert abs(first - 2.0 * RATE) <= (spec.preroll_s + spec.snap_s) * RATE + 1
    assert true_peak_dbtp(loop) <= spec.peak_dbtp
    assert rms_dbfs(loop) <= spec.rms_dbfs + 1e-3
    calm, _ = cut.cut_loop(
        Waveform(np.tanh(track.samples), RATE), 2.0, 4.0, ExportSpec(rms_dbfs=-30)
    )
    assert rms_dbfs(calm) == pytest.approx(-30, abs=0.01)


def test_played_twice_the_joint_is_no_larger_step_than_the_signal_has() -> None:
    # 110.37 Hz does not close after one second: without the cross-fade the joint jumps.
    time = np.arange(6 * RATE) / RATE
    tone = np.tile(np.sin(2 * np.pi * 110.37 * time), (2, 1)).astype(np.float32)
    loop, _ = cut.cut_loop(Waveform(tone, RATE), 2.0, 3.0, ExportSpec())
    twice = np.concatenate([loop.samples, loop.samples], axis=1)[0]
    steps = np.abs(np.diff(twice))
    inside = steps[: loop.samples.shape[1] - 500].max()
    assert steps[loop.samples.shape[1] - 1] <= 1.5 * inside
    assert steps.max() <= 3 * inside


@pytest.mark.parametrize(("start", "end"), [(0.0, 2.0), (6.0, 8.0), (0.0, 8.0)])
def test_loops_at_the_ends_of_the_file_keep_their_length(start: float, end: float) -> None:
    loop, first = cut.cut_loop(noisy(8.0), start, end, ExportSpec())
    assert loop.samples.shape[1] == round((end - start) * RATE)
    assert first >= 0


def test_chunks_read_back_and_leave_the_audio_alone() -> None:
    data = encode(Waveform(np.tanh(noisy(1.0).samples), RATE), "wav", "PCM_24")
    info = wav.LoopInfo(0, RATE - 1, 8, 4, 4, 128.0)
    looped = wav.with_loop(wav.with_loop(data, RATE, info), RATE, info)
    assert wav.loop_info(looped) == info
    assert wav.loop_info(data) is None
    names = [name for name, _ in wav.chunks(looped)]
    assert names.count(b"smpl") == names.count(b"acid") == 1
    before, rate = soundfile.read(io.BytesIO(data))
    after, rate_after = soundfile.read(io.BytesIO(looped))
    assert rate == rate_after
    np.testing.assert_array_equal(before, after)
    assert int.from_bytes(looped[4:8], "little") == len(looped) - 8
    with soundfile.SoundFile(io.BytesIO(looped)) as file:
        assert "loop" in file.extra_info.lower()
    for bad in (b"", b"RIFFxxxxWAVEdata\xff\xff\0\0"):
        with pytest.raises(wav.WavError):
            list(wav.chunks(bad)) if bad else wav.loop_info(bad)


@given(
    st.lists(st.sampled_from(["a/x.wav", "b/x.wav", "b/X.flac", "c/b/x.ogg", "y.wav", "a/é?.wav"]))
)
def test_names_never_collide(paths: list[str]) -> None:
    names = exports.track_names(paths)
    assert set(names) == set(paths)
    assert len({name.lower() for name in names.values()}) == len(set(paths))
    assert all("/" not in name and "?" not in name for name in names.values())


@pytest.fixture(scope="module")
def exported(band_of):
    """One 40 s stereo track through every stage, with an untrained perceptron as ranker."""
    import torch

    beats = np.arange(0.3, 39.9, 0.5)
    mono = band_of(beats, 4, 40.0)
    data = encode(Waveform(np.stack([mono, 0.8 * mono]), 22_050), "flac")
    store = MemoryStore(raw={"tracks/song.flac": data})
    carried = ("sha256", "source", "license", "split_group", "split")
    item = {"path": "tracks/song.flac", **dict.fromkeys(carried, "train")}
    bars = frame_of([{**r, "key": "k"} for r in grid.bars_of(item, BarSpec(), store)], TRACK_BARS)
    place = pd.DataFrame(
        [
            r
            for t in bars.to_dict("records")
            for r in candidates.candidates_of(t, CandidateSpec(), store)
        ]
    )
    one = candidates.by_track(place, bars).to_dict("records")[0]
    described = frame_of(
        [{**r, "key": "k"} for r in features.features_of(one, FeatureSpec(), store)], LOOP_FEATURES
    )
    no_tags = pd.DataFrame({"path": [], "tags_json": []})
    marks = labels.items(place, bars, no_tags, store.read_raw).to_dict("records")[0]
    labelled = frame_of(
        [{**r, "key": "k"} for r in labels.labels_of(marks, LabelSpec(), store)], LOOP_LABELS
    )
    torch.manual_seed(0)
    spec = RankerSpec()
    about = {"hidden": spec.hidden, "dropout": 0.1, "features": [*features.NAMES, "bars"]}
    model = rankers.pack(rankers.network(spec.hidden, 0.1), about)
    ranker = pd.DataFrame(
        {
            "ranker": ["torch"],
            "metrics_json": ["{}"],
            "model_id": ["m"],
            "blob": [store.write(model, ".st")],
        }
    )
    items = exports.items(described, bars, ranker, ExportSpec())
    rows = [
        {**row, "key": "k"}
        for entry in items.to_dict("records")
        for row in exports.exports_of(entry, ExportSpec(), store)
    ]
    return store, frame_of(rows, LOOP_EXPORTS), bars, described, labelled, model, data


def test_all_data_gates_pass_on_a_track(exported) -> None:
    _, table, bars, described, labelled, _, _ = exported
    checked = {
        "track_bars": bars,
        "loop_features": described,
        "loop_labels": labelled,
        "loop_exports": table,
    }
    for name, rows in checked.items():
        for gate in quality.GATES[name]:
            assert gate(rows).passed, str(gate(rows))
    for name, gates in quality.GATES.items():
        for gate in gates:
            assert not gate(CONTRACTS[name].empty()).passed


def test_files_say_what_the_table_says(exported) -> None:
    store, table, *_ = exported
    assert table["file"].tolist() == [f"song_loop{n:02d}.wav" for n in range(1, len(table) + 1)]
    for row in table.to_dict("records"):
        data = store.read(row["blob"])
        sound = read_audio(data)
        assert sound.samples.shape == (2, row["samples"])
        info = wav.loop_info(data)
        assert info is not None
        assert info.last == row["samples"] - 1
        assert info.beats == 4 * row["bars"]
        assert info.tempo_bpm == pytest.approx(120.0, rel=1e-3)
        assert row["end_s"] - row["start_s"] == pytest.approx(row["samples"] / 22_050)


def test_csv_of_one_track_and_of_all(exported) -> None:
    _, table, *_ = exported
    both = pd.concat([table, table.assign(track="other", source='a "quoted", name')])
    everything = list(csv.DictReader(io.StringIO(exports.csv_of(both).decode())))
    assert len(everything) == 2 * len(table)
    assert everything[-1]["source"] == 'a "quoted", name'
    assert tuple(everything[0]) == exports.CSV_COLUMNS
    assert len(exports.csv_of(both, "other").splitlines()) == 1 + len(table)


def test_process_track_gives_what_the_stages_give(exported) -> None:
    _, _, _, described, _, model, data = exported
    frame = process_track(data, model)
    assert len(frame) == len(described)
    assert frame["score"].is_monotonic_decreasing
    assert frame["score_rank"].tolist() == list(range(1, len(frame) + 1))
    few = process_track(data, model, min_rel_score=-1e-9)
    assert len(few) < len(frame)
    assert few["score_rank"].iloc[0] == 1
