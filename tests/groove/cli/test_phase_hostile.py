"""`groove phase apply` with a model whose card lies: one line, exit code 2, nothing written."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import soundfile
from typer.testing import CliRunner

from groove.cli.phase import phase
from groove.phase.spec import PointerSpec


@pytest.mark.parametrize(
    ("changes", "offline", "reason"),
    [
        ({"meters": [2, 3, 4, 5, 6, 2**62]}, False, "card's meters"),
        ({"delay_s": []}, False, "delay_s"),
        ({"spec": {}}, True, "another filter"),
        ({"spec": PointerSpec().model_dump() | {"slowest_bpm": 0.01}}, True, "another filter"),
        ({"spec": PointerSpec().model_dump() | {"tempo_step": "x"}}, True, "another filter"),
        ({"spec": PointerSpec().model_dump() | {"meters": [16] * 9}}, True, "another filter"),
    ],
)
def test_a_model_that_lies_is_refused_before_anything_is_written(
    tmp_path: Path, metronome: bytes, changes: dict[str, Any], offline: bool, reason: str
) -> None:
    hostile = onnx.load_model_from_string(metronome)
    held = json.loads(hostile.metadata_props[0].value) | changes
    hostile.metadata_props[0].value = json.dumps(held)
    path = tmp_path / "hostile.onnx"
    path.write_bytes(hostile.SerializeToString())
    audio = tmp_path / "a.wav"
    soundfile.write(audio, np.random.default_rng(0).uniform(-0.5, 0.5, 16_000), 16_000)
    names = ("--csv", "--beats", "--jams")
    outputs = [part for name in names for part in (name, str(tmp_path / f"out{name}"))]
    more = ["--offline"] if offline else []
    result = CliRunner().invoke(phase, ["apply", str(audio), "--model", str(path), *outputs, *more])
    assert result.exit_code == 2, result.output
    assert reason in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert {one.name for one in tmp_path.iterdir()} == {"a.wav", "hostile.onnx"}
