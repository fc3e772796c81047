"""Training: four chunks can be learnt by heart, and unheard songs beat chance."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from groove.audio.waveform import Waveform, encode
from groove.core.models import ModelError
from groove.core.store import MemoryStore
from groove.core.tables import frame_of, records
from groove.core.tracking import MemoryTracker
from groove.phase import quality
from groove.phase.learn import features
from groove.phase.learn.dataset import (
    Features,
    FixedBatches,
    TrainingBatches,
    prepare,
    require_same_features,
)
from groove.phase.learn.features import FeatureError
from groove.phase.learn.heldout import figures_on
from groove.phase.learn.objective import Objective, groups_of
from groove.phase.learn.train import overfit, train
from groove.phase.model.network import Heard
from groove.phase.model.registry import build, load
from groove.phase.spec import FeatureSpec, PhaseModelSpec
from groove.phase.tables import PHASE_FEATURES, PHASE_MODEL

SPEC = PhaseModelSpec(
    channels=16,
    blocks=6,
    low_bands=6,
    high_bands=8,
    warmup_s=4.0,
    crop_s=10.0,
    epochs=12,
    stretch=0.0,
    learning_rate=1e-2,
    dropout=0.0,
    threads=1,
    batch=8,
    accelerator="cpu",
    compare=False,
)
SECONDS = 10.0


def chunks_of(number, store):
    """A bass note on one, clicks on the other beats: two chunks of a song of its own."""
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
    for chunk, start in enumerate((0.0, 8.0)):
        cut = sound[round(start * 16_000) :][: round(SECONDS * 16_000)].astype(np.float32)
        bars = beats[::per_bar] - start
        yield {
            "path": f"songs/{number}.mid",
            "sha256": f"{number:064d}",
            "source": "test",
            "license": "CC0-1.0" if number % 2 else "MIT",
            "soundfont": "none",
            "split_group": f"song {number}",
            "split": ["train", "train", "test", "train", "validation", "train"][number % 6],
            "chunk": chunk,
            "rate": 1.0,
            "seconds": SECONDS,
            "meter": f"{per_bar}/4",
            "beats_per_bar": per_bar,
            "bar_start_s": bars,
            "beat_s": beats[beats >= start] - start,
            "audio": store.write(encode(Waveform(cut[np.newaxis], 16_000), "flac"), ".flac"),
        }


@pytest.fixture(scope="module")
def corpus():
    store = MemoryStore()
    chunks = pd.DataFrame([row for n in range(24) for row in chunks_of(n, store)])
    front = FeatureSpec(low_bands=6, high_bands=8)
    rows = [
        {**row, "key": row["path"]}
        for pack in records(features.packs(chunks))
        for row in features.pack_features(pack, front, store)
    ]
    return store, frame_of(rows, PHASE_FEATURES)


def of(corpus, split):
    store, table = corpus
    return Features(table[table["split"] == split], store)


@pytest.mark.parametrize("network", ["bar_pointer", "phase_tcn"])
def test_four_chunks_are_learnt_by_heart(corpus, network):
    store, table = corpus
    four = Features(table.drop_duplicates("path").head(4), store)
    spec = SPEC.model_copy(update={"network": network, "epochs": 60})
    assert overfit(four, spec) < 0.1


@pytest.fixture(scope="module")
def trained(corpus):
    store, table = corpus
    tracker = MemoryTracker()
    spec = SPEC.model_copy(update={"compare": True})
    rows = list(train(table, spec, store, tracker))
    return store, table, tracker, frame_of([{**row, "key": "k"} for row in rows], PHASE_MODEL)


def test_songs_never_heard_are_told_apart_from_chance(trained):
    _, _, _, model = trained
    metrics = json.loads(model["metrics_json"].iloc[0])
    assert model["value"].iloc[0] == metrics["test_phase_loss"] < 0.4
    assert metrics["test_median_phase_error_ms"] < 250
    assert {"test_phase_loss_at_0_ms", "test_phase_loss_at_500_ms", "test_phase_loss_4_4"} <= set(
        metrics
    )
    assert metrics["test_downbeat_f_measure"] > 0.5
    assert quality.phase_loss_under_chance(model).passed


def test_ours_is_held_against_the_documented_network(trained):
    _, _, tracker, model = trained
    ours, documented = records(model)
    assert (ours["network"], documented["network"]) == ("bar_pointer", "phase_tcn")
    assert (ours["released"], documented["released"]) == (True, False)
    assert (ours["baseline"], ours["baseline_value"]) == ("phase_tcn", documented["value"])
    assert ours["value"] < documented["value"] < 1.0
    assert (documented["baseline"], documented["baseline_value"]) == ("chance", 1.0)
    assert [list(run.models) for run in tracker.runs] == [
        ["phase_model"],
        ["phase_model_phase_tcn"],
    ]


def test_the_run_is_tracked_and_the_model_can_be_loaded_again(trained, corpus):
    store, _, tracker, model = trained
    run, _ = tracker.runs
    row = model.iloc[0]
    assert run.stage == "phase_model"
    assert set(run.inputs) == {"phase_features"}
    history = json.loads(row["history_json"])
    assert len(run.history) == len(history) + 1
    assert {"validation_phase_loss_4_4", "learning_rate", "train_struck_loss"} <= set(history[0])
    assert any(name.startswith("validation_phase_loss_bpm_") for name in history[0])
    assert row["licenses"] == "CC0-1.0; MIT"
    assert (row["train_groups"], row["test_groups"]) == (16, 4)
    assert store.read(row["blob"]) == run.models["phase_model"]["model.safetensors"]
    figures = figures_on(load(store.read(row["blob"])).network, of(corpus, "test"), SPEC)
    assert figures["phase_loss"] == pytest.approx(row["value"], abs=1e-5)


def test_figures_per_meter_and_tempo_add_up_to_the_whole(corpus):
    validation = of(corpus, "validation")
    objective = Objective(SPEC, groups_of(validation.table))
    torch.manual_seed(0)
    network = build(SPEC).network.eval()
    with torch.no_grad():
        for batch in FixedBatches(validation, SPEC):
            whole = objective(network, batch)["phase_loss"]
    figures = objective.figures()
    meters = validation.table["meter"].value_counts()
    by_meter = {m: figures[f"validation_phase_loss_{m.replace('/', '_')}"] for m in meters.index}
    assert len(validation) == 8 == SPEC.batch
    mean = sum(by_meter[m] * count for m, count in meters.items()) / len(validation)
    assert mean == pytest.approx(float(whole), abs=1e-5)
    assert objective.figures() == {}


def test_training_twice_gives_the_same_model(corpus):
    store, table = corpus
    spec = SPEC.model_copy(update={"epochs": 1})
    first, second = (next(iter(train(table, spec, store, MemoryTracker()))) for _ in range(2))
    assert first["blob"] == second["blob"]


class Killed(MemoryTracker):
    """A tracker whose runs end their process' training after some epochs."""

    def run(self, stage, params, inputs):
        started = super().run(stage, params, inputs)

        class Dying:
            def __enter__(self):
                run = started.__enter__()
                tell = run.log

                def log(metrics, step):
                    if step == 2:
                        raise InterruptedError
                    tell(metrics, step)

                run.log = log
                return run

            def __exit__(self, *_):
                return None

        return Dying()


