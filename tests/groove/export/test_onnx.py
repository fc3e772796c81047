import numpy as np
import onnx as onnx_package
import pytest
import torch
from torch import nn

from groove.core.models import ExportCase
from groove.export import onnx


class Leaky(nn.Module):
    """A step with two states: a leaky sum, and a count of steps."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(6, 4)
        self.kind = nn.Embedding(5, 4)

    def forward(self, frame, kind, memory, count):
        memory = 0.9 * memory + torch.tanh(self.mix(frame) + self.kind(kind))
        return memory.sum(-1), memory, count + 1


class Refusing(nn.Module):
    """No graph: where it goes depends on the data."""

    def forward(self, frame):
        return frame if float(frame.sum()) > 0 else -frame


@pytest.fixture(scope="module")
def case():
    torch.manual_seed(0)
    return ExportCase(
        network=Leaky(),
        inputs=(torch.zeros(1, 6), torch.tensor([4]), torch.zeros(1, 4), torch.zeros(1)),
        input_names=("frame", "kind", "memory", "count"),
        output_names=("level", "next_memory", "next_count"),
        dynamic_axes={},
        feedback={"next_memory": "memory", "next_count": "count"},
    )


@pytest.fixture(scope="module")
def data(case):
    return onnx.export(case)


def test_the_file_is_a_valid_model_of_the_operator_set_asked_for(data):
    proto = onnx_package.load_from_string(data)
    onnx_package.checker.check_model(proto, full_check=True)
    assert onnx.opset_of(proto) == 20
    assert onnx.signature(data) == (
        ["frame:float[1,6]", "kind:int64[1]", "memory:float[1,4]", "count:float[1]"],
        ["level:float[1]", "next_memory:float[1,4]", "next_count:float[1]"],
    )


def test_the_same_network_gives_the_same_bytes(case, data):
    assert onnx.export(case) == data


def test_the_file_says_nothing_about_the_machine_it_was_written_on(data):
    for trace in (b"site-packages", b".py", b"stack_trace", b"/home", b"/tmp", b"Leaky"):
        assert trace not in data


def test_parity_over_many_steps(case, data):
    assert onnx.parity(case, data, steps=100) < 1e-5


def test_a_file_that_differs_a_little_is_found_out(case, data):
    proto = onnx_package.load_from_string(data)
    for tensor in proto.graph.initializer:
        if list(tensor.dims) == [4, 6] or list(tensor.dims) == [6, 4]:
            values = onnx_package.numpy_helper.to_array(tensor) + np.float32(1e-3)
            tensor.CopyFrom(onnx_package.numpy_helper.from_array(values, tensor.name))
    assert 1e-4 < onnx.parity(case, proto.SerializeToString(), steps=10) < 1


def test_state_is_fed_back(case, data):
    """One step of error e becomes e * (1 + 0.9 + ...) only when the state comes back."""
    kinds = [given.keys() for given in onnx._drawn(case, 3, 0)]
    assert [set(keys) for keys in kinds] == [
        {"frame", "kind", "memory", "count"},
        {"frame", "kind"},
        {"frame", "kind"},
    ]
    drawn = [given["kind"] for given in onnx._drawn(case, 200, 0)]
    assert set(np.concatenate(drawn)) == {0, 1, 2, 3, 4}
    assert onnx.ms_per_step(case, data, steps=20) > 0


def test_an_axis_that_may_vary_varies():
    network = nn.Sequential(nn.Linear(6, 3), nn.ReLU())
    case = ExportCase(
        network=network,
        inputs=(torch.zeros(1, 6),),
        input_names=("rows",),
        output_names=("scores",),
        dynamic_axes={"rows": {0: "batch"}},
        feedback={},
    )
    data = onnx.export(case)
    assert onnx.signature(data)[0] == ["rows:float[batch,6]"]
    assert onnx.parity(case, data, steps=3) < 1e-5
    rows = np.random.default_rng(0).standard_normal((7, 6)).astype(np.float32)
    (scores,) = onnx.session(data).run(None, {"rows": rows})
    with torch.no_grad():
        np.testing.assert_allclose(scores, network(torch.from_numpy(rows)).numpy(), atol=1e-6)


def test_what_cannot_be_exported_says_so():
    case = ExportCase(Refusing(), (torch.ones(2),), ("frame",), ("out",), {}, {})
    with pytest.raises(onnx.ExportError, match="Refusing"):
        onnx.export(case)


def test_other_bytes_are_no_model():
    with pytest.raises(onnx.ExportError, match="not a model"):
        onnx.session(b"not ONNX")
