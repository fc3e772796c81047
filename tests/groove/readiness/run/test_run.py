"""Runs: the example is green, what is missing is red, and what is hostile is refused by its line."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.midi.taxonomy import CLASSES
from groove.readiness.checks.spec import RealtimeSpec
from groove.readiness.report import page
from groove.readiness.run import files as limits
from groove.readiness.run.clips import clips_of
from groove.readiness.run.config import CHECKS, Config, read_config
from groove.readiness.run.example import CONFIG, files
from groove.readiness.run.files import InputError, Root, confined
from groove.readiness.run.lines import Event, Prediction, Run, Truth, events, table
from groove.readiness.run.reports import read_report
from groove.readiness.run.runner import Outcome, run

ALL_BUT_BASELINE = [name for name in CHECKS if name != "baseline"]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the example's files."""
    root = tmp_path_factory.mktemp("example")
    for name, data in files():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


@pytest.fixture(scope="module")
def green(example: Path) -> Outcome:
    outcome = run(changed(baseline=None, required=ALL_BUT_BASELINE), Root(example))
    (example / "baseline.json").write_text(json.dumps(outcome.as_dict()))
    return outcome


def changed(**sections: Any) -> Config:
    """Return the example's configuration with some sections replaced."""
    return Config.model_validate(yaml.safe_load(CONFIG) | sections)


def test_the_example_is_green(example: Path, green: Outcome) -> None:
    assert green.passed, [str(gate) for gate in green.gates if not gate.passed]
    again = run(read_config(CONFIG.encode()), Root(example))
    assert again.passed
    assert {gate.stage for gate in again.gates} == set(CHECKS)
    assert again.exit_code(strict=True) == 0
    report = json.dumps(again.as_dict(), allow_nan=False)
    assert read_report(report.encode(), "r.json")["passed"]


def test_every_gate_says_what_it_was_computed_from(green: Outcome) -> None:
    assert all(gate.inputs for gate in green.gates)
    said = {gate.name: gate.inputs for gate in green.gates if gate.stage == "bootstrap"}
    assert set(said["macro_f1"]) == {
        "test/truth.jsonl", "test/predictions.jsonl", "test/previous.jsonl",
    }  # fmt: skip
    assert all(len(digest) == 64 for gate in green.gates for digest in gate.inputs.values())


def test_the_same_inputs_give_the_same_report(example: Path, green: Outcome) -> None:
    again = run(changed(baseline=None, required=ALL_BUT_BASELINE), Root(example))
    assert again.as_dict() == green.as_dict()
    assert page(again.gates, again.panels) == page(green.gates, green.panels)


def test_nothing_configured_is_all_red_and_says_what_to_do(tmp_path: Path) -> None:
    outcome = run(read_config(b""), Root(tmp_path))
    assert {gate.stage for gate in outcome.gates} == set(CHECKS)
    assert not any(gate.passed for gate in outcome.gates)
    assert all("missing input: add a section" in gate.note for gate in outcome.gates)
    assert (outcome.exit_code(strict=True), outcome.exit_code(strict=False)) == (1, 0)
    # Nothing required and nothing measured has not passed either.
    nothing = run(Config(required=[]), Root(tmp_path))
    assert (nothing.gates, nothing.passed, nothing.exit_code(strict=True)) == ([], False, 1)


@pytest.mark.parametrize("check", ALL_BUT_BASELINE)
def test_a_section_without_inputs_is_red(tmp_path: Path, check: str) -> None:
    outcome = run(Config.model_validate({check: {}, "required": [check]}), Root(tmp_path))
    assert outcome.gates
    assert not any(gate.passed for gate in outcome.gates)
    assert all("missing input" in gate.note for gate in outcome.gates)
    assert not outcome.errors


def test_inputs_that_are_not_there_are_red_but_not_bad(example: Path) -> None:
    outcome = run(changed(realtime={"runs": "speed/none.jsonl"}, required=[]), Root(example))
    red = {gate.stage for gate in outcome.gates if not gate.passed}
    assert red == {"realtime", "baseline"}
    assert outcome.exit_code(strict=True) == 1