def test_a_killed_training_ends_as_if_it_had_not_been(corpus, tmp_path):
    store, table = corpus
    spec = SPEC.model_copy(update={"epochs": 4, "dropout": 0.2, "stretch": 0.1})
    whole = next(iter(train(table, spec, store, MemoryTracker())))
    with pytest.raises(InterruptedError):
        list(train(table, spec, store, Killed(), tmp_path))
    assert list(tmp_path.iterdir())
    tracker = MemoryTracker()
    (resumed,) = train(table, spec, store, tracker, tmp_path)
    assert resumed["blob"] == whole["blob"]
    assert resumed["history_json"] == whole["history_json"]
    assert [step for step, _ in tracker.runs[0].history] == [2, 3, 4]
    assert not list(tmp_path.iterdir())


def test_a_missing_split_is_named(corpus):
    store, table = corpus
    with pytest.raises(ValueError, match="no chunks in test"):
        list(train(table[table["split"] != "test"], SPEC, store, MemoryTracker()))
    with pytest.raises(ValueError, match="train, validation, test"):
        list(train(PHASE_FEATURES.empty(), SPEC, store, MemoryTracker()))


def test_features_of_another_front_end_are_refused(corpus):
    _, table = corpus
    require_same_features(table, SPEC)
    with pytest.raises(FeatureError, match=r"made with memory_s 4\.0"):
        require_same_features(table, SPEC.model_copy(update={"memory_s": 5.0}))


