"""`groove drums classify`, `transcribe` and `evaluate`: what they write, print and refuse."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from groove.audio.waveform import Waveform, encode
from groove.cli.drums import drums
from groove.core.models import pack
from groove.drums.beatmap import read_beatmap
from groove.drums.classify.calibration import Calibration
from groove.drums.classify.model import DrumModel, Shape
from groove.drums.classify.network import build
from groove.drums.spec import ClipSpec
from groove.midi.taxonomy import CLASSES

RATE = 22_050
SMALL = ClipSpec(sample_rate_hz=RATE, frames=16, n_fft=512, hop=256, n_mels=16, fmax_hz=8_000.0)
RUN = CliRunner()


def run(*words: object, code: int = 0) -> Result:
    result = RUN.invoke(drums, [str(word) for word in words])
    assert result.exit_code == code, result.output + str(result.exception)
    assert "Traceback" not in result.output
    return result


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GROOVE_DRUM_MODEL", "GROOVE_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GROOVE_DRUM_HEURISTICS", "1")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = build("edge", SMALL.frames, SMALL.n_mels, len(CLASSES), (2, 2, 2, 2)).eval()
    made = DrumModel(
        network, Shape("edge", (2, 2, 2, 2)), CLASSES, SMALL, Calibration(9.0, 0.0), 0.5, 0.0
    )
    path = tmp_path / "model.safetensors"
    path.write_bytes(made.to_bytes())
    return path


def thumps(path: Path, *at_s: float, seconds: float = 2.0, pitch: float = 60.0) -> Path:
    """Write low thumps at the given times."""
    sound = np.zeros(round(seconds * RATE), np.float32)
    time = np.arange(round(0.2 * RATE)) / RATE
    thump = (0.8 * np.sin(2 * np.pi * pitch * time) * np.exp(-time * 25)).astype(np.float32)
    for at in at_s:
        part = sound[round(at * RATE) :][: len(thump)]
        part += thump[: len(part)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(Waveform(sound[None], RATE), "wav"))
    return path


def bad_files(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "text.wav").write_text("no audio at all")
    (folder / "zero.wav").touch()
    nan = Waveform(np.full((1, RATE), np.nan, np.float32), RATE)
    (folder / "nan.wav").write_bytes(encode(nan, "wav", "FLOAT"))
    return [folder / "nan.wav", folder / "text.wav", folder / "zero.wav"]


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_classify_folders_and_files(tmp_path: Path, model: Path) -> None:
    names = ["b/2.wav", "b/1.wav", "a.wav"]
    for place, name in enumerate(names):
        thumps(tmp_path / name, 0.1, seconds=0.5, pitch=60 * (place + 1))
    (tmp_path / "b/notes.txt").write_text("no audio")
    out = tmp_path / "out.csv"
    run("classify", tmp_path / "b", tmp_path / "a.wav", "--csv", out, "--model", model)
    rows = rows_of(out)
    assert list(rows[0]) == ["file", *CLASSES, "label", "known"]
    assert [row["file"] for row in rows] == [str(tmp_path / n) for n in ("b/1.wav", *names[::2])]
    for row in rows:
        chances = {name: float(row[name]) for name in CLASSES}
        assert chances[row["label"]] == max(chances.values())
        assert all(0 <= value <= 1 for value in chances.values())
        assert row["known"] == "true"
    said = run("classify", tmp_path / "a.wav", "--json", "--model", model).stdout
    (told,) = json.loads(said)["files"]
    assert told["label"] == rows[2]["label"]
    assert told["kick"] == pytest.approx(float(rows[2]["kick"]))
    assert run("classify", tmp_path / "a.wav", "--model", model).stdout.startswith("file,kick,")


def test_classify_finds_the_hit_in_the_file(tmp_path: Path, model: Path) -> None:
    early = thumps(tmp_path / "early.wav", 0.2, seconds=3.0)
    late = thumps(tmp_path / "late.wav", 1.7, seconds=4.0)
    said = run("classify", early, late, "--json", "--model", model).stdout
    one, two = json.loads(said)["files"]
    assert [one[name] for name in CLASSES] == pytest.approx(
        [two[name] for name in CLASSES], abs=0.01
    )


def test_classify_names_what_it_cannot_use(tmp_path: Path, model: Path) -> None:
    good, out = thumps(tmp_path / "good.wav", 0.1), tmp_path / "out.csv"
    silent = tmp_path / "silent.wav"
    silent.write_bytes(encode(Waveform(np.zeros((1, RATE), np.float32), RATE), "wav"))
    long = thumps(tmp_path / "long.wav", 0.1, seconds=121.0)
    bad = [*bad_files(tmp_path / "bad"), silent, long, tmp_path / "gone.wav"]
    result = run("classify", good, *bad, "--csv", out, "--model", model, code=1)
    for path, why in zip(
        bad,
        ("not a number", "not a readable audio", "empty file", "silent", "121.0 s", "No such file"),
        strict=True,
    ):
        assert any(str(path) in line and why in line for line in result.stderr.splitlines()), why
    assert [row["file"] for row in rows_of(out)] == [str(good)]
    out.unlink()
    run("classify", *bad, "--csv", out, "--model", model, code=2)
    assert not out.exists()


def test_classify_refuses_before_it_works(tmp_path: Path, model: Path) -> None:
    good = thumps(tmp_path / "good.wav", 0.1)
    (tmp_path / "empty").mkdir()
    phase = tmp_path / "phase.safetensors"
    phase.write_bytes(pack(torch.nn.Linear(1, 1), {"stage": "phase_model"}))
    for words, said in (
        ((tmp_path / "empty", "--model", model), "no audio in this folder"),
        ((good, "--model", good), "no model file"),
        ((good, "--model", phase), "'phase_model'"),
        ((good, "--model", tmp_path / "gone"), "No such file"),
        ((good, "--model", model, "--csv", tmp_path), "is a folder"),
        ((good, "--model", model, "--csv", tmp_path / "no/o.csv"), "make it first"),
        ((good, "--model", model, "--csv", good), "itself"),
    ):
        assert said in run("classify", *words, code=2).stderr
    assert good.read_bytes().startswith(b"RIFF")


def test_transcribe_writes_every_form(tmp_path: Path) -> None:
    song = thumps(tmp_path / "song.wav", 0.25, 0.75, 1.25)
    out = tmp_path / "hits.csv"
    result = run("transcribe", song, "--csv", out, "-o", tmp_path / "song.bsm")
    assert "heard by no model, the spectral-flux heuristic" in result.stderr
    assert "3 kick" in result.stderr
    lines = out.read_text().splitlines()
    assert lines[0] == "onset_s,label,velocity,confidence"
    kicks = [row for row in rows_of(out) if row["label"] == "kick"]
    assert [float(row["onset_s"]) for row in kicks] == pytest.approx([0.25, 0.75, 1.25], abs=0.02)
    assert all(0 < float(row["velocity"]) <= 1 for row in kicks)
    assert all(0 < float(row["confidence"]) <= 1 for row in kicks)
    found = read_beatmap(tmp_path / "song.bsm")
    assert found.about == {"transcriber": "spectral-flux heuristic"}
    assert found.audio.file == "song.wav"
    assert found.audio.duration_s == pytest.approx(2.0)
    for suffix in ("mid", "jams", "txt", "csv"):
        run("transcribe", song, "-o", tmp_path / f"s.{suffix}")
        again = read_beatmap(tmp_path / f"s.{suffix}")
        assert [h.label for h in again.hits] == [h.label for h in found.hits]
        assert [h.time_s for h in again.hits] == pytest.approx(
            [h.time_s for h in found.hits], abs=1e-3
        )
    assert "spectral-flux" in (tmp_path / "s.jams").read_text()
    assert run("transcribe", song).stdout == out.read_text()


def test_transcribe_options(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    song = thumps(tmp_path / "song.wav", 0.25, 0.75)
    plain, later, none = (tmp_path / f"{name}.bsm" for name in ("plain", "later", "none"))
    run("transcribe", song, "-o", plain)
    run("transcribe", song, "-o", later, "--offset", "10.5")
    moved = read_beatmap(later)
    assert [h.time_s for h in moved.hits] == pytest.approx(
        [h.time_s + 10.5 for h in read_beatmap(plain).hits]
    )
    assert moved.about["offset_s"] == 10.5
    run("transcribe", song, "-o", later, "--offset", "-0.5")
    assert all(0.2 < h.time_s < 0.5 for h in read_beatmap(later).hits)
    run("transcribe", song, "-o", none, "--model", model, "--threshold", "1")
    found = read_beatmap(none)
    assert found.hits == []
    assert found.about["model"] == "model.safetensors"
    assert found.about["threshold"] == 1.0
    monkeypatch.delenv("GROOVE_DRUM_HEURISTICS")
    monkeypatch.setenv("GROOVE_DRUM_MODEL", str(model))
    assert "a clip classifier at" in run("transcribe", song, "-o", none).stderr
    assert "no model" in run("transcribe", song, "-o", none, "--heuristics").stderr


def test_a_promoted_model_hears_where_the_data_root_is_named(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = thumps(tmp_path / "song.wav", 0.25)
    monkeypatch.delenv("GROOVE_DRUM_HEURISTICS")
    monkeypatch.setattr("groove.drums.transcribe.choice.RELEASED", tmp_path / "released")
    release = tmp_path / "data/releases/abc/models"
    release.mkdir(parents=True)
    (release / "drum_classifier.safetensors").write_bytes(model.read_bytes())
    (tmp_path / "data/releases/LATEST").write_text("abc")
    monkeypatch.chdir(tmp_path)
    assert "no model" in run("transcribe", song).stderr
    assert "no drum classifier" in run("classify", song, code=2).stderr
    monkeypatch.setenv("GROOVE_DATA", str(tmp_path / "data"))
    assert "promoted in release abc" in run("transcribe", song).stderr
    assert "promoted in release abc" in run("classify", song).stderr


def test_transcribe_several(tmp_path: Path) -> None:
    for name in ("one", "two"):
        thumps(tmp_path / f"songs/{name}.wav", 0.5)
    out = tmp_path / "maps"
    run("transcribe", tmp_path / "songs", "-o", out, "--csv", out, "--form", "mid")
    assert sorted(path.name for path in out.iterdir()) == [
        "one.csv",
        "one.mid",
        "two.csv",
        "two.mid",
    ]
    bad = bad_files(tmp_path / "bad")
    result = run("transcribe", tmp_path / "songs", *bad, "-o", tmp_path / "some", code=1)
    assert sorted(path.name for path in (tmp_path / "some").iterdir()) == ["one.bsm", "two.bsm"]
    assert all(str(path) in result.stderr for path in bad)
    run("transcribe", *bad, "-o", tmp_path / "none", code=2)
    assert list((tmp_path / "none").iterdir()) == []


def test_transcribe_refuses_before_it_works(tmp_path: Path, model: Path) -> None:
    song = thumps(tmp_path / "song.wav", 0.25)
    other = thumps(tmp_path / "b/song.wav", 0.25)
    for words, said in (
        ((tmp_path / "gone.wav", "-o", tmp_path / "o.bsm"), "gone.wav: No such file"),
        ((song, "-o", tmp_path / "o.xyz"), "name it .bsm"),
        ((song, "-o", tmp_path / "no/o.bsm"), "make it first"),
        ((song, "-o", song), "name it .bsm"),
        ((song, "--csv", song), "itself"),
        ((song, "-o", tmp_path / "o.csv", "--csv", tmp_path / "o.csv"), "one file"),
        ((song, "-o", tmp_path, "--form", "pdf"), "--form pdf"),
        ((song, other), "name a folder"),
        ((song, other, "-o", tmp_path / "maps"), "would both become"),
        ((song, other, "-o", song), "is a file"),
        ((song, "--model", song), "no model file"),
        ((song, "--model", model, "--heuristics"), "cannot both"),
    ):
        assert said in run("transcribe", *words, code=2).stderr
    assert not (tmp_path / "o.bsm").exists()
    assert not (tmp_path / "maps").exists()


def annotated(root: Path) -> Path:
    for name, at in (("x", (0.25, 0.75, 1.25)), ("y", (0.5, 1.5))):
        thumps(root / f"audio/{name}.wav", *at)
        (root / "annotations").mkdir(exist_ok=True)
        (root / f"annotations/{name}.txt").write_text("".join(f"{t}\tKD\n" for t in at))
    return root


def test_evaluate(tmp_path: Path) -> None:
    root, table = annotated(tmp_path / "set"), tmp_path / "per-file.csv"
    found: dict[str, Any] = json.loads(run("evaluate", root, "--json", "--csv", table).stdout)
    assert found["recordings"] == 2
    assert set(found["files"]) == {"x", "y"}
    assert found["pooled"]["onset_f"] == pytest.approx(1.0)
    assert found["pooled"]["classes"]["kick"]["support"] == 5
    assert found["mean"]["onset_f"] == found["median"]["onset_f"] == pytest.approx(1.0)
    assert found["heuristic"]["pooled"] == found["pooled"]
    assert found["heard_by"] == {"transcriber": "spectral-flux heuristic"}
    rows = rows_of(table)
    assert [row["file"] for row in rows] == ["x", "y"]
    assert float(rows[0]["onset_f"]) == pytest.approx(1.0)
    shown = run("evaluate", root).stdout
    assert "all together" in shown
    assert "kick" in shown


def test_evaluate_has_the_heuristic_beside_a_model(tmp_path: Path, model: Path) -> None:
    root = annotated(tmp_path / "set")
    found = json.loads(run("evaluate", root, "--json", "--model", model, "--threshold", "1").stdout)
    assert found["pooled"]["onset_f"] == 0.0
    assert found["heuristic"]["pooled"]["onset_f"] == pytest.approx(1.0)
    assert found["files"]["x"]["heuristic"]["onset_f"] == pytest.approx(1.0)


def test_evaluate_tells_what_it_left_out(tmp_path: Path) -> None:
    root = annotated(tmp_path / "set")
    thumps(root / "audio/alone.wav", 0.5)
    (root / "annotations/lost.txt").write_text("0.1\tkick\n")
    with (root / "annotations/x.txt").open("a") as file:
        file.write("1.9\tzither\n")
    result = run("evaluate", root, "--json", code=1)
    found = json.loads(result.stdout)
    assert found["unknown_labels"] == {"zither": 1}
    assert found["audio_without_annotation"] == ["alone.wav"]
    assert found["annotation_without_audio"] == ["lost.txt"]
    for said in ("zither (1)", "alone.wav", "lost.txt"):
        assert said in result.stderr
    (root / "audio/alone.wav").unlink()
    (root / "annotations/lost.txt").unlink()
    (root / "annotations/y.txt").write_text("0.5\tkick\nlater\tkick\n")
    result = run("evaluate", root, "--json", code=1)
    assert "y.txt, line 2: 'later' is no time" in result.stderr
    assert set(json.loads(result.stdout)["files"]) == {"x"}


def test_evaluate_tells_of_labels_that_are_none(tmp_path: Path) -> None:
    root = annotated(tmp_path / "set")
    (root / "annotations/y.txt").write_text("time\tlabel\n0.5\tzither\n1.5\tzither\n")
    result = run("evaluate", root, "--json")
    found = json.loads(result.stdout)
    assert found["onsets_only"] == ["y"]
    assert found["files"]["y"]["onset_f"] == pytest.approx(1.0)
    assert found["files"]["y"]["micro_f"] is None
    assert found["pooled"]["micro_f"] == found["files"]["x"]["micro_f"]
    assert "figures of onsets alone: y" in result.stderr
    assert "names of columns: y ('time" in result.stderr


def test_evaluate_refuses(tmp_path: Path) -> None:
    root = annotated(tmp_path / "set")
    assert "is no folder" in run("evaluate", tmp_path / "gone", code=2).stderr
    assert "has no folder audio" in run("evaluate", tmp_path, code=2).stderr
    assert "--keys xg" in run("evaluate", root, "--keys", "xg", code=2).stderr
    assert "make it first" in run("evaluate", root, "--csv", tmp_path / "n/o.csv", code=2).stderr
    kept = root / "annotations/x.txt"
    assert "among what is read" in run("evaluate", root, "--csv", kept, code=2).stderr
    for name in ("x", "y"):
        (root / f"annotations/{name}.txt").write_text("now\tthen\nkick\tkick\n")
    refused = run("evaluate", root, "--csv", tmp_path / "o.csv", code=2).stderr
    assert "nothing to evaluate" in refused
    assert "line 2" in refused
    assert not (tmp_path / "o.csv").exists()
