"""Gate rows: what goes into the table comes out of it, and one red gate stops a release."""

import json

import pandas as pd
import pytest
import torch

from groove.core.gates import Gate, GateError
from groove.core.models import pack
from groove.core.store import MemoryStore
from groove.readiness.bundle import files_of
from groove.readiness.report import page
from groove.readiness.spec import ReadinessSpec, Waiver
from groove.readiness.verdicts import WaiverError, gates_of, passing_models, rows_of, waived

GREEN = Gate(name="a", stage="token_gru", value=1.0, threshold=0.5, direction="at_least", count=3)
RED = Gate(name="b", stage="loop_ranker", value=None, threshold=0.5, direction="at_least")


def test_gates_survive_their_table() -> None:
    gates = [GREEN.model_copy(update={"inputs": {"token_gru": "abc"}, "low": 0.9}), RED]
    assert gates_of(rows_of(gates)) == sorted(gates, key=lambda gate: gate.stage)


def test_a_forged_verdict_is_not_believed() -> None:
    rows = rows_of([RED]).assign(passed=True)
    assert not gates_of(rows)[0].passed


def test_only_models_with_green_gates_are_let_through() -> None:
    models = {
        "token_gru": pd.DataFrame({"run_id": ["r1"]}),
        "loop_ranker": pd.DataFrame({"run_id": ["r2"], "ranker": ["torch"]}),
        "never_gated": pd.DataFrame({"run_id": ["r3"]}),
    }
    assert passing_models(rows_of([GREEN, RED]), models, {}) == {"token_gru": "r1"}
    green = RED.model_copy(update={"value": 0.6})
    passing = passing_models(rows_of([GREEN, green]), models, {})
    assert passing == {"token_gru": "r1", "loop_ranker_torch": "r2"}


def test_a_model_does_not_pass_on_a_red_foundation() -> None:
    models = {"token_gru": pd.DataFrame({"run_id": ["r1"]})}
    corpus = RED.model_copy(update={"stage": "token_corpus"})
    lines = {"token_gru": ("token_corpus", "never_gated")}
    assert passing_models(rows_of([GREEN, corpus]), models, lines) == {}
    green = corpus.model_copy(update={"value": 0.6})
    assert passing_models(rows_of([GREEN, green]), models, lines) == {"token_gru": "r1"}


def test_a_table_whose_gates_gave_no_row_was_not_judged() -> None:
    models = {"token_gru": pd.DataFrame({"run_id": ["r1"]})}
    lines = {"token_gru": ("token_corpus",)}
    rows = rows_of([GREEN])
    assert passing_models(rows, models, lines, {"token_gru", "token_corpus"}) == {}
    assert passing_models(rows, models, lines, {"token_gru"}) == {"token_gru": "r1"}


def test_the_bundle_is_refused_while_a_gate_is_red() -> None:
    empty = pd.DataFrame()
    with pytest.raises(GateError, match="b: missing"):
        files_of(rows_of([GREEN, RED]), {}, empty, empty, empty, MemoryStore())
    with pytest.raises(GateError, match="no gate"):
        files_of(rows_of([]), {}, empty, empty, empty, MemoryStore())


def test_a_waiver_lets_a_red_gate_by_within_its_bound_and_hides_nothing() -> None:
    weak = RED.model_copy(update={"value": 0.4})
    waiver = Waiver(reason="no tracks in this corpus", at_least=0.3)
    gates = waived([GREEN, weak], {"loop_ranker/b": waiver})
    assert not gates[1].passed
    assert (gates[1].value, gates[1].threshold) == (weak.value, weak.threshold)
    assert [gate.blocks for gate in gates] == [False, False]
    assert gates_of(rows_of(gates)) == [gates[1], gates[0]]
    text = page(gates).decode()
    assert "Ready: 1 of 2 gates pass, the others are waived" in text
    assert "no tracks in this corpus (&gt;= 0.3)" in text
    assert "not given the alias <code>challenger</code>" in text
    assert text.index("Waived") < text.index("Every gate")
    assert 'class="waived">waived' in text


@pytest.mark.parametrize(
    ("direction", "bound", "value", "blocks"),
    [
        ("at_least", 0.3, 0.3, False),
        ("at_least", 0.3, 0.29, True),
        ("at_least", 0.3, None, True),
        ("at_least", 0.3, float("-inf"), True),
        ("at_most", 0.9, 0.9, False),
        ("at_most", 0.9, 0.91, True),
        ("at_most", 0.9, float("inf"), True),
    ],
)
def test_beyond_its_bound_a_waived_gate_blocks(
    direction: str, bound: float, value: float | None, blocks: bool
) -> None:
    red = Gate(name="b", stage="x", value=value, threshold=0.5, direction=direction, note="more")
    (gate,) = waived([red], {"x/b": Waiver.model_validate({"reason": "why", direction: bound})})
    assert gate.blocks == blocks
    assert ("waived only where" in gate.note) == blocks
    other = "at_most" if direction == "at_least" else "at_least"
    wrong = Waiver.model_validate({"reason": "why", other: bound})
    with pytest.raises(WaiverError, match=direction):
        waived([red], {"x/b": wrong})