def test_an_epoch_is_bounded_shuffled_and_repeatable(corpus):
    spec = SPEC.model_copy(update={"chunks_per_epoch": 10, "batch": 4, "crop_s": 6.0})
    heard = of(corpus, "train")
    first, again = TrainingBatches(heard, spec), TrainingBatches(heard, spec)
    once, twice, same = list(first), list(first), list(again)
    assert [len(batch.levels) for batch in once] == [4, 4, 2]
    assert len(first) == 3
    torch.testing.assert_close(once, same, rtol=0, atol=0, equal_nan=True)
    assert not torch.equal(once[0].anticipation_s, twice[0].anticipation_s)
    resumed = TrainingBatches(heard, spec, epoch=1)
    torch.testing.assert_close(list(resumed), twice, rtol=0, atol=0, equal_nan=True)


def test_crops_and_their_labels_come_from_the_same_place(corpus):
    spec = SPEC.model_copy(update={"crop_s": 6.0, "stretch": 0.3, "band_drop": 0.0})
    spec = spec.model_copy(update={"band_shift": 0, "batch": 24})
    heard = of(corpus, "train")
    (batch, *_) = TrainingBatches(heard, spec)
    ready = prepare(batch, spec)
    assert ready.levels.shape == (24, 300, 14)
    # Bass is struck where the phase in the bar falls: the lowest band rises most just after.
    fall = ready.phases[:, 1:300, 0] < ready.phases[:, :299, 0]
    rise = ready.levels[:, 1:300, :2].sum(2) - ready.levels[:, :299, :2].sum(2)
    near = torch.nn.functional.max_pool1d(fall.float()[:, None], 5, 1, 2)[:, 0] > 0
    assert rise[near].clamp(min=0).mean() > 4 * rise[~near].clamp(min=0).mean()


def test_noise_stands_in_for_some_of_the_music(corpus):
    heard = of(corpus, "train")
    spec = SPEC.model_copy(update={"beatless_share": 0.4, "crop_s": 8.0, "chunks_per_epoch": 64})
    without = spec.model_copy(update={"beatless_share": 0.0})
    flags = []
    for batch, plain in zip(
        TrainingBatches(heard, spec), TrainingBatches(heard, without), strict=True
    ):
        assert batch.beatless is not None
        assert batch.phases[batch.beatless].isnan().all()
        assert not batch.levels.isnan().any()
        if not flags:
            # Up to the first noise both have drawn the same.
            torch.testing.assert_close(
                batch.levels[~batch.beatless], plain.levels[~batch.beatless], rtol=0, atol=0
            )
        assert not plain.beatless.any()
        flags += batch.beatless.tolist()
    assert 0 < sum(flags) < len(flags)


def test_of_noise_a_network_learns_to_say_what_is_expected_of_any_frame(corpus):
    """The loss of the beatless items is least where beats are as likely as before hearing."""
    spec = SPEC.model_copy(update={"beatless_share": 0.5, "crop_s": 8.0})
    (batch, *_) = TrainingBatches(of(corpus, "train"), spec)
    here = batch.beatless
    noise = batch._replace(
        levels=batch.levels[here],
        phases=batch.phases[here],
        anticipation_s=batch.anticipation_s[here],
        beatless=here[here],
        draw=batch.draw._make(part[here] for part in batch.draw),
    )
    expected = torch.logit(torch.tensor([spec.beat_share, spec.downbeat_share]))

    class Says(torch.nn.Module):
        def __init__(self, more):
            super().__init__()
            self.struck = torch.nn.Parameter(expected + more)

        def forward(self, levels, _look):
            shape = levels.shape[:2]
            return Heard(torch.zeros(*shape, 2), self.struck.expand(*shape, 2))

    objective, network = Objective(spec), Says(0.0)
    said = objective(network, noise)
    said["loss"].backward()
    assert float(said["phase_loss"]) == 0.0
    assert network.struck.grad.abs().max() < 1e-6
    for more in (-1.0, 1.0):
        assert objective(Says(more), noise)["loss"] > said["loss"] + 0.01


def test_training_goes_on_from_a_models_weights(trained, corpus):
    store, _, _, model = trained
    _, table = corpus
    start = store.read(model["blob"].iloc[0])
    slow = SPEC.model_copy(update={"epochs": 1, "learning_rate": 1e-6})
    (further,) = train(table, slow, store, MemoryTracker(), start=start)
    (anew,) = train(table, slow, store, MemoryTracker())
    # The rate is too small to move anything: what it starts with is what comes out.
    assert further["value"] == pytest.approx(model["value"].iloc[0], abs=0.05)
    assert anew["value"] > further["value"] + 0.3
    wider = slow.model_copy(update={"channels": 24})
    with pytest.raises(ModelError, match="channels 16, the settings have 24"):
        list(train(table, wider, store, MemoryTracker(), start=start))
    with pytest.raises(ModelError):
        list(train(table, slow, store, MemoryTracker(), start=b"nothing"))
