"""The queue's order: against a loop over everything; what blocks a gate comes first."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy
from sklearn.metrics import log_loss, recall_score

from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.drums.label_queue import needs, ranking, rows
from groove.drums.label_queue.places import at_events
from groove.drums.label_queue.spec import QueueSpec
from groove.drums.manifest.negatives import space_of
from groove.drums.tables import DRUM_LABEL_QUEUE
from groove.midi.taxonomy import CLASSES


def prediction(name: str, true: list[str], **likely: float) -> dict[str, Any]:
    return {
        "sample_id": name, "session_id": "s", "path": "a.wav", "onset_s": 1.0,
        "true_classes": true, "probabilities": [likely.get(one, 0.01) for one in CLASSES],
    }  # fmt: skip


def several(seed: int, count: int) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    likely = chance.beta(0.4, 0.8, (count, 12))
    truth = chance.random((count, 12)) < 0.15
    return pd.DataFrame({
        "sample_id": [f"e{place}" for place in chance.permutation(count)],
        "session_id": [f"s{one}" for one in chance.integers(0, 4, count)],
        "path": "a.wav",
        "onset_s": chance.uniform(0, 300, count),
        "true_classes": [[CLASSES[k] for k in np.flatnonzero(row)] for row in truth],
        "probabilities": list(likely),
    })  # fmt: skip


def test_reasons_are_told_and_what_says_nothing_is_left_out() -> None:
    table = pd.DataFrame([
        prediction("right", ["kick"], kick=0.99),
        prediction("negative", ["kick"], kick=0.9, snare=0.8),
        prediction("missed", ["kick", "ride"], kick=0.9),
        prediction("doubt", ["kick"], kick=0.6),
        prediction("silent", [], kick=0.1),
    ])  # fmt: skip
    found = ranking.queue(table, {}, QueueSpec()).set_index("sample_id")
    told = found[["why", "asked"]].T.to_dict("list")
    assert told == {
        "negative": ["hard_negative", "snare"], "missed": ["missed", "ride"],
        "doubt": ["uncertain", "kick"], "silent": ["uncertain", "kick"],
    }  # fmt: skip
    assert found["effect"].tolist() == [1.0] * 4
    assert found.loc["negative", "predicted_classes"] == ["kick", "snare"]
    assert len(ranking.queue(table.iloc[:1], {}, QueueSpec())) == 0
    assert list(ranking.queue(table.iloc[:0], {}, QueueSpec())) == list(ranking.COLUMNS)
    with pytest.raises(ValueError, match="3 classes"):
        ranking.queue(table.assign(probabilities=[[0.1, 0.2, 0.3]] * 5), {}, QueueSpec())


def test_loss_and_entropy_agree_with_peers() -> None:
    table = several(0, 60)
    likely = np.stack(table["probabilities"])
    truth = np.array([[one in found for one in CLASSES] for found in table["true_classes"]])
    found = ranking.doubts(likely, truth, QueueSpec())
    for place in range(60):
        two = np.stack([1 - likely[place], likely[place]], axis=1)
        cost = 12 * log_loss(truth[place], two, labels=[0, 1])
        disorder = scipy_entropy(two, axis=1).sum()
        assert found.entropy[place] == pytest.approx(disorder)
        assert found.loss[place] == pytest.approx(max(cost, disorder), rel=1e-5)
        assert found.margin[place] == pytest.approx(min(abs(likely[place] - 0.5)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30), st.sampled_from([0.0, 0.5, 1.0, 2.0]))
def test_the_order_is_that_of_a_brute_force_loop(seed: int, count: int, diversity: float) -> None:
    table = several(seed, count)
    chance = np.random.default_rng(seed + 1)
    need = {"a.b": chance.random(12) * (chance.random(12) < 0.3), "c.d": np.eye(12)[3]}
    spec = QueueSpec(count=12, diversity=diversity, gate_weight=2.0)
    found = ranking.queue(table, need, spec)
    # One clip after the other, each measured against every one that was chosen.
    worth, kept = [], []
    for place, row in enumerate(table.to_dict("records")):
        cost = disorder = most = 0.0
        says = nearest = False
        for k, name in enumerate(CLASSES):
            p, true = row["probabilities"][k], name in row["true_classes"]
            cost -= math.log(max(p if true else 1 - p, 1e-7))
            disorder -= p * math.log(p) + (1 - p) * math.log1p(-p)
            part = 1.0 if true else p
            most = max(most, part * (need["a.b"][k] + need["c.d"][k]))
            says |= (1 - p if true else p) >= 0.7
            nearest |= abs(p - 0.5) <= 0.2
        if says or nearest or max(row["probabilities"]) < 0.5:
            kept.append(place)
            worth.append(max(cost, disorder) * (1 + 2.0 * most))
    order = sorted(range(len(kept)), key=lambda i: (-worth[i], table["sample_id"][kept[i]]))
    kept, worth = [kept[i] for i in order], [worth[i] for i in order]
    if not kept:
        assert not len(found)
        return
    space = space_of(np.stack(table["probabilities"])[kept], table.iloc[kept])
    chosen = [0]
    scale = max(math.dist(space[0], point) for point in space) or 1.0
    scores = [worth[0]]
    while len(chosen) < min(12, len(kept)):
        best, of_best = -1, -1.0
        for i in range(len(kept)):
            if i in chosen:
                continue
            near = min(math.dist(space[i], space[j]) for j in chosen) / scale
            score = worth[i] * near**diversity
            if score > of_best * (1 + 1e-12):
                best, of_best = i, score
        chosen.append(best)
        scores.append(of_best)
    assert found["sample_id"].tolist() == [table["sample_id"][kept[i]] for i in chosen]
    np.testing.assert_allclose(found["score"], scores, rtol=1e-5)
    np.testing.assert_allclose(found["score"], found["loss"] * found["diversity"] * found["effect"])
    assert found["rank"].tolist() == list(range(1, len(chosen) + 1))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_the_order_of_the_input_decides_nothing(seed: int, count: int) -> None:
    table = several(seed, count)
    mixed = table.sample(frac=1.0, random_state=seed).reset_index(drop=True)
    one, other = (ranking.queue(t, {}, QueueSpec(count=10)) for t in (table, mixed))
    assert one["sample_id"].tolist() == other["sample_id"].tolist()


def test_copies_of_one_mistake_do_not_crowd_out_the_others() -> None:
    table = pd.DataFrame([
        *(prediction(f"copy{n}", ["kick"], snare=0.99) for n in range(20)),
        *(prediction(f"other{n}", ["kick"], kick=0.4 + n / 100) for n in range(5)),
    ])  # fmt: skip
    plain = ranking.queue(table, {}, QueueSpec(count=6, diversity=0))
    apart = ranking.queue(table, {}, QueueSpec(count=6, diversity=1))
    assert plain["sample_id"].str.startswith("copy").all()
    assert apart["sample_id"].str.startswith("copy").sum() == 1


def test_a_class_that_blocks_a_gate_weighs_by_what_it_lacks() -> None:
    table = pd.DataFrame([
        prediction("kick", ["kick"], kick=0.45), prediction("ride", ["ride"], ride=0.45),
        prediction("crash", ["crash"], crash=0.45),
    ])  # fmt: skip
    need = {"x.y": np.where(np.array(CLASSES) == "ride", 0.5, 0.0)}
    found = ranking.queue(table, need, QueueSpec(gate_weight=4)).set_index("sample_id")
    assert found.index[0] == "ride"
    assert found.loc["ride", "effect"] == pytest.approx(1 + 4 * 0.5)
    assert found.loc["kick", "effect"] == pytest.approx(1 + 4 * 0.5 * 0.01)
    assert found["gates"].tolist()[0] == ["x.y"]
    assert found.loc["kick", "gates"] == []


def report(**gates: tuple[float | None, float]) -> dict[str, Any]:
    listed = [
        {"stage": name.split("__")[0], "name": name.split("__")[1], "value": value,
         "threshold": threshold, "direction": "at_least"}
        for name, (value, threshold) in gates.items()
    ]  # fmt: skip
    return {"gates": listed, "figures": {}}


def known(**values: float) -> np.ndarray:
    return np.array([values.get(name, np.nan) for name in CLASSES])


def test_needs_are_read_from_red_gates_only() -> None:
    nothing = needs.Measured(known(), known(), known())
    read = report(
        bootstrap__least_class_recall=(0.1, 0.5), health__min_class_count=(30.0, 20.0),
        health__min_count_ride_bell=(5.0, 20.0), bootstrap__accuracy=(0.1, 0.9),
    )  # fmt: skip
    read["figures"]["bootstrap"] = {"recall": {"kick": {"value": 0.1}, "snare": {"value": 0.9}}}
    found = needs.needs_of_report(read, nothing)
    assert set(found) == {"bootstrap.least_class_recall", "health.min_count_ride_bell"}
    recall = dict(zip(CLASSES, found["bootstrap.least_class_recall"], strict=True))
    assert recall["kick"] == pytest.approx(0.8)
    assert sum(recall.values()) == pytest.approx(0.8)
    assert found["health.min_count_ride_bell"][CLASSES.index("ride")] == pytest.approx(0.75)
    # What the report does not say of a class, the predictions and the manifest do.
    here = needs.Measured(known(crash=0.25), known(), known(kick=5.0, snare=80.0))
    read = report(bootstrap__least_class_recall=(None, 0.5), health__min_class_count=(None, 50.0))
    found = needs.needs_of_report(read, here)
    assert found["bootstrap.least_class_recall"][CLASSES.index("crash")] == pytest.approx(0.5)
    assert found["health.min_class_count"].sum() == pytest.approx(0.9)


@pytest.mark.parametrize(
    "figures",
    [None, [], {"bootstrap": 3}, {"bootstrap": {"recall": []}},
     {"bootstrap": {"recall": {"kick": {"value": "x"}, "snare": 10**400, "ride": True}}}],
)  # fmt: skip
def test_a_report_of_any_shape_asks_for_nothing_it_does_not_say(figures: Any) -> None:
    read = {**report(bootstrap__least_class_recall=(0.0, 0.5)), "figures": figures}
    assert needs.needs_of_report(read, needs.Measured(known(), known(), known())) == {}


def test_measured_recall_agrees_with_scikit_learn() -> None:
    chance = np.random.default_rng(3)
    truth, heard = chance.random((2, 50, 12)) < 0.3
    count = np.arange(12.0)
    found = needs.measured(truth, heard, count)
    np.testing.assert_allclose(found.recall, recall_score(truth, heard, average=None))
    assert found.count is count
    assert np.isnan(needs.measured(truth[:0], heard[:0]).recall).all()


def test_the_stage_fills_its_contract_with_sounds(kits: Any) -> None:
    events = kits.drum_events[kits.drum_events["split"] == "test"].reset_index(drop=True)
    chance = np.random.default_rng(0)
    predicted = events.assign(
        true_classes=events["classes"], predicted_classes=[["ride"]] * len(events),
        probabilities=list(chance.random((len(events), 12)).astype(np.float32)),
    )  # fmt: skip
    no_drum = predicted.iloc[:2].assign(sample_id=["x", "y"], true_classes=[[], []])
    predicted = pd.concat([predicted, no_drum], ignore_index=True)
    spec = QueueSpec(count=8)
    store = MemoryStore(raw=kits.store.raw, blobs=dict(kits.store.blobs))
    made = list(rows.rows_of(predicted, kits.drum_events, spec, store))
    table = frame_of([{**row, "key": str(row["rank"])} for row in made], DRUM_LABEL_QUEUE)
    assert len(table) == 8
    assert table["blob"].notna().all()
    assert not set(table["sample_id"]) & {"x", "y"}
    assert set(table["predicted_classes"].explode()) == {"ride"}
    assert (table["effect"] > 1).all()
    assert set(table["gates"].explode()) >= {"drum_predictions.recall"}
    again = list(rows.rows_of(predicted, kits.drum_events, spec, store))
    assert json.dumps(made, default=list) == json.dumps(again, default=list)
    gone = list(rows.rows_of(predicted, kits.drum_events, spec, MemoryStore()))
    assert [row["blob"] for row in gone] == [None] * 8


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 12), st.integers(1, 12))
def test_places_are_the_nearest_event_of_their_file(seed: int, events: int, heard: int) -> None:
    chance = np.random.default_rng(seed)

    def somewhere(count: int, prefix: str, path: str) -> pd.DataFrame:
        return pd.DataFrame({
            "sample_id": [f"{prefix}{n}" for n in range(count)],
            "session_id": prefix, path: [f"{n}.wav" for n in chance.integers(0, 2, count)],
            "onset_s": chance.uniform(0, 1, count).round(3),
        })  # fmt: skip

    truth = somewhere(events, "event", "audio_path")
    table = somewhere(heard, "place", "path")
    table["true_classes"] = [[] for _ in range(heard)]
    table["probabilities"] = list(chance.random((heard, 12)))
    expected: dict[str, np.ndarray] = {}
    for row in table.to_dict("records"):
        near = [
            (abs(one["onset_s"] - row["onset_s"]), one["sample_id"])
            for one in truth.to_dict("records")
            if one["audio_path"] == row["path"] and abs(one["onset_s"] - row["onset_s"]) <= 0.05
        ]
        name = min(near)[1] if near else row["sample_id"]
        before = expected.get(name, np.zeros(12))
        expected[name] = np.maximum(before, row["probabilities"])
    found = at_events(table, truth, 0.05)
    assert found["sample_id"].tolist() == list(expected)
    for name, likely in zip(found["sample_id"], found["probabilities"], strict=True):
        np.testing.assert_array_equal(likely, expected[name])
    times = truth.set_index("sample_id")["onset_s"]
    for name, at in zip(found["sample_id"], found["onset_s"], strict=True):
        if name in times:
            assert at == times[name]


def test_a_place_in_a_file_of_a_long_name_has_a_name_that_a_manifest_takes() -> None:
    path = "a" * 250 + ".wav"
    table = pd.DataFrame([{**prediction(f"{path}@1.0000", []), "path": path}])
    truth = pd.DataFrame(columns=["audio_path", "onset_s", "sample_id", "session_id"])
    (name,) = at_events(table, truth, 0.05)["sample_id"]
    assert re.fullmatch("place-[0-9a-f]{24}", name)