def test_a_model_on_a_waived_gate_is_no_challenger() -> None:
    weak = RED.model_copy(update={"value": 0.4})
    gates = waived([GREEN, weak], {"loop_ranker/b": Waiver(reason="why", at_least=0.3)})
    models = {name: pd.DataFrame({"run_id": [name]}) for name in ("loop_ranker", "token_gru")}
    assert passing_models(rows_of(gates), models, {}) == {"token_gru": "token_gru"}
    assert passing_models(rows_of(gates), models, {"token_gru": ("loop_ranker",)}) == {}


def test_a_waiver_of_a_green_gate_waives_nothing_and_others_are_refused() -> None:
    waiver = Waiver(reason="not needed", at_least=0)
    assert waived([GREEN], {"token_gru/a": waiver}) == [GREEN]
    with pytest.raises(WaiverError, match="no gate is called a/typo"):
        waived([GREEN], {"a/typo": waiver})
    wrong = ("why", {"reason": "why"}, {"reason": " ", "at_least": 1}, {"at_least": 1})
    for given in (*wrong, {"reason": "why", "at_least": 0, "at_most": 1}):
        with pytest.raises(ValueError, match="waived: token_gru/a"):
            _ = ReadinessSpec(waived={"token_gru/a": given}).waivers


def test_the_bundle_lists_every_file_with_its_licence() -> None:
    store = MemoryStore()
    wav, model, onnx, midi = (store.write(b, s) for b, s in _BLOBS)
    files = files_of(
        rows_of([GREEN]),
        {"token_gru": pd.DataFrame([_model(model)])},
        pd.DataFrame([_onnx(onnx)]),
        pd.DataFrame([_groove(midi)]),
        pd.DataFrame([_loop(wav)]),
        store,
    ).set_index("file")
    assert files.loc["models/token_gru.onnx", "blob"] == onnx
    assert files.loc["models/token_gru.safetensors", "license"] == "CC-BY-4.0"
    assert files.loc["loops/song_loop01.wav", "license"] == "CC0-1.0"
    assert files.loc["grooves/style-funk_00.mid", "license"] == "MIT"
    card = store.read(files.loc["models/token_gru.md", "blob"]).decode()
    assert "3.2" in card
    assert "CC-BY-4.0" in card
    assert "token:int64[1]" in card
    assert 'labels: ["kick", "snare"]' in card
    listed = store.read(files.loc["LICENSES.csv", "blob"]).decode()
    assert all(file in listed for file in files.index.drop("LICENSES.csv"))


def test_the_report_puts_red_gates_first_and_escapes_what_it_is_given() -> None:
    text = page([GREEN, RED.model_copy(update={"note": "<script>"})]).decode()
    assert "Not ready: 1 of 2" in text
    assert text.index("<td>b<td>") < text.index("<td>a<td>")
    assert "<script>" not in text


_WEIGHTS = pack(torch.nn.Linear(2, 1), {"labels": ["kick", "snare"]})
_BLOBS = ((b"wav", ".wav"), (_WEIGHTS, ".safetensors"), (b"graph", ".onnx"), (b"midi", ".mid"))


def _model(blob: str) -> dict[str, object]:
    return {
        "model_id": "m1", "spec_json": json.dumps({"epochs": 3}), "metric": "test_perplexity",
        "value": 3.2, "baseline": "order 4", "baseline_value": 4.0, "higher_is_better": False,
        "metrics_json": json.dumps({"top1": 0.5}), "blob": blob, "bytes": 7, "train_groups": 8,
        "test_groups": 2, "inputs_json": json.dumps({"token_corpus": "d"}), "licenses": "CC-BY-4.0",
    }  # fmt: skip


def _onnx(blob: str) -> dict[str, object]:
    return {
        "model_id": "m1",
        "onnx": blob,
        "bytes": 5,
        "opset": 20,
        "steps": 8,
        "max_abs_error": 1e-6,
        "inputs": ["token:int64[1]"],
        "outputs": ["logits:float32[1,316]"],
    }


def _groove(blob: str) -> dict[str, object]:
    return {
        "key": "k", "symbols": [1], "hit_step": [0], "hit_label": [0], "hit_velocity": [90],
        "hit_offset_ticks": [0.0], "condition": "style=funk", "number": 0, "blob": blob, "bytes": 4,
        "licenses": "MIT", "model_id": "g",
    }  # fmt: skip


def _loop(blob: str) -> dict[str, object]:
    return {
        "key": "k", "track": "song", "file": "song_loop01.wav", "blob": blob,
        "license": "CC0-1.0", "source": "demo",
    }  # fmt: skip
