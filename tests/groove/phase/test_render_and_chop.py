"""Renders and chunks: sound where the notes are, labels where the bars are."""

from __future__ import annotations

import numpy as np
import pytest

from groove.audio.waveform import Waveform, encode, loudness_lufs, read_audio
from groove.core.digest import sha256
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.midi.notes import song_from_notes, write_midi
from groove.phase import quality
from groove.phase.corpus import chop, render
from groove.phase.corpus.playing import steady_rates
from groove.phase.corpus.usable import UnusableSongError
from groove.phase.labels import SAMPLE_RATE, bar_phase, frame_times, phase_distance
from groove.phase.spec import ChunkSpec, RenderSpec
from groove.phase.tables import PHASE_CHUNKS, SONG_RENDERS

SPEC = RenderSpec()
CHUNKS = ChunkSpec(rates=2, wandering=0, damaged_share=0.0)


def midi(meters, tempos, beats):
    at = np.arange(0.0, beats, 1.0)
    ones = np.ones(len(at), dtype=int)
    song = song_from_notes(
        at, ones * 0.2, ones * 37, ones * 110, ones * 0, ones > 0, tempos, meters
    )
    return write_midi(song)


def item(store, data, **changes):
    path = "songs/a.mid"
    store.raw[path] = data
    given = {
        "path": path,
        "sha256": sha256(data),
        "source": "test",
        "license": "CC0-1.0",
        "soundfont": "TimGM6mb",
        "soundfont_file": "TimGM6mb",
        "version": 0,
        "split_group": "a",
        "split": "train",
    }
    return given | changes


@pytest.fixture(scope="module")
def rendered():
    store = MemoryStore()
    # 16 bars of 4/4 at 120, then 3/4 at 90: both change in mid-song.
    data = midi([(0.0, 4, 4), (64.0, 3, 4)], [(0.0, 120.0), (64.0, 90.0)], 64 + 60)
    row = {"key": "k", **next(iter(render.song_render(item(store, data), SPEC, store)))}
    return store, frame_of([row], SONG_RENDERS).iloc[0].to_dict()


def test_bars_beats_and_hits_are_exact(rendered):
    _, row = rendered
    bars = np.concatenate([np.arange(17) * 2.0, 32 + np.arange(1, 21) * 2.0])
    assert row["bar_start_s"] == pytest.approx(bars, abs=1e-3)
    assert row["beats_per_bar"].tolist() == [4] * 16 + [3] * 20
    assert row["beat_s"][row["beat_in_bar"] == 1] == pytest.approx(bars[:-1], abs=1e-3)
    assert row["hit_s"] == pytest.approx(row["beat_s"], abs=1e-6)
    assert set(row["hit_note"]) == {37}
    assert set(row["hit_velocity"]) == {110}


def test_the_audio_sounds_where_the_hits_are(rendered):
    store, row = rendered
    sound = read_audio(store.read(row["audio"])).mono()
    energy = np.square(sound.astype(float))
    window = round(0.02 * row["sample_rate"])
    at = np.round(row["hit_s"][1:] * row["sample_rate"]).astype(int)
    after = np.array([energy[k : k + window].sum() for k in at])
    before = np.array([energy[k - window : k].sum() for k in at])
    assert (after > 20 * before).all()


def test_the_level_is_the_wanted_one_unless_a_peak_forbids_it(rendered):
    store, row = rendered
    sound = read_audio(store.read(row["audio"]))
    peak_db = 20 * np.log10(np.abs(sound.samples).max())
    assert peak_db <= SPEC.peak_dbfs + 0.01
    assert loudness_lufs(sound) == pytest.approx(row["loudness_lufs"], abs=0.1)
    assert row["loudness_lufs"] == pytest.approx(SPEC.loudness_lufs) or peak_db == pytest.approx(
        SPEC.peak_dbfs, abs=0.01
    )


def test_the_same_song_gives_the_same_bytes(rendered):
    store, row = rendered
    again = next(iter(render.song_render(item(store, store.raw["songs/a.mid"]), SPEC, store)))
    assert again["audio"] == row["audio"]


def test_unusable_songs_and_unknown_soundfonts_say_so():
    store = MemoryStore()
    short = item(store, midi([(0.0, 4, 4)], [(0.0, 120.0)], 8))
    with pytest.raises(UnusableSongError, match="lasts"):
        list(render.song_render(short, SPEC, store))
    with pytest.raises(ValueError, match=r"give an \.sf2 file"):
        render.soundfont_path("no-such-font")
    silent = Waveform(np.zeros((1, 22_050), dtype=np.float32), 22_050)
    with pytest.raises(UnusableSongError, match="silence"):
        render.level(silent, SPEC)


