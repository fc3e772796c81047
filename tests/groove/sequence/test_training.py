import itertools
import json

import numpy as np
import pytest
import torch

from groove.core.models import ModelError
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.core.tracking import MemoryTracker
from groove.export import onnx
from groove.sequence import gru_training, markov_training, pictures, quality
from groove.sequence.exporting import export_case
from groove.sequence.gru import GruStep, TokenGru, load, save
from groove.sequence.spec import GruSpec, MarkovSpec
from groove.sequence.streams import CorpusError, stream_of
from groove.sequence.tables import TOKEN_GRU, TOKEN_MARKOV

SMALL = GruSpec(
    epochs=8,
    window=64,
    hop=32,
    windows_per_epoch=48,
    max_validation_windows=8,
    hidden=48,
    layers=1,
    threads=1,
    accelerator="cpu",
)


@pytest.fixture(scope="module")
def store():
    return MemoryStore()


@pytest.fixture(scope="module")
def token_markov(token_corpus, store):
    rows = markov_training.trained(token_corpus, MarkovSpec(), store, MemoryTracker())
    return frame_of([{"key": "k", **row} for row in rows], TOKEN_MARKOV)


def _train(token_corpus, token_markov, store, tracker):
    rows = gru_training.trained(token_corpus, token_markov, SMALL, store, tracker)
    return frame_of([{"key": "k", **row} for row in rows], TOKEN_GRU)


@pytest.fixture(scope="module")
def token_gru(token_corpus, token_markov, store):
    return _train(token_corpus, token_markov, store, MemoryTracker())


def test_the_baseline_predicts_songs_not_seen(token_markov):
    row = token_markov.iloc[0]
    assert row["value"] < 0.3 * row["baseline_value"]
    figures = json.loads(row["metrics_json"])
    assert figures["test_unigram_perplexity"] < figures["uniform_perplexity"] == 314
    assert [epoch["epoch"] for epoch in json.loads(row["history_json"])] == [1, 2, 3, 4]
    assert (row["train_groups"], row["test_groups"]) == (8, 3)


def test_the_gru_learns_and_is_measured_beside_the_baseline(token_gru, token_markov):
    row, figures = token_gru.iloc[0], json.loads(token_gru["metrics_json"].iloc[0])
    assert row["baseline"] == "token_markov order 4"
    assert row["baseline_value"] == pytest.approx(token_markov["value"].iloc[0])
    assert row["value"] < 0.4 * figures["test_unigram_perplexity"]
    tops = [figures[f"test_top_{k}"] for k in (1, 3, 5, 10)]
    assert tops == sorted(tops)
    assert tops[0] > 0.3


def test_the_tracker_hears_epochs_and_gets_the_model(token_corpus, token_markov, store, token_gru):
    tracker = MemoryTracker()
    again = _train(token_corpus, token_markov, store, tracker)
    # Trained twice: the same bytes.
    assert again["blob"].iloc[0] == token_gru["blob"].iloc[0]
    run = tracker.runs[0]
    assert run.stage == "token_gru"
    assert set(run.inputs) == {"token_corpus", "token_markov"}
    assert "train_loss" in run.history[0][1]
    assert set(run.models["token_gru"]) == {"model.safetensors", "spec.json"}