def test_halting_leaves_the_rest_unmeasured_and_red(example: Path) -> None:
    config = changed(boundaries={"macro_recall": 0.99})
    halted = run(config, Root(example), halt_on_first_failure=True)
    after = [gate for gate in halted.gates if gate.stage not in {"alignment", "boundaries"}]
    assert {gate.stage for gate in halted.gates} == set(CHECKS)
    assert all(gate.note == "not run: halted after boundaries" for gate in after)
    assert not any(gate.passed for gate in after)
    assert set(halted.figures) == {"alignment"}


@pytest.mark.parametrize(
    ("section", "text", "message"),
    [
        ("realtime", '{"audio_s": 1, "seconds": 1}\n{"audio_s": 1\n', "line 2"),
        ("realtime", '{"audio_s": 0, "seconds": 1}', "line 1: audio_s"),
        ("realtime", '{"audio_s": 0.9, "seconds": 1}', "line 1: audio_s"),
        ("realtime", '{"audio_s": 9, "seconds": 1}\n{"audio_s": 9, "seconds": 0}', "line 2: sec"),
        ("realtime", '{"audio_s": 9, "seconds": -1}', "line 1: seconds"),
        ("realtime", '{"audio_s": NaN, "seconds": 1}', "line 1: audio_s"),
        ("realtime", '{"audio_s": 1e999, "seconds": 1}', "line 1: audio_s"),
        ("realtime", '{"audio_s": "1", "seconds": 1}', "line 1: audio_s"),
        ("realtime", "[" * 100_000, "line 1"),
        ("realtime", "\ufffe\x00", "line 1"),
        ("realtime", '{"audio_s": 1' + "0" * 5000 + "}", "line 1"),
        ("health", '{"sample_id": "a"}', "line 1: session_id"),
        ("bootstrap", '{"sample_id": "a", "session_id": "s"}', "line 1: Value error, labels"),
        (
            "bootstrap",
            '{"sample_id": "a", "session_id": "s", "labels": ["theremin"]}',
            "nobody knows",
        ),
        ("bootstrap", '{"sample_id": "a", "session_id": "s", "labels": ["kick"]}\n' * 2, "twice"),
    ],
)
def test_broken_lines_are_refused_by_their_number(
    tmp_path: Path, section: str, text: str, message: str
) -> None:
    (tmp_path / "in.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "said.jsonl").write_text('{"sample_id": "a", "labels": ["kick"]}\n')
    given = {
        "realtime": {"runs": "in.jsonl"},
        "health": {"events": ["in.jsonl"]},
        "bootstrap": {"truth": "in.jsonl", "predictions": "said.jsonl"},
    }
    config = Config.model_validate({section: given[section], "required": []})
    outcome = run(config, Root(tmp_path))
    assert outcome.exit_code(strict=False) == 2
    assert message in outcome.errors[0]
    assert not any(gate.passed for gate in outcome.gates)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-0.1", "1.1", '"0.5"', "null"])
def test_probabilities_are_numbers_from_0_to_1(tmp_path: Path, value: str) -> None:
    (tmp_path / "t.jsonl").write_text('{"sample_id":"a","session_id":"s","labels":["kick"]}')
    (tmp_path / "p.jsonl").write_text('{"sample_id":"a","probabilities":{"kick":' + value + "}}")
    section = {"truth": "t.jsonl", "predictions": "p.jsonl"}
    outcome = run(Config.model_validate({"calibration": section, "required": []}), Root(tmp_path))
    assert outcome.exit_code(strict=False) == 2
    assert "p.jsonl, line 1: probabilities.kick" in outcome.errors[0]


def test_labels_come_before_the_stated_threshold_and_that_before_the_configured(
    tmp_path: Path,
) -> None:
    chances = {"kick": 0.6, "snare": 0.4}
    said = {
        "labels": {"labels": ["crash"], "probabilities": chances, "threshold": 0.3},
        "stated": {"probabilities": chances, "threshold": 0.3},
        "neither": {"probabilities": chances},
    }
    for name, extra in {"t": {key: {"labels": ["kick"]} for key in said}, "p": said}.items():
        lines = [{"sample_id": k, "session_id": "s", **row} for k, row in extra.items()]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    clips = clips_of(Root(tmp_path), "t.jsonl", "p.jsonl", 0.5)
    heard = [{CLASSES[place] for place in row.nonzero()[0]} for row in clips.heard]
    assert heard == [{"crash"}, {"kick"}, {"kick", "snare"}]  # labels, neither, stated
    section = {"truth": "t.jsonl", "predictions": "p.jsonl"}
    outcome = run(Config.model_validate({"bootstrap": section, "required": []}), Root(tmp_path))
    (remark,) = outcome.remarks
    assert remark.startswith(
        "bootstrap: p.jsonl: 1 clips by their labels, 1 clips by the threshold"
    )
    assert remark.endswith("they state (0.3), 1 clips by the configured threshold of 0.5")
    assert outcome.as_dict()["remarks"] == outcome.remarks
    assert "threshold they state" in page(outcome.gates, outcome.panels).decode()


def test_a_run_says_that_nothing_was_required(example: Path) -> None:
    given = yaml.safe_load(CONFIG)["health"]
    bare = {name: value for name, value in given.items() if not name.startswith("required_")}
    outcome = run(changed(health=bare, required=[]), Root(example))
    assert not [gate for gate in outcome.gates if gate.name.startswith("required_")]
    assert sum("nothing was required" in remark for remark in outcome.remarks) == 2
    # A list that is named and not there is something required: red, not left out.
    gone = bare | {"required_labels_file": "gone.txt"}
    outcome = run(changed(health=gone, required=[]), Root(example))
    (gate,) = (gate for gate in outcome.gates if gate.name.startswith("required_"))
    assert not gate.passed


def test_a_clip_without_a_prediction_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"sample_id":"a","session_id":"s","labels":["kick"]}')
    (tmp_path / "p.jsonl").write_text('{"sample_id":"b","labels":["kick"]}')
    section = {"truth": "t.jsonl", "predictions": "p.jsonl"}
    outcome = run(Config.model_validate({"bootstrap": section, "required": []}), Root(tmp_path))
    assert "no prediction of 1 clips" in outcome.errors[0]


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_any_bytes_as_any_input_end_in_a_verdict(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    root = tmp_path_factory.getbasetemp() / "fuzz"
    root.mkdir(exist_ok=True)
    (root / "x").write_bytes(data)
    config = Config.model_validate(
        {
            "alignment": {"sessions": ["x"]},
            "boundaries": {"pack": "x", "predictions": "x"},
            "open_set": {"truth": "x", "predictions": "x"},
            "bootstrap": {"truth": "x", "predictions": "x", "previous": "x"},
            "health": {"events": ["x"], "metadata": "x", "required_labels_file": "x"},
            "leakage": {"splits": {"train": "x", "test": "x"}},
            "coverage": {"events": ["x"], "techniques_file": "x"},
            "realtime": {"runs": "x"},
            "baseline": {"report": "x"},
        }
    )
    outcome = run(config, Root(root))
    assert not outcome.passed
    assert {gate.stage for gate in outcome.gates} == set(CHECKS)
    json.dumps(outcome.as_dict(), allow_nan=False)


names = st.text(alphabet=st.sampled_from("ab/.\\:~\0 "), min_size=0, max_size=12)


@given(names)
def test_no_path_leads_outside(name: str) -> None:
    try:
        confined(name)
    except InputError:
        return
    place = Path("/root/data") / name
    assert Path(os.path.normpath(place)).is_relative_to("/root/data")


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x", "a/../../x", "C:\\x", "a\\b", "", "\0", "a" * 2000, "C:x"]
)
def test_paths_outside_the_root_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        Root(tmp_path).read(name)


