"""Metrics against scikit-learn and by chance; rankers that learn what can be learnt."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from groove.core.columns import PROVENANCE, SPLIT
from groove.core.models import ModelError
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.core.tracking import MemoryTracker
from groove.loops import metrics, quality, rankers, training
from groove.loops.spec import RankerSpec
from groove.loops.tables import LOOP_FEATURES, LOOP_LABELS, LOOP_RANKER

GRADES = st.lists(st.integers(0, 4), min_size=2, max_size=12).filter(any)


@given(GRADES, st.integers(1, 12), st.randoms(use_true_random=False))
def test_ndcg_is_that_of_scikit_learn(grades, top, random) -> None:
    relevance = np.array(grades)
    scores = np.array(random.sample(range(1_000), len(grades)), dtype=float)
    expected = ndcg_score([2.0**relevance - 1], [scores], k=top)
    assert metrics.ndcg(scores, relevance, top) == pytest.approx(expected)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=6).filter(any), st.integers(1, 6))
def test_chance_is_the_mean_over_all_orders(grades, top) -> None:
    relevance = np.array(grades)
    orders = [
        metrics.ndcg(np.array(order, dtype=float), relevance, top)
        for order in itertools.permutations(range(len(grades)))
    ]
    assert metrics.random_ndcg(relevance, top) == pytest.approx(np.mean(orders))


def test_reciprocal_rank_precision_recall_by_hand() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.1])
    relevant = np.array([False, True, False, True])
    assert metrics.reciprocal_rank(scores, relevant) == 0.5
    assert metrics.precision_recall(scores, relevant, 2) == (0.5, 0.5)
    nothing = np.zeros(4, dtype=bool)
    assert np.isnan(metrics.reciprocal_rank(scores, nothing))
    assert np.isnan(metrics.ndcg(scores, nothing.astype(int), 2))


def test_listwise_loss_is_zero_exactly_at_its_target() -> None:
    weight = torch.tensor([0.1, 0.7, 0.4])
    loss = rankers.listwise_loss(8.0)
    perfect = loss(lambda _: 8.0 * weight + 3.0, (torch.zeros(3, 1), weight))["loss"]
    flat = loss(lambda _: torch.zeros(3), (torch.zeros(3, 1), weight))["loss"]
    assert float(perfect) == pytest.approx(0.0, abs=1e-6)
    assert float(flat) > 0.5


def tables(tracks: int = 9, rows: int = 40) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tracks whose weight is heard in 64 noisy features, hidden by a different level and scale per track."""
    rng = np.random.default_rng(4)
    features, labels = [], []
    for track in range(tracks):
        signal = rng.normal(0, 1, rows)
        values = rng.normal(0, 1, (rows, 269))
        values[:, 13:77] += signal[:, None]
        weight = pd.Series(signal).rank(pct=True).to_numpy()
        values = values * rng.uniform(0.5, 5) + rng.normal(0, 20)
        for row in range(rows):
            about = {
                **{column.name: f"{track}" for column in PROVENANCE},
                "split_group": f"g{track}",
                "split": ("train", "validation", "test")[track % 3 if track < 6 else 0],
                "key": "k",
                "start_bar": row,
                "bars": 1,
            }
            scalars = {
                column.name: 0.5
                for column in LOOP_FEATURES.columns
                if column.type == "float" and column.name not in about
            }
            scalars |= {"rms": float(rng.random()), "seam": float(rng.random())}
            features.append({**scalars, **about, "features": values[row]})
            labels.append(
                {**about, "weight": weight[row], "label_source": "marked", "repetition": 0.0}
            )
    assert {column.name for column in SPLIT} <= set(features[0])
    return frame_of(features, LOOP_FEATURES), frame_of(labels, LOOP_LABELS)


SPEC = RankerSpec(folds=3, trees=40, depth=3, hidden=[32], epochs=25, tree_learning_rate=0.2)


@pytest.fixture(scope="module")
def trained():
    features, labels = tables()
    store, tracker = MemoryStore(), MemoryTracker()
    rows = list(training.ranker_of(features, labels, SPEC, store, tracker))
    return rows, store, tracker, features


def test_both_rankers_learn_what_generalises(trained) -> None:
    rows, _, tracker, _ = trained
    table = frame_of([{**row, "key": "k"} for row in rows], LOOP_RANKER)
    assert table["ranker"].tolist() == ["xgboost", "torch"]
    assert (table["value"] > table["baseline_value"] + 0.2).all()
    assert all(gate(table).passed for gate in quality.GATES["loop_ranker"])
    assert (table["test_groups"] == 9).all()
    assert [run.params["ranker"] for run in tracker.runs] == ["xgboost", "torch"]
    assert all(run.history and run.models for run in tracker.runs)
    for text in table["history_json"]:
        assert {"epoch"} < set(json.loads(text)[0])


def test_models_are_data_that_scores_the_same_again(trained) -> None:
    rows, store, _, features = trained
    part = features[features["path"] == "2"]
    inputs = rankers.inputs_of(np.stack(part["features"]), part["bars"].to_numpy())
    for row in rows:
        data = store.read(row["blob"])
        scores = rankers.score(data, inputs)
        np.testing.assert_array_equal(scores, rankers.score(bytes(data), inputs))
        assert scores.std() > 0
    case = rankers.export_case(store.read(rows[1]["blob"]))
    with torch.inference_mode():
        np.testing.assert_allclose(
            case.network(torch.from_numpy(inputs)).numpy(),
            rankers.score(store.read(rows[1]["blob"]), inputs),
            atol=1e-6,
        )


def test_training_twice_gives_the_same_bytes(trained) -> None:
    rows, _, _, features = trained
    _, labels = tables()
    again = list(training.ranker_of(features, labels, SPEC, MemoryStore(), MemoryTracker()))
    assert [row["model_id"] for row in again] == [row["model_id"] for row in rows]
    assert [row["metrics_json"] for row in again] == [row["metrics_json"] for row in rows]


def test_a_labelling_by_chance_does_not_pass_the_gate() -> None:
    features, labels = tables()
    shuffled = labels.assign(weight=np.random.default_rng(0).permutation(labels["weight"]))
    rows = training.ranker_of(features, shuffled, SPEC, MemoryStore(), MemoryTracker())
    values = [row["value"] - row["baseline_value"] for row in rows]
    assert min(values) < 0.08


def test_every_group_is_in_one_fold() -> None:
    folds = training.folds_of(["a", "b", "a", "c", "d"], 3, seed=0)
    assert set(folds) == {"a", "b", "c", "d"}
    assert set(folds.values()) == {0, 1, 2}


def test_too_few_tracks_and_foreign_models_are_refused() -> None:
    features, labels = tables(tracks=2)
    with pytest.raises(training.RankerError, match="at least 3"):
        list(training.ranker_of(features, labels, SPEC, MemoryStore(), MemoryTracker()))
    with pytest.raises(ModelError):
        rankers.score(b"{}", np.zeros((1, 270), np.float32))
    with pytest.raises(ModelError):
        rankers.score(b"nonsense", np.zeros((1, 270), np.float32))


def test_the_best_ranker_is_chosen_by_validation() -> None:
    table = pd.DataFrame(
        {
            "ranker": ["xgboost", "torch"],
            "metrics_json": [
                '{"validation_ndcg": 0.4, "test_ndcg": 0.9}',
                '{"validation_ndcg": 0.5}',
            ],
        }
    )
    assert training.best_ranker(table, "best")["ranker"] == "torch"
    assert training.best_ranker(table, "xgboost")["ranker"] == "xgboost"
    with pytest.raises(training.RankerError):
        training.best_ranker(table[:0], "torch")
