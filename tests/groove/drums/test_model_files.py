"""Model files of others: what they say is held to bounds before anything is built."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from groove.core.models import ModelError
from groove.drums.classify import model as classifier
from groove.drums.classify.calibration import Calibration
from groove.drums.classify.network import build
from groove.drums.spec import ClipSpec
from groove.drums.transcribe import learn
from groove.drums.transcribe import model as transcriber
from groove.drums.transcribe.spec import LevelSpec, TranscriberSpec
from groove.midi.taxonomy import CLASSES

NAN, INF = float("nan"), float("inf")


def _listener() -> transcriber.Transcriber:
    torch.manual_seed(0)
    spec = TranscriberSpec(channels=[2, 3], width=8, layers=2)
    shape = {"channels": [2, 3], "width": 8, "layers": 2}
    network = learn.build(spec, LevelSpec()).eval()
    return transcriber.Transcriber(network, CLASSES, LevelSpec(), spec, (0.3,) * 12, shape)


def _classifier() -> bytes:
    clip = ClipSpec(frames=16, n_mels=16)
    network = build("edge", 16, 16, len(CLASSES), (2, 3))
    shape = classifier.Shape("edge", (2, 3))
    return classifier.DrumModel(
        network, shape, CLASSES, clip, Calibration(1.0, 0.0), 0.5, 0.1
    ).to_bytes()


def _changed(data: bytes, changes: dict[str, Any], tensors: dict[str, Any] | None = None) -> bytes:
    """Return a model file with other metadata, by dotted name, and with other tensors."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    metadata = json.loads(header["__metadata__"]["groove"])
    for name, value in changes.items():
        inner = metadata
        *outer, last = name.split(".")
        for part in outer:
            inner = inner[part]
        inner[last] = value
    return save(load(data) | (tensors or {}), {"groove": json.dumps(metadata)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layers", 10**9),
        ("layers", 3),
        ("layers", -1),
        ("width", 10**9),
        ("width", 1024),
        ("channels", [10**8, 10**8]),
        ("channels", [512] * 8),
        ("channels", [1] * 1000),
        ("channels", []),
        ("channels", None),
        ("level.n_mels", 10**9),
        ("level.n_mels", 512),
        ("level.n_fft", 10**12),
        ("level.hop", 10**9),
        ("level.hop", 1),
        ("level.sample_rate_hz", 10**9),
        ("level.sample_rate_hz", 1),
        ("level.fmax_hz", INF),
        ("level.fmin_hz", 20_000.0),
        ("level.range_db", NAN),
        ("level", []),
        ("decoding.threshold", NAN),
        ("decoding.apart_s", -1.0),
        ("thresholds", [NAN] * 12),
        ("thresholds", [1.0] * 12),
        ("thresholds", [0.0] * 12),
        ("thresholds", [0.5]),
        ("classes", ["kick"] * 12),
        ("classes", ["kick"] * 10**5),
        ("classes", "kick"),
        ("unheard_of", 1),
    ],
)
def test_a_hostile_transcriber_is_refused(name: str, value: Any) -> None:
    data = _listener().to_bytes()
    assert transcriber.Transcriber.from_bytes(_changed(data, {})).to_bytes() == data
    with pytest.raises(ModelError) as refused:
        transcriber.Transcriber.from_bytes(_changed(data, {name: value}))
    told = str(refused.value)
    assert "\n" not in told
    assert "http" not in told
    assert len(told) < 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channels", [10**9] * 2),
        ("channels", [512] * 8),
        ("channels", [1] * 10**5),
        ("channels", ["wide"]),
        ("network", "huge"),
        ("network", "document"),
        ("clip.frames", 10**9),
        ("clip.frames", 2048),
        ("clip.n_mels", 10**9),
        ("clip.n_fft", 10**12),
        ("clip.hop", 10**9),
        ("clip.pre_s", 4.0),
        ("clip.sample_rate_hz", 10**9),
        ("clip.fmin_hz", 30_000.0),
        ("clip.fmax_hz", NAN),
        ("scale", NAN),
        ("scale", INF),
        ("scale", 0.0),
        ("scale", 1e6),
        ("scale", 10**400),
        ("bias", -101.0),
        ("bias", NAN),
        ("threshold", 0.0),
        ("threshold", 1.0),
        ("threshold", NAN),
        ("unknown_below", NAN),
        ("unknown_below", -0.1),
        ("unknown_below", 1.1),
        ("classes", []),
        ("classes", ["kick"] * 12),
        ("classes", [str(number) for number in range(1000)]),
    ],
)
def test_a_hostile_classifier_is_refused(name: str, value: Any) -> None:
    data = _classifier()
    assert classifier.from_bytes(_changed(data, {})).unknown_below == 0.1
    with pytest.raises(ModelError) as refused:
        classifier.from_bytes(_changed(data, {name: value}))
    told = str(refused.value)
    assert "\n" not in told
    assert "http" not in told
    assert len(told) < 300


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_tensors_that_are_not_finite_are_refused(value: float) -> None:
    listening, data = _listener().to_bytes(), _classifier()
    for read, file, name in (
        (transcriber.Transcriber.from_bytes, listening, "head.bias"),
        (classifier.from_bytes, data, "head.bias"),
    ):
        bad = load(file)[name].clone()
        bad[1] = value
        with pytest.raises(ModelError, match="not finite"):
            read(_changed(file, {}, {name: bad}))


def test_other_tensors_than_the_settings_need_are_refused() -> None:
    data = _classifier()
    head = load(data)["head.bias"]
    variance = load(data)["blocks.0.1.running_var"]
    for changes, told in (
        ({"more": head}, "unknown tensor 'more'"),
        ({"head.bias": head.double()}, "float64"),
        ({"head.bias": torch.zeros(3)}, r"float32 \[3\]"),
        ({"blocks.0.1.running_var": -1 - variance}, "variance below 0"),
    ):
        with pytest.raises(ModelError, match=told):
            classifier.from_bytes(_changed(data, {}, changes))
    lacking = {name: tensor for name, tensor in load(data).items() if name != "head.bias"}
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    with pytest.raises(ModelError, match=r"lacks tensor 'head\.bias'"):
        classifier.from_bytes(save(lacking, header["__metadata__"]))
    for metadata in ("[]", "3", '"x"', "[" * 10**5):
        with pytest.raises(ModelError):
            classifier.from_bytes(save(lacking, {"groove": metadata}))


def test_a_threshold_of_zero_is_a_threshold() -> None:
    listening = _listener()
    rise = np.zeros((40, 12), dtype=np.float32)
    rise[20, 0] = 0.1
    heard = transcriber.Activations(np.arange(40) / 100.0, rise, rise)
    assert len(listening.peaks(heard).time_s) == 0
    assert len(listening.peaks(heard, 0.05).time_s) == 1
    assert len(listening.peaks(heard, 0.0).time_s) >= 1