@pytest.fixture(scope="module")
def chunks(rendered):
    store, row = rendered
    rows = [{**chunk, "key": "k"} for chunk in chop.song_chunks(row, CHUNKS, store)]
    return store, frame_of(rows, PHASE_CHUNKS)


def test_chunks_pass_their_gates(chunks):
    _, table = chunks
    for gate in quality.GATES["phase_chunks"]:
        assert gate(table).passed, gate(table)
    assert table["rate"].nunique() == 3
    assert (table["rate"] == 1.0).any()
    assert set(table["tempo_plan"]) == {"steady"}


def test_labels_are_the_songs_phase_at_the_playback_rate(rendered, chunks):
    _, row = rendered
    for chunk in chunks[1].to_dict(orient="records"):
        times = frame_times(33 * 50, chunk["start_s"])
        written = bar_phase(times * chunk["rate"], row["bar_start_s"])
        label = chunk["phase"].astype(float)
        both = np.isfinite(written) & np.isfinite(label)
        assert both[: round((chunk["end_s"] - chunk["start_s"]) * 50) - 1].all()
        assert phase_distance(label[both], written[both]).max() < 1e-5
        assert (label[both] < 1).all()


def test_bar_lines_of_a_chunk_give_its_labels(chunks):
    for chunk in chunks[1].to_dict(orient="records"):
        again = bar_phase(frame_times(33 * 50), chunk["bar_start_s"])
        both = np.isfinite(again) & np.isfinite(chunk["phase"])
        assert both.sum() == np.isfinite(chunk["phase"]).sum()
        assert phase_distance(again[both], chunk["phase"][both].astype(float)).max() < 1e-5


def test_hits_sound_on_the_beats_of_a_faster_chunk(chunks):
    store, table = chunks
    for chunk in table.sort_values("rate").iloc[[0, -1]].to_dict(orient="records"):
        sound = read_audio(store.read(chunk["audio"]))
        assert (sound.sample_rate, sound.duration_s) == (SAMPLE_RATE, 32.0)
        energy = np.square(sound.mono().astype(float))
        beats = chunk["beat_s"]
        beats = beats[(beats > 0.1) & (beats < chunk["end_s"] - chunk["start_s"] - 0.1)]
        at = np.round(beats * SAMPLE_RATE).astype(int)
        after = np.array([energy[k : k + 400].sum() for k in at])
        before = np.array([energy[k - 500 : k - 100].sum() for k in at])
        assert (after > 10 * before).all()


def test_the_meter_of_a_chunk_is_the_one_it_is_mostly_in(chunks):
    table = chunks[1].sort_values("start_s")
    assert table.groupby("rate")["beats_per_bar"].first().tolist() == [4, 4, 4]
    assert table.groupby("rate")["beats_per_bar"].last().tolist() == [3, 3, 3]


def test_rates_fill_their_range_and_stand_still():
    spec = ChunkSpec(rates=4)
    rates = steady_rates(spec, "song")
    assert rates == steady_rates(spec, "song") != steady_rates(spec, "other")
    assert rates[0] == 1.0
    assert 1.0 not in steady_rates(spec, "song", as_written=False)
    edges = np.exp(np.linspace(np.log(0.71), np.log(1.29), 5))
    assert ((rates[1:] >= edges[:-1] - 1e-4) & (rates[1:] <= edges[1:] + 1e-4)).all()


def test_a_song_shorter_than_a_chunk_is_padded():
    store = MemoryStore()
    sound = Waveform(np.full((1, 22_050 * 20), 0.1, dtype=np.float32), 22_050)
    row = {
        **dict.fromkeys(("path", "sha256", "source", "license", "soundfont", "split_group"), "x"),
        "split": "train",
        "meter": "4/4",
        "audio": store.write(encode(sound, "flac"), ".flac"),
        "bar_start_s": np.arange(11) * 2.0,
        "beat_s": np.arange(40) * 0.5,
        "beats_per_bar": np.full(10, 4),
    }
    (chunk,) = chop.song_chunks(row, ChunkSpec(rates=0, wandering=0), store)
    assert chunk["end_s"] == 20.0
    assert np.isfinite(chunk["phase"]).sum() == 20 * 50
    assert np.abs(read_audio(store.read(chunk["audio"])).samples[:, 20 * 16_000 + 1 :]).max() == 0
