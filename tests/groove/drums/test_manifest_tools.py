"""What is done to whole manifests, held against brute force and known answers."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.drums.manifest import annotate, compare, corpus, merge, negatives, openness, weights
from groove.drums.manifest.negatives import DRUM_HARD_NEGATIVES
from groove.drums.manifest.predicted import negative_lines, read_predictions
from groove.drums.manifest.schema import Component, Event, ManifestError
from groove.drums.manifest.spec import AnnotateSpec, NegativeSpec, WeightSpec
from groove.drums.manifest.table import DRUM_MANIFEST_STAGE, events_of, table_of
from groove.drums.manifest.weights import DRUM_SESSION_WEIGHTS
from groove.drums.techniques import INFERRED
from groove.midi.taxonomy import CLASSES, LABELS


def event(name: str, onset: float, *struck: str | tuple[str, float], **more: Any) -> Event:
    parts = [
        Component(label=s) if isinstance(s, str) else Component(label=s[0], velocity=s[1])
        for s in struck
    ]
    about: dict[str, Any] = {"session_id": "s", "audio_path": "a.wav", **more}
    return Event(sample_id=name, onset_time=onset, components=parts, **about)


def source(*events: Event) -> Callable[[], Iterator[Event]]:
    return lambda: iter(events)


def found_in(*events: Event) -> dict[str, set[str]]:
    masks = annotate.techniques_of(annotate.notes_of(events))
    return {
        e.sample_id: set(e.techniques) for e in annotate.annotated(events, masks) if e.techniques
    }


# Merging


def test_merge_drops_repeats_by_identity_and_content_and_tells_contradictions() -> None:
    one, two = event("a", 1.0, "kick"), event("b", 2.0, "snare")
    renamed = event("c", 2.00001, "SD")
    other = event("a", 1.0, "crash")
    sources = {"x": source(one, two), "y": source(one, renamed, other), "z": source(other)}
    plan = merge.plan_merge(sources)
    assert [e.sample_id for e in merge.merged(sources, plan)] == ["a", "b"]
    assert plan.report["kept"] == {"x": 2, "y": 0, "z": 0}
    assert plan.report["repeated_identity"] == 1
    assert plan.report["repeated_content"] == 1
    assert plan.report["conflicts"] == 2
    example = plan.report["examples"][0]
    assert (example["sample_id"], example["kept"], example["left_out"]) == ("a", "x", "y")
    assert list(example["fields"]) == ["components"]
    json.dumps(plan.report)


def test_merge_of_nothing() -> None:
    assert merge.plan_merge({}).report["total"] == 0
    assert merge.plan_merge({"x": source()}).report["total"] == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=6), max_size=3))
def test_merge_keeps_each_identity_and_each_content_once(
    parts: list[list[tuple[int, int]]],
) -> None:
    sources = {
        str(n): source(*(event(str(name), float(onset), "kick") for name, onset in part))
        for n, part in enumerate(parts)
    }
    kept = list(merge.merged(sources, merge.plan_merge(sources)))
    # The plain rule, event by event.
    names: set[str] = set()
    contents: set[str] = set()
    wanted = []
    for events in sources.values():
        for one in events():
            if one.sample_id in names:
                continue
            names.add(one.sample_id)
            if merge.content_of(one) in contents:
                continue
            contents.add(merge.content_of(one))
            wanted.append(one)
    assert kept == wanted


# Comparing


def test_compare_counts_what_came_went_and_changed() -> None:
    before = [event("a", 1.0, "kick"), event("b", 2.0, "snare", techniques=["flam"]),
              event("c", 3.0, "kick", session_id="old")]  # fmt: skip
    after = [event("a", 1.5, "kick"), event("b", 2.0, "snare", techniques=["flam"]),
             event("d", 3.0, "kick", "theremin", session_id="new", techniques=["drag"])]  # fmt: skip
    found = compare.compare(compare.summarise(before), compare.summarise(after))
    assert found["events"] == {
        "before": 3, "after": 3, "delta": 0, "added": 1, "removed": 1, "changed": 1,
    }  # fmt: skip
    assert found["sessions"]["added"] == {"new": 1}
    assert found["sessions"]["removed"] == {"old": 1}
    assert found["techniques"]["added"] == {"drag": 1}
    assert found["unknown_labels"]["added"] == {"theremin": 1}
    assert found["components"]["changed"] == {}
    json.dumps(found)
    assert "new  0 -> 1 (+1)" in compare.as_text(found)


def test_a_manifest_is_the_same_as_itself() -> None:
    events = [event("a", 1.0, "kick"), event("b", 2.0, "snare")]
    found = compare.compare(compare.summarise(events), compare.summarise(events))
    assert all(not found[name][kind] for name in compare.ASPECTS
               for kind in ("added", "removed", "changed"))  # fmt: skip


# Techniques


def test_a_bark_is_an_open_hihat_closed_within_its_time() -> None:
    barks = (event("a", 1.0, "hihat_open"), event("b", 1.2, "hihat_pedal"))
    assert found_in(*barks) == {"a": {"hihat_bark"}}
    assert found_in(barks[1], barks[0]) == {"a": {"hihat_bark"}}
    assert found_in(barks[0], event("b", 1.21, "hihat_closed")) == {}
    assert found_in(barks[0], event("b", 1.1, "hihat_closed", session_id="t")) == {}
    assert found_in(barks[0], event("b", 1.1, "hihat_closed", audio_path="b.wav")) == {}


def test_changes_of_meter_and_tempo() -> None:
    assert found_in(
        event("a", 0.0, "kick", meter="4/4", tempo_bpm=120.0),
        event("b", 1.0, "kick"),
        event("c", 2.0, "kick", meter="7/8", tempo_bpm=121.0),
        event("d", 3.0, "kick", meter="7/8", tempo_bpm=180.0),
        event("e", 4.0, "kick", session_id="t", meter="3/4", tempo_bpm=90.0),
    ) == {"c": {"variable_meter"}, "d": {"metric_modulation"}}


@settings(max_examples=200, deadline=None)
@given(st.floats(0.2, 5.0))
def test_modulations_are_near_fractions_other_than_one(ratio: float) -> None:
    simple = {Fraction(n, d) for d in range(1, 9) for n in range(1, 8 * d)} - {Fraction(1)}
    distance = min(abs(ratio - float(f)) for f in simple)
    if math.isclose(distance, 0.025, abs_tol=1e-9):
        return
    wanted = distance <= 0.025 and abs(ratio - 1) > 0.01
    assert annotate.is_modulation(np.array([ratio]), AnnotateSpec()).tolist() == [wanted]


def test_two_cymbals_of_a_class() -> None:
    layered = {"multi_cymbal_same_class"}
    assert found_in(event("a", 1.0, "crash", "crash")) == {"a": layered}
    assert found_in(event("a", 1.0, "crash", "china")) == {"a": layered}
    assert found_in(event("a", 1.0, "crash"), event("b", 1.02, "splash")) == {
        "a": layered, "b": layered,
    }  # fmt: skip
    assert found_in(event("a", 1.0, "crash", "ride_bow")) == {}
    assert found_in(event("a", 1.0, "crash"), event("b", 1.02, "crash")) == {}


def test_grace_strokes_and_ghosts() -> None:
    assert found_in(event("a", 1.0, ("snare", 0.4)), event("b", 1.03, ("snare", 0.9))) == {
        "b": {"flam"}
    }
    assert found_in(event("a", 1.0, ("snare", 0.9)), event("b", 1.03, ("snare", 0.9))) == {}
    assert found_in(
        event("a", 1.0, ("snare", 0.3)), event("b", 1.06, ("snare", 0.35)),
        event("c", 1.12, ("snare", 0.9)),
    ) == {"c": {"drag"}}  # fmt: skip
    assert found_in(event("a", 1.0, ("snare", 0.2)), event("b", 2.0, ("kick", 0.2))) == {
        "a": {"ghost_note"}
    }
    assert found_in(event("a", 1.0, "snare")) == {}


def test_annotating_twice_changes_nothing_and_fresh_takes_away() -> None:
    events = [event("a", 1.0, "hihat_open", techniques=["flam", "own"]),
              event("b", 1.1, "hihat_closed")]  # fmt: skip
    masks = annotate.techniques_of(annotate.notes_of(events))
    once = list(annotate.annotated(events, masks))
    assert once[0].techniques == ["flam", "hihat_bark", "own"]
    assert list(annotate.annotated(once, masks)) == once
    assert next(annotate.annotated(once, masks, fresh=True)).techniques == ["hihat_bark", "own"]
    assert annotate.counts_of(masks)["hihat_bark"] == 1
    assert len(annotate.techniques_of(annotate.notes_of([]))) == 0


HITS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 60), st.sampled_from(LABELS)), max_size=25
)


@settings(max_examples=100, deadline=None)
@given(HITS)
def test_barks_and_layers_by_brute_force(hits: list[tuple[int, int, str]]) -> None:
    events = [
        event(str(n), 0.01 * time, label, session_id=str(session))
        for n, (session, time, label) in enumerate(hits)
    ]
    masks = annotate.techniques_of(annotate.notes_of(events))
    cymbals = {"crash": "crash", "splash": "crash", "china": "crash",
               "ride_bow": "ride", "ride_bell": "ride"}  # fmt: skip
    for n, (session, time, label) in enumerate(hits):
        near = [(t, other) for s, t, other in hits if s == session]
        bark = label == "hihat_open" and any(
            0 < t - time <= 20 and other in ("hihat_closed", "hihat_pedal") for t, other in near
        )
        assert bool(masks[n] & (1 << INFERRED.index("hihat_bark"))) == bark
        layer = bool(masks[n] & (1 << INFERRED.index("multi_cymbal_same_class")))
        if layer:
            # Neighbours in time are compared, so every one found has another within reach.
            assert any(
                abs(t - time) <= 3 and other != label and cymbals.get(other) == cymbals.get(label)
                for t, other in near
            )


# Openness


CURVES = {
    "schema": 1,
    "curves": [
        {"id": "td", "vendor": "Roland", "model": "TD-11", "points": [[0, 1.0], [90, 0.0]]},
        {"id": "any-roland", "vendor": "Roland", "points": [[0, 1.0], [127, 0.0]]},
    ],
}


def hat(name: str, raw: float, model: str | None = "td-11", **more: Any) -> Event:
    part = Component(label="hihat_open", openness_raw=raw, **more)
    about: dict[str, Any] = {"session_id": "s", "audio_path": "a.wav", "device_vendor": "ROLAND"}
    return Event(sample_id=name, onset_time=0.0, components=[part], device_model=model, **about)


def test_openness_is_piecewise_linear_clamped_and_by_device(tmp_path: Path) -> None:
    path = tmp_path / "curves.json"
    path.write_text(json.dumps(CURVES))
    curves = openness.load_curves(path)
    events = [
        hat("a", 45), hat("b", 120), hat("c", 127, None), event("d", 0.0, "kick"),
        hat("e", 10, openness=0.2, openness_calibrated=True),
    ]  # fmt: skip
    counts: Counter[str] = Counter()
    made = list(openness.calibrated(events, curves, counts))
    assert [e.components[0].openness for e in made] == [0.5, 0.0, 0.0, None, 0.2]
    assert made[0].components[0].openness_curve_id == "td"
    assert counts["updated"] == 3
    assert counts["already"] == 1
    assert made[3] is events[3]
    stranger = hat("x", 5).model_copy(update={"device_vendor": "Other"})
    assert list(openness.calibrated([stranger], curves, counts)) == [stranger]
    assert counts["without_curve"] == 1
    assert list(openness.calibrated(made, curves, Counter())) == made


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.integers(0, 127), st.floats(0, 1), min_size=2, max_size=6),
    st.floats(0, 127),
)
def test_a_curve_stays_between_its_points(points: dict[int, float], raw: float) -> None:
    curve = openness.Curve(id="c", points=sorted(points.items()))
    assert min(points.values()) - 1e-12 <= curve(raw) <= max(points.values()) + 1e-12


@pytest.mark.parametrize(
    "points", [[[0, 1.0]], [[5, 0.0], [5, 1.0]], [[0, 0.0], [200, 1.0]], [[0, 2.0], [1, 0.0]]]
)
def test_curves_that_mean_nothing_are_refused(tmp_path: Path, points: Any) -> None:
    path = tmp_path / "curves.json"
    path.write_text(json.dumps({"schema": 1, "curves": [{"id": "a", "points": points}]}))
    with pytest.raises(openness.CurveError, match=r"curves\.json: curves\.0"):
        openness.load_curves(path)


# Weights


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=4), st.integers(1, 10**7), min_size=1))
def test_weights_follow_the_formula_and_survive_their_file(counts: dict[str, int]) -> None:
    found = weights.weights_of(counts)
    for name, count in counts.items():
        assert found[name] == pytest.approx(min(max((count + 1) ** -0.5, 0.05), 0.5))
    assert weights.from_json(weights.to_json(counts)) == found


def test_a_draw_follows_the_weights() -> None:
    sessions = ["long"] * 399 + ["short"] * 24
    found = weights.weights_of(sessions, WeightSpec(lowest=1e-6, highest=10))
    chances = weights.event_chances(sessions, found)
    assert chances.sum() == pytest.approx(1)
    # Sixteen times the events (with smoothing): four times the draws.
    assert chances[:399].sum() / chances[399:].sum() == pytest.approx(399 / 24 / 4)
    with pytest.raises(weights.WeightError, match="no weight"):
        weights.event_chances(["other"], found)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 1, "weights": {"a": -1}}',
             '{"schema": 1, "weights": {"a": NaN}}', '{"schema": 1, "weights": {"a": true}}']
)  # fmt: skip
def test_what_are_no_weights_is_refused(text: str) -> None:
    with pytest.raises(weights.WeightError):
        weights.from_json(text)
    with pytest.raises(weights.WeightError):
        weights.weights_of({"a": 1}, WeightSpec(lowest=1.0, highest=0.5))


# Hard negatives


def prediction(
    name: str, true: list[str], at: float = 0.0, session: str = "s", **likely: float
) -> dict[str, Any]:
    return {
        "sample_id": name, "session_id": session, "path": f"{session}.wav", "onset_s": at,
        "true_classes": true, "probabilities": [likely.get(name, 0.0) for name in CLASSES],
    }  # fmt: skip


def test_negatives_are_confident_wrong_and_ranked_by_loss() -> None:
    table = pd.DataFrame([
        prediction("right", ["kick"], kick=0.99),
        prediction("unsure", ["kick"], snare=0.69),
        prediction("bad", ["kick"], snare=0.7, kick=0.9),
        prediction("worse", ["kick"], snare=0.95),
        prediction("both", [], snare=0.8, crash=0.9),
    ])  # fmt: skip
    found = negatives.hard_negatives(table, NegativeSpec(diversity=0))
    listed = list(zip(found["predicted"], found["rank"], found["sample_id"], strict=True))
    assert listed == [
        ("snare", 1, "worse"), ("snare", 2, "both"), ("snare", 3, "bad"), ("crash", 1, "both"),
    ]  # fmt: skip
    assert found["loss"].iloc[0] == pytest.approx(-math.log(0.05))
    assert negative_lines(found).count(b"\n") == 4
    capped = negatives.hard_negatives(table, NegativeSpec(per_label=1))
    assert capped["sample_id"].tolist() == ["worse", "both"]
    assert len(negatives.hard_negatives(table.iloc[:0])) == 0


def test_diverse_negatives_cover_groups_that_loss_alone_would_miss() -> None:
    rows = [prediction(f"a{n}", [], 0.1 * n, "loud", snare=0.99 - 0.001 * n) for n in range(50)]
    rows += [prediction(f"b{n}", [], 0.1 * n, f"rare{n}", snare=0.75) for n in range(5)]
    table = pd.DataFrame(rows)
    features = np.zeros((55, 4))
    features[50:] = 5 * np.random.default_rng(0).normal(size=(5, 4))
    plain = negatives.hard_negatives(table, NegativeSpec(per_label=6, diversity=0), features)
    mixed = negatives.hard_negatives(table, NegativeSpec(per_label=6, diversity=0.7), features)
    assert set(plain["session_id"]) == {"loud"}
    assert mixed["sample_id"].iloc[0] == "a0"
    assert len(set(mixed["session_id"])) >= 5


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 10), st.floats(-5, 5)), min_size=1, max_size=20))
def test_farthest_point_order_by_brute_force(points: list[tuple[float, float]]) -> None:
    loss = np.array([p[0] for p in points])
    space = np.array([[p[1]] for p in points])
    order, novelty = negatives.ranked(loss, space, len(points), 1.0)
    assert sorted(order.tolist()) == list(range(len(points)))
    assert order[0] == int(np.argmax(loss))
    for turn in range(1, len(order)):
        to_chosen = np.abs(space - space[order[:turn]].T).min(axis=1)
        to_chosen[order[:turn]] = -1
        assert to_chosen[order[turn]] == pytest.approx(to_chosen.max())
        assert novelty[turn] == pytest.approx(to_chosen.max())


def test_predictions_are_matched_by_identity_or_by_time() -> None:
    truth = table_of([event("a", 1.0, "kick"), event("b", 1.04, "hihat_closed"),
                      event("c", 3.0, "snare")])  # fmt: skip
    lines = [
        {"sample_id": "a", "label": "SD", "confidence": 0.9},
        {"sample_id": "a", "label": "crash", "confidence": 0.2},
        {"audio_path": "a.wav", "onset_time": 3.02, "probabilities": {"snare": 0.9, "HH": 0.8}},
        {"audio_path": "a.wav", "onset_time": 9.0, "label": "kick", "confidence": 0.75},
    ]
    data = b"".join(json.dumps(row).encode() + b"\n" for row in lines)
    rows = negatives.matched(read_predictions(data), truth, 0.05)
    assert rows["true_classes"].tolist() == [["kick", "hihat_closed"], ["snare"], []]
    found = negatives.hard_negatives(rows)
    assert dict(zip(found["predicted"], found["sample_id"], strict=True)) == {
        "snare": "a", "hihat_closed": "a.wav@3.0200", "kick": "a.wav@9.0000",
    }  # fmt: skip
    with pytest.raises(ValueError, match="no event"):
        negatives.matched([{"sample_id": "z", "probabilities": {}}], truth, 0.05)


@pytest.mark.parametrize(
    "row", [{}, {"sample_id": "a"}, {"sample_id": "a", "label": "kick"},
            {"sample_id": "a", "label": "zither", "confidence": 0.5},
            {"audio_path": "../a.wav", "onset_time": 1.0, "label": "kick", "confidence": 0.5},
            {"sample_id": "a", "label": "kick", "confidence": 1.5}]
)  # fmt: skip
def test_predictions_that_say_too_little_are_refused_by_line(row: dict[str, Any]) -> None:
    with pytest.raises(ManifestError, match="line 1"):
        read_predictions(json.dumps(row).encode())


# As stages


def test_stage_functions_fill_their_contracts() -> None:
    drum_events = pd.DataFrame([
        {"sample_id": str(n), "session_id": "song", "kit_id": "font", "source": "x",
         "license": "CC0-1.0", "is_synthetic": True, "blob": "ab12.flac" if n else None,
         "path": "hits/a.wav", "onset_s": 0.1 * n, "labels": ["hihat_closed" if n else "hihat_open"],
         "velocities": [0.5] if n else None, "techniques": [], "origin": "song", "split": "train",
         "content": "0" * 64 + ".flac" * bool(n), "split_group": "author"}
        for n in range(3)
    ])  # fmt: skip
    store = MemoryStore()

    def staged(rows: Iterator[dict[str, Any]], contract: Any) -> pd.DataFrame:
        return frame_of([{**row, "key": "k"} for row in rows], contract)

    made = staged(corpus.rows_of(drum_events, AnnotateSpec(), store), DRUM_MANIFEST_STAGE)
    assert made["audio_path"].tolist() == ["hits/a.wav", *["blobs/ab/ab12.flac"] * 2]
    assert set(made["audio_sha256"]) == {"0" * 64}
    assert {event.split_group for event in events_of(made)} == {"author"}
    assert corpus.class_counts(made).loc["hihat_closed", "train"] == 2
    assert not len(corpus.technique_counts(made))
    played = made.assign(techniques=[["flam"], ["flam", "drag"], []], session_id=["a", "b", "b"])
    assert corpus.technique_counts(played).to_dict("index") == {
        "flam": {"events": 2, "sessions": 2}, "drag": {"events": 1, "sessions": 1},
    }  # fmt: skip
    weighed = staged(weights.rows_of(drum_events, WeightSpec(), store), DRUM_SESSION_WEIGHTS)
    assert weighed["weight"].tolist() == [0.5]
    assert weights.summary(weighed)["effective_sessions"] == pytest.approx(1)
    table = pd.DataFrame([prediction("bad", ["kick"], snare=0.9)])
    ranked = staged(negatives.rows_of(table, NegativeSpec(), store), DRUM_HARD_NEGATIVES)
    assert ranked["rank"].tolist() == [1]
    assert negatives.confusions(ranked).loc["kick", "snare"] == 1


def test_weights_draw_from_more_sessions_than_counts_do() -> None:
    counts = {"long": 9000, **{f"s{n}": 100 for n in range(9)}}
    events = pd.DataFrame({"session_id": [name for name, n in counts.items() for _ in range(n)]})
    rows = pd.DataFrame(weights.rows_of(events, WeightSpec(lowest=0.001), MemoryStore()))
    found = weights.shares(rows.assign(key="k"))
    assert found["session_id"].iloc[0] == "long"
    assert found[["events_share", "drawn_share"]].sum().tolist() == pytest.approx([1, 1])
    # sqrt(9000) against nine times sqrt(100), nearly: the share falls from 0.91 to 0.51.
    assert found["events_share"].iloc[0] == pytest.approx(9000 / 9900)
    assert found["drawn_share"].iloc[0] == pytest.approx(94.9 / (94.9 + 90), abs=0.01)
    about = weights.summary(rows.assign(key="k"))
    assert about["effective_sessions_unweighted"] < 1.3
    assert about["effective_sessions"] > 3
