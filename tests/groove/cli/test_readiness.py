"""`groove readiness`: exit codes, reports, single checks."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import typer
from typer.testing import CliRunner, Result

from groove.cli.readiness import readiness
from groove.core.gates import Gate
from groove.readiness.run.files import Root
from groove.readiness.run.lines import Run, lines_of
from groove.readiness.verdicts import rows_of

app = typer.Typer()
app.add_typer(readiness, name="readiness")
runner = CliRunner()


def run(*arguments: object) -> Result:
    return runner.invoke(app, ["readiness", *(str(argument) for argument in arguments)])


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("x") / "example"
    result = run("example", folder)
    assert result.exit_code == 0, result.output
    return folder


def test_the_example_passes_and_is_not_written_twice(example: Path, tmp_path: Path) -> None:
    json_file, html = tmp_path / "r.json", tmp_path / "r.html"
    config = example / "readiness.yaml"
    result = run("run", "--config", config, "--strict", "--json", json_file, "--html", html)
    assert result.exit_code == 0, result.output
    assert json.loads(json_file.read_text())["passed"] is True
    assert "Ready: all" in html.read_text()
    assert run("example", example).exit_code == 2


def test_exit_codes(example: Path, tmp_path: Path) -> None:
    text = (example / "readiness.yaml").read_text().replace("root: .", f"root: {example}")
    red = tmp_path / "red.yaml"
    red.write_text(text.replace("runs: speed/runs.jsonl", "runs: speed/none.jsonl"))
    html = tmp_path / "red.html"
    assert run("run", "--config", red, "--html", html).exit_code == 0
    assert run("run", "--config", red, "--strict").exit_code == 1
    halted = run("run", "--config", red, "--strict", "--halt-on-first-failure")
    assert halted.exit_code == 1
    assert "halted after realtime" in halted.output
    assert "speed/none.jsonl" in html.read_text()
    bad = tmp_path / "bad.yaml"
    bad.write_text(text.replace("runs: speed/runs.jsonl", "runs: manifest/train.jsonl"))
    report = tmp_path / "bad.json"
    result = run("run", "--config", bad, "--json", report)
    assert result.exit_code == 2
    assert "manifest/train.jsonl, line 1" in result.stderr
    assert json.loads(report.read_text())["errors"]
    outside = tmp_path / "outside.yaml"
    outside.write_text(text.replace("runs: speed/runs.jsonl", "runs: ../secret.jsonl"))
    assert run("run", "--config", outside).exit_code == 2
    for broken in (tmp_path / "none.yaml", tmp_path):
        refused = run("run", "--config", broken)
        assert refused.exit_code == 2
        assert "Traceback" not in refused.output


def test_the_pipelines_own_gates_are_still_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROOVE_DATA", str(tmp_path))
    assert run("--strict").exit_code == 2
    (tmp_path / "tables").mkdir()
    green = Gate(name="a", stage="s", value=1.0, threshold=0.5, direction="at_least")
    red = green.model_copy(update={"name": "b", "value": None, "note": "make it"})
    table: pd.DataFrame = rows_of([green, red])
    table.to_parquet(tmp_path / "tables" / "readiness.parquet")
    html = tmp_path / "r.html"
    result = run("--html", html)
    assert result.exit_code == 0
    assert "1 of 2 gates pass" in result.output
    assert "make it" in html.read_text()
    assert run("--strict").exit_code == 1
    rows_of([green]).to_parquet(tmp_path / "tables" / "readiness.parquet")
    assert run("--strict").exit_code == 0


def test_single_checks(example: Path, tmp_path: Path) -> None:
    truth, said = example / "test/truth.jsonl", example / "test/predictions.jsonl"
    older, correction = example / "test/previous.jsonl", tmp_path / "correction.json"
    session = example / "session/session.json"
    result = run("align", session, "--root", example, "--correction", correction, "--strict")
    assert result.exit_code == 0, result.output
    assert json.loads(correction.read_text())[0]["microphones"]["overhead"]["shift_samples"] == 0
    base = ("bootstrap", "--ground-truth", truth, "--iterations", 200, "--strict")
    assert run(*base, "--predictions", said, "--previous", older).exit_code == 0
    assert run(*base, "--predictions", older, "--previous", said).exit_code == 1
    assert run(*base, "--predictions", said, "--first-release").exit_code == 0
    assert run(*base, "--predictions", said).exit_code == 1
    opened = [example / "open" / name for name in ("truth.jsonl", "predictions.jsonl")]
    given = ("openset", "--ground-truth", opened[0], "--predictions", opened[1])
    assert run(*given, "--strict").exit_code == 0
    manifests = [example / "manifest" / name for name in ("train.jsonl", "test.jsonl")]
    listed = ("--events", manifests[0], "--events", manifests[1], "--root", example)
    assert run("health", *listed, "--min-class-count", 4, "--strict").exit_code == 0
    strict = ("health", *listed, "--min-class-count", 4, "--require-technique", "bark", "--strict")
    assert run(*strict).exit_code == 1
    sides = [f"train={manifests[0]}", f"test={manifests[1]}"]
    split = ("leakage", "--root", example, "--strict")
    assert run(*split, "--split", sides[0], "--split", sides[1]).exit_code == 0
    again = f"validation={manifests[1]}"
    assert run(*split, "--split", sides[1], "--split", again).exit_code == 1
    assert run(*split, "--split", "train").exit_code == 2


def test_a_pack_is_written_and_measured(example: Path, tmp_path: Path) -> None:
    pack, hits = tmp_path / "pack.jsonl", example / "stream/hits.jsonl"
    result = run("boundaries", "--events", example / "stream/events.jsonl", "--output", pack)
    assert result.exit_code == 0, result.output
    edges = [json.loads(line)["edge"] for line in pack.read_text().splitlines()]
    assert {edge: edges.count(edge) for edge in set(edges)} == {
        "leading": 64,
        "trailing": 51,
    }
    given = ("boundaries", "--pack", pack, "--predictions", hits, "--strict")
    assert run(*given).exit_code == 0
    assert run(*given, "--tolerance-ms", 0.5).exit_code == 1
    assert run("boundaries", "--pack", pack, "--strict").exit_code == 1


def test_a_baseline_is_blessed_and_held_to(example: Path, tmp_path: Path) -> None:
    blessed, report = tmp_path / "baseline.json", example / "baseline.json"
    given = ("baseline", "--candidate", report, "--baseline", blessed)
    assert run(*given).exit_code == 2
    assert run(*given, "--bless").exit_code == 0
    assert run(*given, "--strict").exit_code == 0
    fewer = json.loads(report.read_text())
    fewer["figures"]["health"]["by_class"]["snare"]["total"] = 1
    worse = tmp_path / "worse.json"
    worse.write_text(json.dumps(fewer))
    result = run("baseline", "--candidate", worse, "--baseline", blessed, "--strict")
    assert result.exit_code == 1
    assert "snare, 4 to 1" in result.output
    worse.write_text("{}")
    before = blessed.read_bytes()
    assert run("baseline", "--candidate", worse, "--baseline", blessed, "--bless").exit_code == 2
    assert blessed.read_bytes() == before


def test_songs_are_timed_as_the_gate_reads_them(tmp_path: Path) -> None:
    clicks = np.zeros(2 * 22_050)
    clicks[::11_025] = 0.9
    soundfile.write(tmp_path / "a.wav", clicks, 22_050)
    runs = tmp_path / "runs.jsonl"
    timed = run("realtime", tmp_path / "a.wav", "--heuristics", "--out", runs)
    assert timed.exit_code == 0, timed.output
    ((_, line),) = lines_of(Root(tmp_path), "runs.jsonl", Run)
    assert line.audio_s == 2.0
    soundfile.write(tmp_path / "b.wav", clicks[:11_025], 22_050)
    short = run("realtime", tmp_path / "b.wav", "--heuristics", "--out", tmp_path / "none.jsonl")
    assert short.exit_code == 2
    assert "too short to time" in short.output
    assert not (tmp_path / "none.jsonl").exists()