def test_scores_are_those_of_each_song_by_itself(token_corpus, token_gru, store, monkeypatch):
    network, _ = load(store.read(token_gru["blob"].iloc[0]))
    stream = stream_of(token_corpus, "train")
    # Songs of several lengths, pieces that do not divide them.
    ends = stream.offsets[:-1] + np.array([200, 90, 91, 150, 64, 65, 2, 128])
    cut = np.concatenate([np.arange(a, b) for a, b in zip(stream.offsets, ends, strict=False)])
    offsets = np.concatenate([[0], np.cumsum(ends - stream.offsets[:-1])])
    short = type(stream)(stream.tokens[cut], stream.slots[cut], offsets)
    monkeypatch.setattr(gru_training, "_SONGS_AT_ONCE", 3)
    monkeypatch.setattr(gru_training, "_TOKENS_AT_ONCE", 64)
    losses, ranks = gru_training.scored(network, short)
    expected, places = [], []
    for a, b in itertools.pairwise(offsets):
        tokens, slots = torch.from_numpy(short.tokens[a:b]), torch.from_numpy(short.slots[a:b])
        with torch.no_grad():
            logits, _ = network(tokens[None, :-1], slots[None, :-1], network.initial())
        scores = logits[0].log_softmax(-1).numpy()
        wanted = short.tokens[a + 1 : b]
        hit = scores[np.arange(len(wanted)), wanted]
        expected.extend(-hit)
        places.extend((scores > hit[:, None]).sum(axis=1))
    np.testing.assert_allclose(losses, expected, rtol=1e-4, atol=1e-5)
    assert np.mean(ranks == places) > 0.99


def test_token_by_token_is_the_same_as_all_at_once_in_torch_and_onnx(token_gru, store):
    data = store.read(token_gru["blob"].iloc[0])
    network, metadata = load(data)
    assert metadata["vocabulary"]["size"] == 316
    step, state = GruStep(network), network.initial()
    tokens, slots = torch.arange(20) * 13 + 4, torch.arange(20) * 3
    with torch.no_grad():
        whole, _ = network(tokens[None], slots[None])
        for place in range(20):
            logits, state = step(tokens[place : place + 1], slots[place : place + 1], state)
            torch.testing.assert_close(logits[0], whole[0, place], rtol=0, atol=1e-5)
    case = export_case(data)
    assert onnx.parity(case, onnx.export(case), steps=50) < 1e-4


def test_a_baseline_of_another_vocabulary_is_refused(token_corpus, token_markov, store):
    other = token_corpus.assign(
        vocabulary_json=token_corpus["vocabulary_json"].str.replace('": 24', '": 12')
    )
    with pytest.raises(CorpusError, match="another vocabulary"):
        next(gru_training.trained(other, token_markov, SMALL, store, MemoryTracker()))


def test_other_bytes_are_no_gru():
    with pytest.raises(ModelError):
        load(b"not a model")
    wide = save(TokenGru(16, 1, 0.0), GruSpec(hidden=32), {})
    with pytest.raises(ModelError, match="not a token GRU"):
        load(wide)


def test_gates_are_green_on_what_learnt_and_red_on_nothing(token_corpus, token_markov, token_gru):
    tables = {
        "token_corpus": token_corpus,
        "token_markov": token_markov,
        "token_gru": token_gru,
    }
    for name, functions in quality.GATES.items():
        for function in functions:
            gate = function(tables[name])
            assert gate.passed, gate
            assert gate.stage == name
            assert not function(tables[name].iloc[:0].drop(columns=tables[name].columns)).passed


def test_gates_are_red_on_lost_notes_drift_and_models_that_learnt_nothing(token_corpus, token_gru):
    assert not quality.token_lost_notes(token_corpus.assign(lost_notes=1)).passed
    assert not quality.token_onset_drift(token_corpus.assign(onset_error_steps=0.8)).passed
    assert not quality.token_onset_error(token_corpus.assign(onset_error_s=0.2)).passed
    assert not quality.token_velocity_error(token_corpus.assign(velocity_error=9)).passed
    figures = json.dumps({"test_perplexity": 50.0, "test_unigram_perplexity": 50.0})
    assert not quality.token_gru_over_unigram(token_gru.assign(metrics_json=figures)).passed


def test_pictures(token_corpus, token_markov, token_gru):
    pngs = [
        *pictures.first_song(token_corpus).values(),
        pictures.beside_baselines(token_markov, "mixture"),
        pictures.beside_baselines(token_gru, "token_gru"),
    ]
    assert all(png.startswith(b"\x89PNG") for png in pngs)
    assert len(pngs) == 3
    assert pictures.first_song(token_corpus.iloc[:0]) == {}
