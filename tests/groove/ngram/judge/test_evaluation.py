"""The whole report on a small model."""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.ngram import quality
from groove.ngram.judge import evaluation, table
from groove.ngram.judge.pictures import shown
from groove.ngram.language.codec import pack
from groove.ngram.language.model import GrooveModel
from groove.ngram.spec import EvaluationSpec
from groove.ngram.tables import GROOVE_EVALUATION

Make = Callable[..., Any]


@pytest.fixture(scope="module")
def report(model: GrooveModel, held_out: pd.DataFrame, small: EvaluationSpec) -> dict[str, Any]:
    return evaluation.evaluate(model, held_out, small)


def test_a_report_is_plain_data_and_repeatable(
    report: dict[str, Any], model: GrooveModel, held_out: pd.DataFrame, small: EvaluationSpec
) -> None:
    text = evaluation.as_json(report)
    assert json.loads(text) == report
    assert evaluation.as_json(evaluation.evaluate(model, held_out, small)) == text


def test_the_model_beats_references_on_the_same_bars(report: dict[str, Any]) -> None:
    reference = report["reference"]
    assert set(reference) == set(evaluation.REFERENCES)
    assert reference["uniform"]["perplexity"] == pytest.approx(208)
    best = reference["kneser_ney_6"]
    assert report["perplexity_16x13"] < best["perplexity"] < reference["order0"]["perplexity"]
    assert report["bits_per_bar_16x13"] < best["bits_per_bar"]
    assert report["perplexity_16x13"] <= report["perplexity_16x13_all_labels"]
    assert report["sum_to_one_max_error"] < 1e-9
    total = report["bits_per_bar"] * report["bars"]
    assert total == pytest.approx(report["bits_per_event"] * report["events"])
    assert total == pytest.approx(report["bits_per_hit"] * report["hits"])


def test_drawn_grooves_are_nearer_than_senseless_ones(report: dict[str, Any]) -> None:
    found, anchors = report["distance"], report["distance_anchors"]
    assert found["total"]["value"] < anchors["shuffled"]["total"]
    assert found["joint"]["value"] < anchors["shuffled"]["joint"]
    assert report["metrics"]["drawn"]["blec"] < 0.5


def test_styles_are_heard_and_help(report: dict[str, Any]) -> None:
    named = report["conditioning"]
    assert named["styles"] == ["bossa", "rock"]
    assert named["chance"] == 0.5
    assert named["accuracy"] >= named["low"] > named["chance"]
    assert sum(map(sum, named["confusion"])) == named["grooves"] == 24
    for bits in report["by_style"].values():
        assert bits["right"] < bits["none"] < bits["wrong"]


def test_copies_are_named(report: dict[str, Any]) -> None:
    assert report["memorised_max_hits"] > 0
    assert report["memorised_file"].startswith("loops/")
    assert report["memorised_license"] == "CC0-1.0"
    assert report["memorisation"]["played"]["grooves"] > 0


def test_the_row_has_its_gates(
    model: GrooveModel, bars: pd.DataFrame, small: EvaluationSpec, report: dict[str, Any]
) -> None:
    store = MemoryStore()
    trained = pd.DataFrame({"model_id": ["m"], "blob": [store.write(pack(model), ".parquet")]})
    rows = table.judge(trained, bars, spec=small, store=store)
    found = frame_of([{"key": "e", **row} for row in rows], GROOVE_EVALUATION)
    gates = {gate.name: gate for gate in (g(found) for g in quality.GATES["groove_evaluation"])}
    assert gates["groove_perplexity"].passed
    assert gates["groove_sum_to_one"].passed
    assert gates["groove_distance"].passed
    assert gates["groove_conditioning"].passed
    copied = gates["groove_memorisation"]
    assert copied.value == table.report_of(found)["copied_share"] == report["copied_share"]
    assert copied.value * small.grooves == pytest.approx(round(copied.value * small.grooves))
    assert copied.passed == (copied.value <= quality.MAX_COPIED)
    worse = found.assign(
        perplexity_16x13=100.0,
        sum_to_one_max_error=0.1,
        copied_share=0.9,
        distance_high=9.0,
        style_accuracy_low=0.1,
    )
    assert not any(gate(worse).passed for gate in quality.GATES["groove_evaluation"])
    unmeasured = found.assign(copied_share=None, style_accuracy_low=None, distance_high=None)
    assert not quality.grooves_are_no_copies(unmeasured).passed
    assert not quality.styles_are_heard(unmeasured).passed
    assert not quality.grooves_are_like_played(unmeasured).passed
    assert all(data.startswith(b"\x89PNG") for data in shown(table.report_of(found)).values())
    assert len(shown(table.report_of(found))) == 2


def test_what_cannot_be_measured_is_none(
    model: GrooveModel, small: EvaluationSpec, make_loop: Make, make_table: Make
) -> None:
    waltz = make_table(make_loop("w", [[1, 0, 0, 0] * 3], meter=(3, 4)))
    report = evaluation.evaluate(model, waltz, small)
    assert report["perplexity_16x13"] is None
    assert report["copied_share"] is None
    assert report["conditioning"] is None
    silent = evaluation.evaluate(model, make_table(make_loop("s", [[0] * 16] * 4)), small)
    assert silent["bits_per_hit"] is None
    assert silent["distance"] is None
    with pytest.raises(evaluation.EvaluationError, match="no bars"):
        evaluation.evaluate(model, waltz.iloc[:0], small)
