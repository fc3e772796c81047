"""`groove drums learn` on a tiny annotated folder, and settings of trainings in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from groove.audio.waveform import Waveform, encode
from groove.cli.drums import drums
from groove.cli.settings import SettingsError, settings_of
from groove.drums.spec import TeachSpec
from groove.drums.transcribe.model import Transcriber
from groove.drums.transcribe.spec import TranscriberSpec

RATE = 44_100
TINY = {
    "channels": [2, 2],
    "width": 8,
    "layers": 1,
    "frames": 64,
    "epochs": 1,
    "epoch_excerpts": 4,
    "batch_size": 2,
    "threads": 1,
}


def _run(*words: object) -> Result:
    return CliRunner().invoke(drums, [str(word) for word in words])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "annotated"
    for part in ("audio", "annotations"):
        (root / part).mkdir(parents=True)
    time = np.arange(RATE // 4) / RATE
    hit = (0.5 * np.sin(2 * np.pi * 60 * time) * np.exp(-time * 20)).astype(np.float32)
    rows = ["piece,split"]
    for name, split in (("a", "train"), ("b", "validation"), ("c", "test")):
        samples = np.zeros(RATE * 2, dtype=np.float32)
        for at in (0.5, 1.0, 1.5):
            samples[round(at * RATE) :][: len(hit)] += hit
        (root / f"audio/{name}.wav").write_bytes(encode(Waveform(samples[None], RATE), "wav"))
        (root / f"annotations/{name}.txt").write_text("0.5\tKD\n1.0\tKD\n1.5\tKD\n")
        rows.append(f"{name},{split}")
    (root / "index.csv").write_text("\n".join(rows) + "\n")
    return root


def test_learn_writes_a_model(folder: Path, tmp_path: Path) -> None:
    config, out = tmp_path / "tiny.yaml", tmp_path / "model.safetensors"
    # JSON is YAML.
    config.write_text(json.dumps({"ops": {"drum_transcriber": {"config": TINY}}}))
    made = _run("learn", folder, "--out", out, "--config", config, "--json")
    assert made.exit_code == 0, made.output
    assert Transcriber.from_bytes(out.read_bytes()).shape["width"] == 8
    assert "test_micro_f1" in json.loads(made.stdout)["figures"]
    assert not list(tmp_path.glob("*.training.safetensors"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("{}", "is empty"),
        ("# nothing\n", "is empty"),
        ("3", "holds no settings"),
        ("[]", "is empty"),
        ("[1]", "holds no settings"),
        ("ops:", "holds no settings"),
        ("ops: {STAGE: null}", "holds no settings"),
        ("ops: {STAGE: {config: null}}", "holds no settings"),
        ("ops: {STAGE: {config: 3}}", "holds no settings"),
        ("ops: {another: {config: {epochs: 3}}}", "holds no settings"),
        ("epochs: many", "epochs: Input should be a valid integer"),
        ("epoch: 3", "epoch: Extra inputs are not permitted"),
        ("ops: {STAGE: {config: {epochs: 0}}}", "epochs: Input should be greater"),
        ("a: [", "not YAML"),
    ],
)
def test_files_without_settings_are_refused_in_one_line(
    text: str, told: str, tmp_path: Path
) -> None:
    config = tmp_path / "c.yaml"
    for command, stage in (("learn", "drum_transcriber"), ("train", "drum_classifier")):
        config.write_text(text.replace("STAGE", stage))
        refused = _run(command, tmp_path, "--out", tmp_path / "o", "--config", config)
        assert refused.exit_code == 2, refused.output
        assert refused.stderr.count("\n") == 1
        assert told in refused.stderr
        assert "c.yaml" in refused.stderr
        assert "http" not in refused.stderr


def test_both_forms_say_the_same(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    found: list[Any] = []
    for text in ("epochs: 3", "ops: {s: {config: {epochs: 3}}}", "ops: {s: {config: {}}}"):
        config.write_text(text)
        specs: tuple[type[Any], ...] = TeachSpec, TranscriberSpec
        found += [settings_of(spec, "s", config, {"seed": 4}) for spec in specs]
    assert [one.epochs for one in found] == [3, 3, 3, 3, 20, 12]
    assert {one.seed for one in found} == {4}
    assert settings_of(TeachSpec, "s", None, {}) == TeachSpec()
    config.write_text("epochs: 3")
    with pytest.raises(SettingsError, match=r"^seed: Input"):
        settings_of(TeachSpec, "s", config, {"seed": -4})
