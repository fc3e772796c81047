"""Training: four chunks can be learnt by heart, and unheard songs beat chance."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from groove.audio.waveform import Waveform, encode
from groove.core.fitting import fit
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.core.tracking import MemoryTracker
from groove.phase import quality
from groove.phase.corpus import chop
from groove.phase.judge import evaluation
from groove.phase.labels import bar_phase, phase_distance
from groove.phase.learn.dataset import Chunks, FixedBatches, TrainingBatches, augmented, stretched
from groove.phase.learn.train import _loss, train
from groove.phase.model.network import PhaseModel
from groove.phase.model.streaming import load_model
from groove.phase.spec import ChunkSpec, PhaseTcnSpec
from groove.phase.tables import PHASE_CHUNKS, PHASE_TCN

CUT = ChunkSpec(chunk_s=10.0, label_s=11.0, hop_s=7.0, rates=1)
SPEC = PhaseTcnSpec(
    channels=16,
    blocks=6,
    low_bands=6,
    high_bands=8,
    warmup_s=4.0,
    epochs=14,
    stretch=0.0,
    learning_rate=1e-2,
    dropout=0.0,
    threads=1,
    batch=8,
    accelerator="cpu",
)


def band(number, store):
    """A bass note on one, clicks on the other beats: the row of its render."""
    random = np.random.default_rng(number)
    per_bar = 3 if number % 3 == 0 else 4
    beat_s = 60 / random.uniform(90, 150)
    beats = np.arange(int(24 / beat_s) // per_bar * per_bar) * beat_s
    sound = random.normal(0, 0.002, int(beats[-1] * 16_000) + 16_000)
    time = np.arange(4_000) / 16_000
    pitch = random.uniform(50, 90)
    for place, start in enumerate(np.round(beats * 16_000).astype(int)):
        bass = 0.3 * np.sin(2 * np.pi * pitch * time) * np.exp(-time * 10)
        click = 0.15 * random.normal(0, 1, 4_000) * np.exp(-time * 90)
        sound[start : start + 4_000] += bass if place % per_bar == 0 else click
    wave = Waveform(sound.astype(np.float32)[np.newaxis], 16_000)
    return {
        "path": f"songs/{number}.mid",
        "sha256": f"{number:064d}",
        "source": "test",
        "license": "CC0-1.0" if number % 2 else "MIT",
        "soundfont": "none",
        "split_group": f"song {number}",
        "split": ["train", "train", "test", "train", "validation", "train"][number % 6],
        "meter": f"{per_bar}/4",
        "audio": store.write(encode(wave, "flac"), ".flac"),
        "bar_start_s": np.append(beats[::per_bar], beats[-1] + beat_s),
        "beat_s": beats,
        "beats_per_bar": np.full(len(beats) // per_bar, per_bar),
    }


@pytest.fixture(scope="module")
def corpus():
    store = MemoryStore()
    rows = [
        {**chunk, "key": str(number)}
        for number in range(24)
        for chunk in chop.song_chunks(band(number, store), CUT, store)
    ]
    return store, frame_of(rows, PHASE_CHUNKS)


def test_four_chunks_are_learnt_by_heart(corpus):
    store, table = corpus
    spec = SPEC.model_copy(update={"epochs": 60, "patience": 60, "batch": 4})
    torch.manual_seed(0)
    model = PhaseModel(spec)
    four = Chunks(table.drop_duplicates("path").head(4).reset_index(drop=True), store, model.front)
    batches = FixedBatches(four, spec)
    fitted = fit(model.network, _loss(spec), batches, batches, spec)
    assert fitted.history[fitted.best_epoch]["validation_loss"] < 0.1


@pytest.fixture(scope="module")
def trained(corpus):
    store, table = corpus
    tracker = MemoryTracker()
    rows = list(train(table, SPEC, store, tracker))
    return store, table, tracker, frame_of([{**row, "key": "k"} for row in rows], PHASE_TCN)


def test_songs_never_heard_are_told_apart_from_chance(trained):
    _, _, _, model = trained
    metrics = json.loads(model["metrics_json"].iloc[0])
    assert model["value"].iloc[0] == metrics["test_phase_loss"] < 0.4
    assert model["value"].iloc[0] < model["baseline_value"].iloc[0] == 1.0
    assert metrics["test_median_phase_error_ms"] < 250
    assert {"test_phase_loss_at_0_ms", "test_phase_loss_at_500_ms", "test_phase_loss_4_4"} <= set(
        metrics
    )
    assert metrics["test_downbeat_f_measure"] > 0.5
    assert quality.phase_loss_under_chance(model).passed


def test_the_run_is_tracked_and_the_model_can_be_loaded_again(trained):
    store, table, tracker, model = trained
    (run,) = tracker.runs
    row = model.iloc[0]
    assert run.stage == "phase_tcn"
    assert set(run.inputs) == {"phase_chunks"}
    assert len(run.history) == len(json.loads(row["history_json"])) + 1
    assert row["licenses"] == "CC0-1.0; MIT"
    assert (row["train_groups"], row["test_groups"]) == (16, 4)
    assert store.read(row["blob"]) == run.models["phase_tcn"]["model.safetensors"]
    again = load_model(store.read(row["blob"]))
    held_out = table[(table["split"] == "test") & (table["rate"] == 1.0)].reset_index(drop=True)
    figures = evaluation.evaluate(
        again.network, Chunks(held_out, store, again.front), SPEC.warmup_s, SPEC.anticipation_s
    )
    assert figures["phase_loss"] == pytest.approx(row["value"], abs=1e-5)


def test_training_twice_gives_the_same_model(corpus):
    store, table = corpus
    spec = SPEC.model_copy(update={"epochs": 1})
    first, second = (next(iter(train(table, spec, store, MemoryTracker()))) for _ in range(2))
    assert first["blob"] == second["blob"]


def test_a_missing_split_is_named(corpus):
    store, table = corpus
    with pytest.raises(ValueError, match="no chunks in test"):
        list(train(table[table["split"] != "test"], SPEC, store, MemoryTracker()))
    with pytest.raises(ValueError, match="train, validation, test"):
        list(train(PHASE_CHUNKS.empty(), SPEC, store, MemoryTracker()))


def test_an_epoch_is_bounded_shuffled_and_repeatable(corpus):
    store, table = corpus
    spec = SPEC.model_copy(update={"chunks_per_epoch": 10, "batch": 4})
    chunks = Chunks(table, store, PhaseModel(spec).front)
    first, again = TrainingBatches(chunks, spec), TrainingBatches(chunks, spec)
    once, twice, same = list(first), list(first), list(again)
    assert [len(batch[0]) for batch in once] == [4, 4, 2]
    assert len(first) == 3
    torch.testing.assert_close(once, same, rtol=0, atol=0, equal_nan=True)
    assert not torch.equal(once[0][2], twice[0][2])


def test_augmentation_moves_bands_inside_their_group():
    spec = SPEC.model_copy(update={"band_shift": 2, "band_drop": 0.0})
    levels = torch.arange(14.0).expand(64, 3, 14)
    moved = augmented(levels, spec, torch.Generator().manual_seed(0))
    assert set(moved[:, 0, 3].tolist()) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert moved[:, :, :6].max() == 5
    assert moved[:, :, 6:].min() == 6
    muted = augmented(levels + 1, SPEC.model_copy(update={"band_drop": 0.5}), torch.Generator())
    assert 0.4 < float((muted == 0).float().mean()) < 0.6


@pytest.mark.parametrize("rate", [0.8, 1.0, 1.25])
def test_stretching_moves_levels_and_labels_alike(rate):
    bars = np.arange(0, 60, 1.7)
    frames, labels = np.arange(1, 501) / 50, np.arange(550) / 50
    levels = torch.tensor(frames, dtype=torch.float32)[None, :, None]
    phase = torch.tensor(bar_phase(labels, bars), dtype=torch.float32)[None]
    heard, label = stretched(levels, phase, rate)
    assert heard.shape[1] == min(500, round(500 / rate))
    # Levels that tell the time tell the time that is heard; labels are that time's phase.
    assert heard[0, 1:, 0].numpy() == pytest.approx(frames[1 : heard.shape[1]] * rate, abs=1e-4)
    exact = bar_phase(labels[: label.shape[1]] * rate, bars)
    assert phase_distance(label[0].double().numpy(), exact).max() < 1e-4


def test_counting_every_fourth_beat_is_right_where_bars_have_four():
    beats, times = np.arange(2.0, 20.0, 0.5), np.arange(0, 24, 0.1)
    phase = evaluation._counted(beats, times)
    assert np.allclose(phase, times / 2.0 % 1.0, atol=1e-9) or np.allclose(
        np.abs((phase - times / 2.0 + 0.5) % 1.0 - 0.5), 0, atol=1e-9
    )
    assert np.isnan(evaluation._counted(np.array([1.0]), times)).all()


@pytest.mark.parametrize("name", sorted(quality.GATES))
def test_gates_are_red_without_a_table(name):
    for gate in quality.GATES[name]:
        assert not gate(pd.DataFrame()).passed


def test_gates_see_what_is_wrong(corpus):
    _, table = corpus
    assert quality.songs_on_one_side(table).passed
    assert not quality.songs_on_one_side(
        table.assign(split=["train", "test"] * (len(table) // 2) + ["test"] * (len(table) % 2))
    ).passed
    assert not quality.audio_used(table[table["chunk"] == 0]).passed
    unknown = [np.full(len(phase), np.nan) for phase in table["phase"]]
    assert not quality.labelled_frames(table.assign(phase=unknown)).passed
