import pandas as pd
import pytest
import torch
from torch import nn

from groove.core.models import ExportCase, pack, unpack
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.export import models, onnx, quality
from groove.export.spec import OnnxSpec
from groove.export.tables import ONNX_MODELS

SPEC = OnnxSpec(parity_steps=4, timed_steps=5)


def _case(data):
    network = nn.Linear(5, 2)
    network.load_state_dict(unpack(data)[0])
    return ExportCase(network, (torch.zeros(1, 5),), ("features",), ("score",), {}, {})


@pytest.fixture(scope="module")
def store():
    return MemoryStore()


@pytest.fixture(scope="module")
def onnx_models(store):
    torch.manual_seed(0)
    blob = store.write(pack(nn.Linear(5, 2), {}), ".safetensors")
    trees = store.write(b"{}", ".json")
    rankers = pd.DataFrame(
        {
            "ranker": ["trees", "torch"],
            "model_id": ["a" * 16, "b" * 16],
            "blob": [trees, blob],
            "licenses": ["CC0-1.0", "CC0-1.0"],
        }
    )
    rows = models.exported(
        spec=SPEC, store=store, cases={"loop_ranker": _case}, loop_ranker=rankers
    )
    return frame_of([{"key": "k", **row} for row in rows], ONNX_MODELS)


def test_networks_are_exported_and_other_models_are_not(onnx_models, store):
    assert onnx_models["model_id"].tolist() == ["b" * 16]
    row = onnx_models.iloc[0]
    assert row["inputs"].tolist() == ["features:float[1,5]"]
    assert row["outputs"].tolist() == ["score:float[1,2]"]
    assert row["bytes"] == len(store.read(row["onnx"]))
    assert onnx.parity(_case(store.read(_safetensors(store))), store.read(row["onnx"])) < 1e-6


def _safetensors(store):
    return next(name for name in store.blobs if name.endswith(".safetensors"))


def test_gates(onnx_models):
    assert quality.onnx_parity(onnx_models).passed
    assert not quality.onnx_parity(onnx_models.assign(max_abs_error=2e-4)).passed
    assert not quality.onnx_parity(onnx_models.assign(max_abs_error=float("nan"))).passed
    incomplete = quality.onnx_complete(onnx_models)
    assert not incomplete.passed
    assert "token_gru" in incomplete.note
    whole = pd.concat([onnx_models.assign(model=name) for name in quality.NETWORKS])
    assert quality.onnx_complete(whole).passed
    for gate in quality.GATES["onnx_models"]:
        assert not gate(pd.DataFrame()).passed
