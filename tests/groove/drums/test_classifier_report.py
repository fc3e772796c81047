"""The classifier's report: against scikit-learn, SciPy's Wilson interval, and loops."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import (
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
)

from groove.drums.classify import calibration
from groove.drums.classify.calibration import Calibration
from groove.drums.classify.report import (
    by_class,
    calibration_of,
    recall_by_kit,
    report,
    threshold_curves,
    uncalibrated,
    wilson,
)
from groove.midi.taxonomy import CLASSES
from groove.plots import drums as plots


def marks(seed: int, events: int, share: float = 0.3) -> np.ndarray:
    return np.random.default_rng(seed).random((events, 12)) < share


def predictions(seed: int, events: int, kits: int = 6) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    place = chance.integers(0, 9, events)
    scores = chance.normal(-2, 1.5, (events, 12))
    scores[np.arange(events), place] += 3.5
    return pd.DataFrame({
        "kit_id": [f"kit{k}" for k in chance.integers(0, kits, events)],
        "true_classes": [[CLASSES[k]] for k in place],
        "probabilities": list((1 / (1 + np.exp(-scores))).astype(np.float32)),
    })  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_figures_by_class_agree_with_scikit_learn(seed: int, events: int) -> None:
    truth, heard = marks(seed, events, 0.1), marks(seed + 1, events, 0.1)
    kits = [f"k{n % 5}" for n in range(events)]
    table = by_class(truth, heard, kits, resamples=20).set_index("klass")
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, heard, average=None, zero_division=np.nan
    )
    used = truth.any(axis=0) | heard.any(axis=0)
    assert list(table.index) == [name for name, one in zip(CLASSES, used, strict=True) if one]
    np.testing.assert_allclose(table["precision"], precision[used])
    np.testing.assert_allclose(table["recall"], recall[used])
    np.testing.assert_allclose(table["f1"], np.nan_to_num(f1[used]))
    np.testing.assert_array_equal(table["support"], support[used])
    np.testing.assert_array_equal(table["heard"], heard.sum(axis=0)[used])
    for name, row in table.iterrows():
        column = truth[:, CLASSES.index(name)]
        assert row["kits"] == len({kit for kit, true in zip(kits, column, strict=True) if true})


@given(st.integers(0, 200), st.integers(1, 200))
@settings(max_examples=60, deadline=None)
def test_wilson_is_scipys(right: int, count: int) -> None:
    right = min(right, count)
    low, high = wilson(np.array([right, 0]), np.array([count, 0]))
    expected = binomtest(right, count).proportion_ci(0.95, method="wilson")
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert np.isnan([low[1], high[1]]).all()


def test_the_bootstrap_draws_kits_not_hits() -> None:
    # Two kits of 500: all of one is heard, nothing of the other. Hits alone would promise 0.5 to
    # 3 in a hundred; another set of kits may well give anything.
    truth = np.zeros((1000, 12), dtype=bool)
    truth[:, 0] = True
    heard = truth.copy()
    heard[500:] = False
    low, high = recall_by_kit(truth, heard, ["a"] * 500 + ["b"] * 500, 1000, 0)
    assert (low[0], high[0]) == (0.0, 1.0)
    assert np.isnan(low[1:]).all()
    one, _ = recall_by_kit(truth, heard, ["a"] * 1000, 100, 0)
    assert np.isnan(one).all()


def test_the_bootstrap_agrees_with_a_loop() -> None:
    chance = np.random.default_rng(5)
    kits = np.array([f"k{n}" for n in chance.integers(0, 12, 400)])
    truth = np.zeros((400, 12), dtype=bool)
    truth[:, 2] = chance.random(400) < 0.6
    heard = truth & (chance.random((400, 1)) < 0.3 + 0.05 * chance.integers(0, 12, (400, 1)))
    low, high = recall_by_kit(truth, heard, kits, 4000, 0)
    names = sorted(set(kits[truth[:, 2]]))
    drawn = []
    for _ in range(4000):
        chosen = np.concatenate([np.flatnonzero(kits == k) for k in chance.choice(names, 12)])
        drawn.append(heard[chosen, 2].sum() / truth[chosen, 2].sum())
    assert (low[2], high[2]) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])), abs=0.01)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 50))
def test_threshold_curves_agree_with_scikit_learn(seed: int, events: int) -> None:
    chance = np.random.default_rng(seed)
    truth = marks(seed, events, 0.2)
    # Ties with the thresholds themselves are the hard case.
    likely = chance.integers(0, 11, (events, 12)) / 10
    grid = np.array([0.0, 0.3, 0.5, 1.0])
    curves = threshold_curves(likely, truth, grid).set_index(["klass", "threshold"])
    for limit in grid:
        heard = likely >= limit
        peers = precision_recall_fscore_support(truth, heard, average=None, zero_division=np.nan)
        for column, expected in zip(("precision", "recall", "f1"), peers, strict=False):
            found = curves.loc[[(name, limit) for name in CLASSES], column]
            np.testing.assert_allclose(found, expected)
        micro = f1_score(truth, heard, average="micro", zero_division=np.nan)
        assert curves.loc[("all", limit), "f1"] == pytest.approx(micro, nan_ok=True)


def test_taking_the_calibration_off_gives_the_networks_own_probabilities() -> None:
    logits = np.random.default_rng(2).normal(0, 2, (50, 12))
    fitted = Calibration(0.6, -0.4)
    raw = uncalibrated(calibration.probabilities(logits, fitted), fitted)
    np.testing.assert_allclose(raw, 1 / (1 + np.exp(-logits)), atol=1e-5)
    assert calibration_of('{"calibration_scale": 0.6, "calibration_bias": -0.4}') == fitted
    assert calibration_of("{}") is None


def test_a_report_is_whole_and_draws() -> None:
    table = predictions(0, 900)
    honest = report(table)
    place = [CLASSES.index(names[0]) for names in table["true_classes"]]
    likeliest = np.stack(table["probabilities"]).argmax(axis=1)
    expected = confusion_matrix(place, likeliest, labels=range(12))
    np.testing.assert_array_equal(honest.confusion, expected)
    assert honest.before is None
    # Probabilities that were made too sure, and the report that takes this off again.
    fitted = Calibration(3.0, 1.0)
    raw = np.stack(table["probabilities"]).astype(np.float64)
    sure = calibration.probabilities(np.log(raw / (1 - raw)), fitted)
    found = report(table.assign(probabilities=list(sure)), fitted)
    assert found.before is not None
    assert found.before.error == pytest.approx(honest.after.error, abs=1e-3)
    assert found.after.error > honest.after.error
    figures = json.loads(json.dumps(found.metrics, allow_nan=False))
    assert figures["ece"] == pytest.approx(found.after.error)
    assert sum(row["events"] for row in figures["reliability"]) == 900
    assert {row["klass"] for row in figures["classes"]} >= set(CLASSES[:9])
    # A table that says what was heard is believed.
    told = report(table.assign(predicted_classes=table["true_classes"]))
    assert told.metrics["exact"] == 1.0
    for picture in (
        plots.reliability(found.after, found.before),
        plots.reliability(honest.after),
        plots.threshold_curves(found.thresholds),
        plots.recall_bars(found.table),
    ):
        assert picture.startswith(b"\x89PNG")
    assert report(table).metrics == honest.metrics


def test_a_report_of_nothing_says_nothing() -> None:
    empty = report(predictions(0, 5).iloc[:0], Calibration())
    assert not len(empty.table)
    assert empty.metrics["ece"] is None
    assert empty.metrics["macro_f1"] is None
    assert plots.reliability(empty.after).startswith(b"\x89PNG")
    assert plots.threshold_curves(empty.thresholds).startswith(b"\x89PNG")
    assert plots.recall_bars(empty.table).startswith(b"\x89PNG")
