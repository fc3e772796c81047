"""`groove drums queue`: a folder to label in, the answers back, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from groove.audio.waveform import Waveform, encode
from groove.cli.drums import drums
from groove.drums.manifest.reading import read_events

RUN = CliRunner()


def run(*words: object, code: int = 0) -> str:
    result = RUN.invoke(drums, ["queue", *(str(word) for word in words)])
    assert result.exit_code == code, result.output
    return result.output


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def world(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Predictions, a manifest, and the data root."""
    root = tmp_path / "root"
    root.mkdir()
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 8000 * 6)).astype(np.float32)
    (root / "a.wav").write_bytes(encode(Waveform(sound, 8000), "wav"))
    names = ["kick", "snare", "ride", "crash"]
    manifest = lines(
        tmp_path / "m.jsonl",
        *({"sample_id": name, "session_id": "s", "audio_path": "a.wav", "onset_time": 1.0 + n,
           "components": [{"label": name}]} for n, name in enumerate(names)),
    )  # fmt: skip
    heard = lines(
        tmp_path / "p.jsonl",
        {"sample_id": "kick", "probabilities": {"kick": 0.99}},
        {"sample_id": "snare", "probabilities": {"snare": 0.5, "rimshot": 0.5}},
        {"sample_id": "ride", "probabilities": {"ride": 0.5, "crash": 0.5}},
        {"sample_id": "crash", "probabilities": {"crash": 0.04, "ride": 0.9}},
        {"audio_path": "a.wav", "onset_time": 5.2, "probabilities": {"kick": 0.8}},
        # A place beside an event is that event, and not a second one.
        {"audio_path": "a.wav", "onset_time": 2.98, "probabilities": {"crash": 0.55}},
    )
    return heard, manifest, root


def test_a_queue_is_written_answered_and_applied(
    world: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    heard, manifest, root = world
    out = tmp_path / "q"
    said = run(heard, "--manifest", manifest, "--audio", root, "--out", out, "--count", 9)
    assert "4 clips of 5 predictions, 4 sounds" in said
    assert "hard_negative  2" in said
    listed = [json.loads(line) for line in (out / "queue.jsonl").read_text().splitlines()]
    assert {one["sample_id"] for one in listed} == {"snare", "ride", "crash", "a.wav@5.2000"}
    (ride,) = (one for one in listed if one["sample_id"] == "ride")
    assert (ride["onset_time"], ride["labels"]) == (3.0, ["ride_bow"])
    assert (ride["probabilities"]["crash"], ride["probabilities"]["ride"]) == (0.55, 0.5)
    assert listed[0]["sample_id"] == "crash"
    assert listed[0]["labels"] == ["crash"]
    assert "0 sounds" in run(heard, "-m", manifest, "--audio", root, "-o", out, "--count", 9)
    given = lines(
        tmp_path / "labels.jsonl",
        {"sample_id": "crash", "labels": ["china"], "was": ["crash"]},
        {"sample_id": "a.wav@5.2000", "labels": [], "audio_path": "a.wav", "onset_time": 5.2},
    )
    new = tmp_path / "m2.jsonl"
    said = run("--apply", given, "-m", manifest, "--audio", root, "--out", new)
    assert "5 events; 1 corrected, 0 confirmed, 1 added" in said
    table = read_events(new, root=root).set_index("sample_id")
    assert table.loc["crash", "label"] == "china"
    assert table.loc["crash", "label_method"] == "human"
    assert table.loc["a.wav@5.2000", "negative_example"]
    # Into itself, and once more: the same bytes.
    run("--apply", given, "-m", new, "--audio", root, "--out", new)
    assert len(read_events(new, root=root)) == 5


def test_a_class_that_blocks_a_gate_comes_first(
    world: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    heard, manifest, root = world
    gates = tmp_path / "gates.json"

    def order(klass: str) -> list[str]:
        recall = {klass: {"value": 0.1, "low": 0.0, "high": 0.3}}
        gate = {"name": "least_class_recall", "stage": "bootstrap", "value": 0.1,
                "threshold": 0.5, "direction": "at_least"}  # fmt: skip
        others = {name: {"value": 0.9} for name in ("kick", "snare", "ride", "crash")}
        figures = {"bootstrap": {"recall": {**others, **recall}}}
        report = {"format": "groove-readiness", "version": 1, "gates": [gate], "figures": figures}
        gates.write_text(json.dumps(report))
        out = tmp_path / klass
        words = ("-m", manifest, "--audio", root, "-o", out, "--gates", gates, "--diversity", 0)
        said = run(heard, *words, "--gate-weight", 20)
        assert f"bootstrap.least_class_recall lacks {klass} 80%" in said
        read = (out / "queue.jsonl").read_text().splitlines()
        return [json.loads(line)["sample_id"] for line in read]

    assert order("snare")[0] == "snare"
    assert order("crash")[0] == "crash"


def test_what_cannot_be_used_is_refused_and_nothing_written(
    world: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    heard, manifest, root = world
    out = tmp_path / "q"
    words = ("--manifest", manifest, "--audio", root, "--out", out)
    assert "give --manifest" in run(heard, code=2)
    assert "give --manifest" in run(*words, code=2)
    assert "give --manifest" in run(heard, "--apply", heard, *words, code=2)
    assert "gone" in run(tmp_path / "gone", *words, code=2)
    assert "no folder" in run(heard, "-m", manifest, "--audio", heard, "-o", out, code=2)
    report = lines(tmp_path / "r.json", {"format": "other"})
    assert "no report" in run(heard, *words, "--gates", report, code=2)
    row = {"sample_id": "x", "session_id": "s", "audio_path": "../m.jsonl", "onset_time": 1,
           "components": [{"label": "kick"}]}  # fmt: skip
    bad = lines(tmp_path / "bad.jsonl", row)
    said = run(heard, "-m", bad, "--audio", root, "-o", out, code=2)
    assert "bad.jsonl: line 1: audio_path" in said
    assert not out.exists()
    wrong = lines(tmp_path / "labels.jsonl", {"sample_id": "kick", "labels": ["zither"]})
    said = run("--apply", wrong, "-m", manifest, "--audio", root, "-o", tmp_path / "n", code=2)
    assert "labels.jsonl: line 1: Value error, 'zither'" in said
    lost = lines(tmp_path / "labels.jsonl", {"sample_id": "zz", "labels": []})
    said = run("--apply", lost, "-m", manifest, "--audio", root, "-o", tmp_path / "n", code=2)
    assert "no event of the manifest" in said
    assert not (tmp_path / "n").exists()
