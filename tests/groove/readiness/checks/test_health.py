"""Health, coverage, leakage and the baseline: counts of small manifests, both ways round."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from groove.audio.signature import signature
from groove.core.gates import Gate
from groove.midi.taxonomy import CLASSES
from groove.readiness.checks import baseline, coverage, health, leakage
from groove.readiness.checks.spec import BaselineSpec, CoverageSpec, HealthSpec, LeakageSpec


def hit(number: int, klass: str | None = "kick", **columns: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(health.EVENTS)
    row |= {
        "sample_id": f"e{number}", "session_id": f"s{number % 3}", "kit_id": f"k{number % 4}",
        "audio_path": f"{number}.wav", "onset_s": 0.0, "label": klass or "gong", "klass": klass,
        "is_synthetic": False, "techniques": [],
    }  # fmt: skip
    return row | columns


def manifest(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(health.EVENTS))
    return table.astype({"openness": float, "lufs": float, "peak_dbfs": float})


def contents(events: pd.DataFrame) -> dict[str, str]:
    return {path: f"content of {path}" for path in events["audio_path"]}


def full(each: int = 4) -> pd.DataFrame:
    rows = [
        hit(each * place + number, klass, is_synthetic=number == 0)
        for place, klass in enumerate(CLASSES)
        for number in range(each)
    ]
    return manifest(rows)


SPEC = HealthSpec(min_class_count=4, duplication_rate=0.05)


def verdicts(events: pd.DataFrame, spec: HealthSpec = SPEC) -> dict[str, Gate]:
    found = health.measure(events, contents(events), {})
    return {gate.name: gate for gate in health.gates(found, spec)}


def test_counts_are_those_of_the_rows() -> None:
    rows = [
        hit(0, "kick", dynamic_bucket="ghost", peak_dbfs=0.0, lufs=-10.0),
        hit(1, "kick", dynamic_bucket="accent", is_synthetic=True, peak_dbfs=-6.0, lufs=-20.0),
        hit(2, "hihat_open", openness=1.0, techniques=["hihat_bark", "flam"]),
        hit(3, "hihat_open", openness=0.15, techniques=["flam"]),
        hit(4, None),
    ]
    found = health.measure(manifest(rows), None, {"splits": {"train": 3.5}})
    assert found["by_class"]["kick"] == {"real": 1, "synthetic": 1, "total": 2}
    assert found["by_class"]["snare"]["total"] == 0
    assert found["unknown_labels"] == {"gong": 1}
    assert found["dynamics"] == {"accent": 1, "ghost": 1}
    assert found["openness"] == [0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert found["techniques"] == {"flam": 2, "hihat_bark": 1}
    assert found["loudness"]["lufs_median"] == pytest.approx(-15.0)
    assert found["loudness"]["clipped_share"] == 0.5
    assert found["durations_s"] == {"splits": {"train": 3.5}}
    assert found["duplicates"] is None
    json.dumps(found, allow_nan=False)


def test_a_healthy_manifest_passes() -> None:
    assert all(gate.passed for gate in verdicts(full()).values())


def test_repeats_are_found_by_content_though_ids_and_names_differ() -> None:
    events = full()
    again = events.iloc[:3].assign(
        sample_id=["x", "y", "z"], audio_path=["a.wav", "b.wav", "c.wav"]
    )
    both = pd.concat([events, again], ignore_index=True)
    hashes = contents(events) | {
        copy: f"content of {path}"
        for copy, path in zip(again["audio_path"], events["audio_path"], strict=False)
    }
    found = health.measure(both, hashes, {})
    assert found["duplicates"] == {"count": 3, "rate": 3 / 51, "examples": ["x", "y", "z"]}
    gate = {gate.name: gate for gate in health.gates(found, SPEC)}["duplication_rate"]
    assert not gate.passed
    # One file with several strokes, and two drums at once, are no repeats.
    strokes = manifest(
        [hit(0, audio_path="a.wav", onset_s=onset) for onset in (0.0, 0.5)]
        + [hit(0, "snare", audio_path="a.wav")]
    )
    assert health.measure(strokes, contents(strokes), {})["duplicates"]["count"] == 0


def test_without_audio_nothing_is_said_of_repeats() -> None:
    found = health.measure(full(), None, {})
    gate = {gate.name: gate for gate in health.gates(found, SPEC)}["duplication_rate"]
    assert gate.value is None
    assert not gate.passed
    assert "audio" in gate.note


@pytest.mark.parametrize(
    ("setting", "gate", "passes"),
    [
        ({"min_class_count": 5}, "min_class_count", False),
        ({"min_counts": {"kick": 5}}, "min_count_kick", False),
        ({"min_counts": {"kick": 4}}, "min_count_kick", True),
        ({"min_counts": {"ride_bell": 1}}, "min_count_ride_bell", False),
        ({"required_labels": ["kick", "ride_bell"]}, "required_labels", False),
        ({"required_labels": ["kick"]}, "required_labels", True),
        ({"required_techniques": ["hihat_bark"]}, "required_techniques", False),
    ],
)
def test_each_threshold_is_a_gate(setting: dict[str, Any], gate: str, passes: bool) -> None:
    assert verdicts(full(), SPEC.model_copy(update=setting))[gate].passed == passes


def test_where_nothing_is_required_there_is_no_gate_of_it() -> None:
    assert not [name for name in verdicts(full(), SPEC) if name.startswith("required_")]
    assert [line.split(":")[0] for line in health.not_required(SPEC)] == [
        "required_labels",
        "required_techniques",
    ]
    asked = SPEC.model_copy(update={"required_labels": ["kick"]})
    assert [line.split(":")[0] for line in health.not_required(asked)] == ["required_techniques"]


def test_unknown_labels_are_counted_and_named() -> None:
    events = pd.concat([full(), manifest([hit(99, None)])], ignore_index=True)
    gate = verdicts(events)["unknown_labels"]
    assert (gate.value, gate.passed) == (1.0, False)
    assert "gong" in gate.note


def test_an_empty_or_missing_manifest_is_red() -> None:
    assert not any(gate.passed for gate in verdicts(manifest([])).values())
    assert not any(gate.passed for gate in health.gates(None, SPEC, "no manifest"))


def test_coverage_counts_kits_that_were_recorded() -> None:
    spec = CoverageSpec(groups_per_class=3, techniques=["flam", "hihat_bark"])
    events = full()
    events["techniques"] = [["flam"]] * len(events)
    found = coverage.measure(events, spec)
    assert found is not None
    # Of the four kits of each class, one is synthetic.
    assert set(found["groups_by_class"].values()) == {3}
    assert found["hits_by_technique"] == {"flam": 48, "hihat_bark": 0}
    assert all(gate.passed for gate in coverage.gates(found, spec))
    few = events[~((events["klass"] == "snare") & (events["kit_id"] == "k1"))]
    judged = coverage.gates(coverage.measure(few, spec), spec)
    assert not judged[0].passed
    assert "snare" in judged[0].note
    strict = spec.model_copy(update={"technique_share": 0.6})
    assert not coverage.gates(coverage.measure(events, strict), strict)[1].passed
    assert coverage.measure(manifest([]), spec) is None
    assert not any(gate.passed for gate in coverage.gates(None, spec, "no manifest"))


RATE = 16_000


def sound(seed: int, gain: float = 1.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    course = np.arange(RATE // 2) / RATE
    tone = np.sin(2 * np.pi * (150 + 90 * seed) * course) + random.normal(size=len(course))
    return (0.2 * gain * tone * np.exp(-course / 0.1)).astype(np.float32)


def sides(train: list[str], test: list[str]) -> pd.DataFrame:
    rows = [
        hit(number, audio_path=path, split=side, session_id=f"{side}{number}", kit_id=side)
        for side, paths in (("train", train), ("test", test))
        for number, path in enumerate(paths)
    ]
    return manifest(rows)


def audit(events: pd.DataFrame, sounds: dict[str, np.ndarray]) -> dict[str, Gate]:
    spec = LeakageSpec()
    hashes = {path: str(hash(samples.tobytes())) for path, samples in sounds.items()}
    marks = {path: signature(samples, RATE) for path, samples in sounds.items()}
    found = leakage.measure(events, hashes, marks, spec.groups)
    return {gate.name: gate for gate in leakage.gates(found, spec)}


def test_a_clean_split_passes() -> None:
    sounds = {"a.wav": sound(1), "b.wav": sound(2), "c.wav": sound(3)}
    assert all(gate.passed for gate in audit(sides(["a.wav", "b.wav"], ["c.wav"]), sounds).values())


def test_a_copy_on_the_other_side_is_found_whatever_it_is_called() -> None:
    sounds = {"a.wav": sound(1), "b.wav": sound(2), "copy.wav": sound(1)}
    judged = audit(sides(["a.wav", "b.wav"], ["copy.wav"]), sounds)
    assert (judged["contents"].value, judged["contents"].passed) == (1.0, False)
    assert "a.wav" in judged["contents"].note
    assert "copy.wav" in judged["contents"].note
    # On one side it is a repeat, but no leak.
    assert audit(sides(["a.wav", "copy.wav"], ["b.wav"]), sounds)["contents"].passed


def test_a_quieter_copy_is_a_near_duplicate() -> None:
    sounds = {"a.wav": sound(1), "quiet.wav": sound(1, 0.31), "b.wav": sound(2)}
    judged = audit(sides(["a.wav"], ["quiet.wav", "b.wav"]), sounds)
    assert judged["contents"].passed
    assert (judged["near_duplicates"].value, judged["near_duplicates"].passed) == (1.0, False)


def test_a_kit_on_two_sides_is_named() -> None:
    events = sides(["a.wav"], ["b.wav"]).assign(kit_id="pearl")
    judged = audit(events, {"a.wav": sound(1), "b.wav": sound(2)})
    assert not judged["kit_id"].passed
    assert "pearl" in judged["kit_id"].note
    assert judged["session_id"].passed


def test_what_cannot_be_audited_is_red() -> None:
    spec = LeakageSpec()
    events = sides(["a.wav"], ["b.wav"])
    silent = leakage.gates(leakage.measure(events, None, None, spec.groups), spec)
    assert {gate.name for gate in silent if not gate.passed} == {"contents", "near_duplicates"}
    assert leakage.measure(sides(["a.wav"], []), {}, {}, spec.groups) is None
    assert not any(gate.passed for gate in leakage.gates(None, spec))
    nameless = leakage.measure(events.assign(kit_id=None), None, None, spec.groups)
    judged = {gate.name: gate for gate in leakage.gates(nameless, spec)}
    assert judged["kit_id"].value is None


def report(counts: dict[str, int], green: bool = True, unknown: int = 0) -> dict[str, Any]:
    gate = Gate(
        name="ece", stage="c", value=0.1 if green else 0.9, threshold=0.5, direction="at_most"
    )
    by_class = {name: {"real": n, "synthetic": 0, "total": n} for name, n in counts.items()}
    figures = {"health": {"by_class": by_class, "unknown_labels": {"gong": unknown}}}
    return {"gates": [gate.as_json()], "figures": figures}


@pytest.mark.parametrize(
    ("after", "failing"),
    [
        (report({"kick": 100, "snare": 90}), set()),
        (report({"kick": 75, "snare": 200}), set()),
        (report({"kick": 74, "snare": 100}), {"class_drop"}),
        (report({"snare": 100}), {"class_drop"}),
        (report({"kick": 100, "snare": 100}, green=False), {"newly_failing_gates"}),
        (report({"kick": 100, "snare": 100}, unknown=1), {"more_unknown_labels"}),
        ({"gates": report({})["gates"], "figures": {}}, {"class_drop", "more_unknown_labels"}),
        ({"gates": [], "figures": report({"kick": 100, "snare": 100})["figures"]}, {"newly_failing_gates"}),
    ],
)  # fmt: skip
def test_what_got_worse_is_red(after: dict[str, Any], failing: set[str]) -> None:
    before, spec = report({"kick": 100, "snare": 100}), BaselineSpec()
    judged = baseline.gates(baseline.measure(before, after, spec), spec)
    assert {gate.name for gate in judged if not gate.passed} == failing


def test_a_forged_verdict_is_not_believed_and_ignored_labels_may_drop() -> None:
    before, after = report({"kick": 100}), report({"kick": 1}, green=False)
    after["gates"][0]["passed"] = True
    spec = BaselineSpec(ignore_labels=["kick"])
    judged = {
        gate.name: gate for gate in baseline.gates(baseline.measure(before, after, spec), spec)
    }
    assert judged["class_drop"].passed
    assert not judged["newly_failing_gates"].passed
    assert "c.ece" in judged["newly_failing_gates"].note
    assert not any(gate.passed for gate in baseline.gates(None, spec, "no baseline"))
