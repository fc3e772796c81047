"""Training: it learns on kits not seen, repeats, and travels as one file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from groove.audio.waveform import read_audio
from groove.core.models import ModelError, pack
from groove.core.tables import frame_of
from groove.core.tracking import MemoryTracker
from groove.drums import quality
from groove.drums.classify import model, predictions, train
from groove.drums.classify.balance import chances
from groove.drums.corpus import loading
from groove.drums.manifest.weights import event_chances, weights_of
from groove.drums.spec import ClassifierSpec
from groove.drums.tables import DRUM_CLASSIFIER, DRUM_PREDICTIONS
from groove.midi.taxonomy import CLASSES
from groove.plots import drums as plots

SPEC = ClassifierSpec(
    epochs=10, epoch_events=384, batch_size=32, channels=[8, 16], threads=1, learning_rate=5e-3
)


def _trained(kits: Any, spec: ClassifierSpec) -> tuple[pd.DataFrame, MemoryTracker]:
    tracker = MemoryTracker()
    tables = kits.drum_events, kits.drum_clips, kits.drum_session_weights()
    rows = train.train(*tables, spec, kits.store, tracker)
    return frame_of([{"key": "k", **row} for row in rows], DRUM_CLASSIFIER), tracker


@pytest.fixture(scope="module")
def trained(kits: Any) -> tuple[pd.DataFrame, MemoryTracker]:
    return _trained(kits, SPEC)


@pytest.fixture(scope="module")
def predicted(kits: Any, trained: tuple[pd.DataFrame, MemoryTracker]) -> pd.DataFrame:
    rows: Iterator[dict[str, Any]] = predictions.predict(
        kits.drum_events, kits.drum_clips, trained[0], None, kits.store
    )
    return frame_of([{"key": "k", **row} for row in rows], DRUM_PREDICTIONS)


def test_it_beats_the_majority_on_a_kit_not_seen(
    trained: tuple[pd.DataFrame, MemoryTracker],
) -> None:
    row = trained[0].iloc[0]
    assert row["metric"] == "test_macro_f1"
    assert row["baseline"] == "majority class"
    # Four drums in equal numbers: always the commonest one gives (2 * 3 / 15) / 4.
    assert row["baseline_value"] == pytest.approx(0.1)
    assert row["value"] > 0.7
    assert (row["train_groups"], row["test_groups"]) == (5, 1)


def test_figures_of_songs_are_there_and_the_run_is_told(
    trained: tuple[pd.DataFrame, MemoryTracker],
) -> None:
    table, tracker = trained
    figures = json.loads(table.iloc[0]["metrics_json"])
    assert figures["test_events"] == 12
    assert figures["test_song_events"] == 12
    assert figures["test_song_micro_f1"] > 0.6
    assert 0 <= figures["test_ece"] <= 1
    (run,) = tracker.runs
    assert run.stage == "drum_classifier"
    assert len(run.history) == SPEC.epochs + 1
    assert "validation_macro_f1" in run.history[0][1]
    assert set(run.models["drum_classifier"]) == {"model.safetensors"}


def test_the_same_seed_gives_the_same_model(
    kits: Any, trained: tuple[pd.DataFrame, MemoryTracker]
) -> None:
    short = SPEC.model_copy(update={"epochs": 2})
    first, again = _trained(kits, short)[0], _trained(kits, short)[0]
    assert first["model_id"].tolist() == again["model_id"].tolist()
    assert first["metrics_json"].tolist() == again["metrics_json"].tolist()
    assert first["model_id"].tolist() != trained[0]["model_id"].tolist()


def test_the_file_carries_all_that_listening_needs(
    kits: Any, trained: tuple[pd.DataFrame, MemoryTracker], predicted: pd.DataFrame
) -> None:
    found = model.from_bytes(kits.store.read(trained[0].iloc[0]["blob"]))
    assert found.classes == CLASSES
    row = predicted[predicted["origin"] == "hit"].iloc[0]
    wave = read_audio(kits.store.read_raw(row["path"]))
    live = found.listen(wave, np.array([row["onset_s"]]))[0]
    np.testing.assert_allclose(live, row["probabilities"], atol=1e-6)


def test_the_export_case_says_what_the_model_says(
    kits: Any, trained: tuple[pd.DataFrame, MemoryTracker]
) -> None:
    from groove.drums.classify.features import pictures

    data = kits.store.read(trained[0].iloc[0]["blob"])
    case = model.export_case(data)
    found = model.from_bytes(data)
    with torch.no_grad():
        exported = case.network(*case.inputs).numpy()
    expected = found.probabilities(pictures(case.inputs[0].numpy(), found.clip))
    np.testing.assert_allclose(exported, expected, atol=1e-4)
    assert exported.shape == (1, len(CLASSES))


def test_another_models_file_is_refused() -> None:
    with pytest.raises(ModelError, match="drum classifier"):
        model.from_bytes(pack(torch.nn.Linear(1, 1), {"format": "else"}))
    with pytest.raises(ModelError):
        model.from_bytes(b"rubbish")


def test_predictions_agree_with_the_headline(
    trained: tuple[pd.DataFrame, MemoryTracker], predicted: pd.DataFrame
) -> None:
    assert set(predicted["split"]) == {"test"}
    figures = quality.summary(predicted)
    assert figures["hit_macro_f1"] == pytest.approx(trained[0].iloc[0]["value"])
    assert predicted.loc[predicted["origin"] == "hit", "unseen_kit"].all()
    right = predicted["true_classes"].map(list) == predicted["predicted_classes"].map(list)
    assert (right == predicted["correct"]).all()


def test_gates_are_green_here_and_red_on_nothing(
    kits: Any, trained: tuple[pd.DataFrame, MemoryTracker], predicted: pd.DataFrame
) -> None:
    assert quality.beats_majority(trained[0]).passed
    assert quality.recognised_classes(predicted).passed
    assert quality.unknown_labels(kits.drum_events).passed
    assert quality.files_on_one_side(kits.drum_events).passed
    assert quality.sounds_on_one_side(kits.drum_clips).passed
    # Eight classes have no example at all.
    assert quality.class_counts(kits.drum_events).value == 0
    tables = {
        "drum_events": kits.drum_events,
        "drum_clips": kits.drum_clips,
        "drum_classifier": trained[0],
        "drum_predictions": predicted,
    }
    for name, table in tables.items():
        for gate in quality.GATES[name]:
            assert not gate(table.iloc[:0]).passed, gate.__name__


def test_a_sound_on_two_sides_turns_its_gate_red(kits: Any) -> None:
    leaked = kits.drum_clips.copy()
    train = leaked.index[leaked["split"] == "train"][0]
    test = leaked.index[leaked["split"] == "test"][0]
    leaked.loc[test, "blob"] = leaked.loc[train, "blob"]
    assert quality.sounds_on_one_side(leaked).value == 1


def test_a_held_out_kit_is_not_learnt_from_even_in_songs(kits: Any) -> None:
    events = kits.drum_events.copy()
    of_song = (events["origin"] == "song") & (events["split"] == "train")
    events.loc[of_song, "kit_id"] = "kit5"
    found = loading.load(events, kits.drum_clips, kits.store)
    assert "kit5" not in set(found.of_split("train").events["kit_id"])
    test = found.of_split("test").events
    assert test.loc[test["origin"] == "hit", "unseen_kit"].all()


def test_a_kit_of_the_songs_soundfont_is_not_unseen(
    kits: Any, trained: tuple[pd.DataFrame, MemoryTracker]
) -> None:
    events = kits.drum_events.copy()
    events.loc[events["kit_id"] == "kit5", "source"] = "imagined"
    test = loading.load(events, kits.drum_clips, kits.store).of_split("test").events
    assert not test["unseen_kit"].any()
    # The gate of a model that met no unseen kit is red, however good its figures.
    table = trained[0].copy()
    figures = {**json.loads(table.loc[0, "metrics_json"]), "test_unseen_kits": 0.0}
    table.loc[0, "metrics_json"] = json.dumps(figures)
    assert not quality.beats_majority(table).passed
    assert not quality.calibrated(table).passed


def test_a_missing_split_is_named(kits: Any) -> None:
    events = kits.drum_events.assign(split="train")
    found = loading.load(events, kits.drum_clips, kits.store)
    with pytest.raises(loading.CorpusError, match="no validation event"):
        loading.require_splits(found)


def test_balance_draws_rare_classes_and_small_kits_more_often(kits: Any) -> None:
    found = loading.load(kits.drum_events, kits.drum_clips, kits.store).of_split("train")
    sessions = found.events["session_id"].tolist()
    even, balanced = (chances(found.truth, sessions, balance) for balance in (0.0, 0.5))
    assert even.sum() == pytest.approx(1.0)
    assert balanced.sum() == pytest.approx(1.0)
    assert even == pytest.approx(event_chances(sessions, weights_of(sessions)))
    crash = found.truth[:, CLASSES.index("crash")]
    assert balanced[crash].sum() > even[crash].sum()


def test_pictures_are_drawn(
    kits: Any, trained: tuple[pd.DataFrame, MemoryTracker], predicted: pd.DataFrame
) -> None:
    seen = loading.sample(kits.drum_events, kits.drum_clips, kits.store, files=20)
    drawn = [
        plots.confusion(quality.confusion(predicted), CLASSES),
        plots.f1_bars(trained[0].iloc[0]["metrics_json"], CLASSES),
        plots.montage(seen.pictures, seen.truth, CLASSES),
        plots.counts_bars(quality.counts_by_class(kits.drum_events)),
    ]
    assert all(data.startswith(b"\x89PNG") for data in drawn)
