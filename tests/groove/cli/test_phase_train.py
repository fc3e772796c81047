"""`groove phase train`: from a folder of features to a model file, resumed where it was killed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from groove.cli import phase_train
from groove.cli.main import app
from groove.core.digest import sha256
from groove.core.tables import frame_of
from groove.phase.labels import bar_phase, frame_times
from groove.phase.model.registry import load
from groove.phase.play.stepfile import StepFile
from groove.phase.spec import PhaseModelSpec
from groove.phase.tables import PHASE_FEATURES

SETTINGS = {
    "channels": 8,
    "blocks": 3,
    "low_bands": 4,
    "high_bands": 4,
    "warmup_s": 1.0,
    "crop_s": 4.0,
    "epochs": 3,
    "batch": 4,
    "threads": 1,
    "accelerator": "cpu",
}
Train = Callable[..., Result]


def keep(root: Path, array: np.ndarray[Any, Any]) -> str:
    file = io.BytesIO()
    np.save(file, array)
    name = sha256(file.getvalue()) + ".npy"
    path = root / "blobs" / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.getvalue())
    return name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight songs of two chunks whose lowest band sounds on one."""
    root = tmp_path / "features"
    rows = []
    for song in range(8):
        random = np.random.default_rng(song)
        bars = random.uniform(1.0, 1.8) * np.arange(-1, 12) + random.uniform(0, 1)
        beats = np.sort(np.concatenate([bars[:-1] + np.diff(bars) * k / 4 for k in range(4)]))
        phases = np.stack([bar_phase(frame_times(300), times) for times in (bars, beats)], axis=1)
        levels = random.uniform(0, 0.1, (2, 250, 8))
        levels[:, :, 0] += np.exp(-8 * np.nan_to_num(phases[1:251, 0]))
        levels[:, :, 6] += np.exp(-8 * np.nan_to_num(phases[1:251, 1]))
        arrays = {
            "levels": keep(root, levels.astype(np.float16)),
            "phases": keep(root, np.stack([phases, phases]).astype(np.float32)),
        }
        rows += [
            {
                "key": str(song),
                "path": f"songs/{song}.mid",
                "sha256": str(song),
                "source": "test",
                "license": "CC0-1.0",
                "soundfont": "none",
                "chunk": chunk,
                "rate": 1.0,
                "seconds": 5.0,
                "meter": "4/4",
                "beats_per_bar": 4,
                "tempo_bpm": 120.0,
                "low_bands": 4,
                "high_bands": 4,
                "memory_s": 4.0,
                "split_group": str(song),
                "split": ["train", "train", "test", "validation"][song % 4],
                "place": chunk,
                **arrays,
            }
            for chunk in range(2)
        ]
    frame_of(rows, PHASE_FEATURES).to_parquet(root / "phase_features.parquet")
    return root


@pytest.fixture
def train(folder: Path, tmp_path: Path) -> Train:
    config = tmp_path / "settings.yaml"
    config.write_text(yaml.safe_dump({"ops": {"phase_model": {"config": SETTINGS}}}))

    def run(*arguments: str) -> Result:
        command = ["phase", "train", str(folder), "--config", str(config), *arguments]
        return CliRunner().invoke(app, command)

    return run


def test_a_model_file_comes_out(train: Train, tmp_path: Path) -> None:
    out, onnx = tmp_path / "phase.safetensors", tmp_path / "phase.onnx"
    done = train("--out", str(out), "--onnx", str(onnx), "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert set(report["figures"]) == {"bar_pointer", "phase_tcn"}
    assert len(report["history"]["bar_pointer"]) == 3
    assert "songs held out" in done.stderr
    assert "bar_pointer epoch 3: train_phase_loss" in done.stderr
    spec = load(out.read_bytes()).spec
    assert spec == PhaseModelSpec(**SETTINGS)
    assert onnx.stat().st_size > 10_000
    # The card says what was trained, how, and what came of it; it is in both files.
    info = StepFile(onnx).info
    assert info["model_id"] == report["model_id"]
    assert info["figures"] == report["figures"]["bar_pointer"]
    assert info["licenses"]
    assert info["spec"]["channels"] == SETTINGS["channels"]
    assert info["training"]["epochs"] == SETTINGS["epochs"]
    assert info["training"]["settings"]["batch"] == SETTINGS["batch"]
    assert info["training"]["groups_of_songs"] > 0
    again = tmp_path / "again.onnx"
    made = CliRunner().invoke(app, ["phase", "export", str(out), "--out", str(again)])
    assert made.exit_code == 0, made.output
    assert again.read_bytes() == onnx.read_bytes()
    again.unlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "features", "phase.onnx", "phase.safetensors", "settings.yaml"
    ]  # fmt: skip


def test_a_killed_training_is_resumed(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole.safetensors", tmp_path / "killed.safetensors"
    assert train("--out", str(whole), "--no-compare").exit_code == 0

    def killed(_self: object, _metrics: object, step: int) -> None:
        if step == 1:
            raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(phase_train._Told, "log", killed)
        assert train("--out", str(out), "--no-compare").exit_code != 0
    assert not out.exists()
    assert list((tmp_path / "killed.safetensors.training").iterdir())
    done = train("--out", str(out), "--no-compare", "--resume")
    assert done.exit_code == 0
    assert "epoch 1:" not in done.stderr
    assert "epoch 2:" in done.stderr
    assert out.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "killed.safetensors.training").exists()


def test_a_model_is_gone_on_from(train: Train, tmp_path: Path) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    assert train("--out", str(first), "--no-compare").exit_code == 0
    done = train("--out", str(second), "--no-compare", "--from", str(first))
    assert done.exit_code == 0, done.output
    assert second.read_bytes() != first.read_bytes()
    refused = train("--out", str(second), "--from", str(tmp_path / "settings.yaml"))
    assert refused.exit_code == 2
    assert "Traceback" not in refused.output


def test_chunks_are_learnt_by_heart_or_the_command_fails(train: Train) -> None:
    learnt = train("--overfit", "2", "--epochs", "150", "--json")
    assert learnt.exit_code == 0, learnt.output
    assert max(json.loads(learnt.stdout).values()) < 0.1
    assert train("--overfit", "2", "--epochs", "1").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "--out"),
        (("--out", "nowhere/x.safetensors"), "no folder"),
        (("--out", "x.safetensors", "--network", "lstm"), "network"),
        (("--overfit", "9"), "4 songs to train on, not 9"),
    ],
)
def test_what_cannot_be_done_is_said(
    train: Train,
    arguments: tuple[str, ...],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = train(*arguments)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert "Traceback" not in done.output


def test_a_folder_without_features_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["phase", "train", str(tmp_path), "--out", "x.safetensors"])
    assert done.exit_code == 2
    assert "phase_features" in done.stderr


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "channels: many", "chanels: 4"])
def test_settings_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"settings|YAML|validation"):
        phase_train.settings_of(path, {})


@pytest.mark.parametrize("path", sorted(Path("configs").glob("phase_*.yaml")), ids=lambda p: p.stem)
def test_settings_that_come_with_the_project_are_valid(path: Path) -> None:
    spec = phase_train.settings_of(path, {})
    assert spec.crop_s > spec.warmup_s
    ops = yaml.safe_load(path.read_text())["ops"]
    assert set(ops) <= {"song_renders", "phase_chunks", "phase_features", "phase_model"}
    shared = set(ops.get("phase_features", {}).get("config", {}))
    assert shared <= {"low_bands", "high_bands", "memory_s"}