def test_links_pipes_and_folders_are_no_inputs(tmp_path: Path) -> None:
    inside = tmp_path / "root"
    inside.mkdir()
    (tmp_path / "secret.jsonl").write_text("{}")
    (inside / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (inside / "loop").symlink_to(inside / "loop")
    os.mkfifo(inside / "pipe")
    for name, message in (
        ("link.jsonl", "outside"), ("loop", "no usable"), ("pipe", "no regular"), (".", "no regular"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            list(Root(inside).lines(name))


def test_an_absolute_audio_path_is_refused_by_its_line(tmp_path: Path) -> None:
    line = {
        "sample_id": "a", "session_id": "s", "audio_path": "/etc/passwd", "onset_time": 0,
        "components": [{"label": "kick"}],
    }  # fmt: skip
    (tmp_path / "e.jsonl").write_text("\n" + json.dumps(line))
    with pytest.raises(InputError, match=r"e\.jsonl, line 2: audio_path"):
        events(Root(tmp_path), ["e.jsonl"])


def test_long_lines_and_large_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "long.jsonl").write_bytes(b'{"audio_s": 1, "seconds": 1}\n' + b"x" * 1_000_002)
    with pytest.raises(InputError, match="line 2: over"):
        table(Root(tmp_path), "long.jsonl", Run)
    # A sparse file of 3 GB takes no time and no memory to refuse.
    with (tmp_path / "huge.jsonl").open("wb") as file:
        file.truncate(3_000_000_000)
    with pytest.raises(InputError, match="at most"):
        table(Root(tmp_path), "huge.jsonl", Run)
    monkeypatch.setattr(limits, "MAX_AUDIO_BYTES", 1)
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"a\.wav: over"):
        Root(tmp_path).sounds(["a.wav"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a [x]\nb: [*a, *a]", "aliases"),
        ("- " * 50, "deep|YAML|valid"),
        ("[" * 3000, "deep"),
        ("required: !!python/object/apply:os.system [ls]", "tag"),
        ("root: a\nroot: b", "twice"),
        ("#" + "x" * 300_000, "bytes"),
        ("realtime: {faktor: 1}", r"realtime\.faktor"),
        ("realtime: {factor: .nan}", r"realtime\.factor"),
        ("realtime: {factor: -1}", r"realtime\.factor"),
        ("realtime: {factor: '1'}", r"realtime\.factor"),
        ("required: [speling]", r"required\.0"),
        ("just text", "configuration"),
        ("\x00", "YAML"),
        ("a: b: c", "YAML"),
    ],
)
def test_hostile_configurations_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_config(text.encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_configuration_or_refused(data: bytes) -> None:
    with suppress(InputError):
        assert isinstance(read_config(data), Config)


def test_reports_that_are_none_are_refused() -> None:
    for data in (
        b"",
        b"{}",
        b"[1]",
        b"nonsense",
        b'{"format": "groove-readiness"}',
        b"[" * 100_000,
    ):
        with pytest.raises(InputError, match="no report"):
            read_report(data, "b.json")


def test_the_page_tells_what_blocks_and_brings_nothing_from_elsewhere(example: Path) -> None:
    config = changed(realtime=None, health={"events": ["manifest/train.jsonl"]})
    outcome = run(config, Root(example))
    text = page(outcome.gates, outcome.panels, outcome.errors).decode()
    assert "Not ready" in text
    assert "short by 197 hits" in text
    assert "missing input: add a section `realtime`" in text
    assert "hihat_closed" in text
    for outside in ("http", "<script", "src=", "@import", "url("):
        assert outside not in text
    # Every input's hash is on it.
    assert all(digest in text for gate in outcome.gates for digest in gate.inputs.values())


def test_defaults_are_those_of_the_release_rules() -> None:
    config = Config.model_validate({name: {} for name in CHECKS})
    assert config.alignment is not None
    assert (config.alignment.median_ms, config.alignment.max_ms) == (0.25, 0.375)
    assert config.boundaries is not None
    assert config.boundaries.macro_recall == 0.95
    assert config.open_set is not None
    assert (config.open_set.auroc, config.open_set.fpr_at_95_tpr) == (0.90, 0.10)
    assert config.bootstrap is not None
    assert config.bootstrap.resamples == 1000
    assert config.calibration is not None
    assert config.calibration.ece == 0.08
    assert RealtimeSpec().factor == 0.05


def test_line_shapes_leave_other_fields_alone() -> None:
    event = {
        "sample_id": "a", "session_id": "s", "audio_path": "a.wav", "onset_time": 1,
        "components": [{"label": "SD", "velocity": 0.5, "choke": True}], "tempo_bpm": 120,
    }  # fmt: skip
    assert Event.model_validate_json(json.dumps(event)).components[0].label == "SD"
    assert Truth.model_validate_json(json.dumps(event)).names == ["SD"]
    assert Prediction.model_validate_json('{"sample_id": "a", "labels": []}').labels == []
