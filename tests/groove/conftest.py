"""What several subjects' tests use."""

import json

import numpy as np
import pytest


@pytest.fixture(scope="session")
def metronome() -> bytes:
    """Return a bar-phase model that keeps 120 beats a minute in 4/4 and hears how loud it is.

    Its confidence is a running mean of each frame's level, so every row tells what was heard; its
    phases are those of a bar that starts at 0 s.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from groove.phase.spec import PointerSpec

    def value(name: str, *shape: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    constants = {
        "hop": [0.02],
        "keep": [0.9],
        "take": [0.1],
        "bar_turn": [2 * np.pi / 2.0],
        "beat_turn": [2 * np.pi / 0.5],
        "tempo": [120.0],
        "four": [[0.0, 0.1, 0.9, 0.0, 0.0, 0.0]],
        "zero": 0.0,
        "one": 1.0,
        "least": 0.01,
        "most": 0.9,
        "half": [[1.0, 0.5]],
    }
    steps = [
        ("Mul", ["frame", "frame"], "square", {}),
        ("ReduceMean", ["square", "axis"], "power", {"keepdims": 0}),
        ("Sqrt", ["power"], "level", {}),
        ("Mul", ["heard", "keep"], "kept", {}),
        ("Mul", ["level", "take"], "taken", {}),
        ("Add", ["kept", "taken"], "next_heard", {}),
        ("Add", ["clock", "hop"], "next_clock", {}),
        ("Add", ["next_clock", "anticipation_s"], "at", {}),
        ("Clip", ["next_heard", "zero", "one"], "confidence", {}),
        ("Identity", ["tempo"], "tempo_bpm", {}),
        ("Identity", ["four"], "meters", {}),
        ("Unsqueeze", ["level", "axis"], "column", {}),
        ("Clip", ["column", "least", "most"], "struck", {}),
        ("Mul", ["struck", "half"], "chances", {}),
        ("Mul", ["level", "zero"], "silence", {}),
    ]
    for name in ("bar", "beat"):
        steps += [
            ("Mul", ["at", f"{name}_turn"], f"{name}_angle", {}),
            ("Sin", [f"{name}_angle"], f"{name}_sine", {}),
            ("Cos", [f"{name}_angle"], f"{name}_cosine", {}),
            ("Unsqueeze", [f"{name}_sine", "axis"], f"{name}_s", {}),
            ("Unsqueeze", [f"{name}_cosine", "axis"], f"{name}_c", {}),
            ("Concat", [f"{name}_s", f"{name}_c"], name, {"axis": 1}),
        ]
    # The network's own phase is that of no anticipation.
    steps += [
        ("Mul", ["next_clock", "bar_turn"], "heard_angle", {}),
        ("Sin", ["heard_angle"], "heard_sine", {}),
        ("Cos", ["heard_angle"], "heard_cosine", {}),
        ("Unsqueeze", ["heard_sine", "axis"], "heard_s", {}),
        ("Unsqueeze", ["heard_cosine", "axis"], "heard_c", {}),
        ("Concat", ["chances", "heard_s", "heard_c"], "activations", {"axis": 1}),
    ]
    graph = helper.make_graph(
        [helper.make_node(kind, given, [to], **how) for kind, given, to, how in steps],
        "metronome",
        [value("frame", 1, 320), value("anticipation_s", 1), value("clock", 1), value("heard", 1)],
        [
            value("bar", 1, 2),
            value("beat", 1, 2),
            value("tempo_bpm", 1),
            value("meters", 1, 6),
            value("confidence", 1),
            value("activations", 1, 4),
            value("silence", 1),
            value("next_clock", 1),
            value("next_heard", 1),
        ],
        [
            *(numpy_helper.from_array(np.float32(v), name=name) for name, v in constants.items()),
            numpy_helper.from_array(np.array([1], dtype=np.int64), name="axis"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    card = {
        "stage": "phase_model",
        "spec": PointerSpec(tempo_step=0.1, meters=[3, 4], meter_shares=[0.3, 0.7]).model_dump(),
        "delay_s": 0.08,
        "meters": [2, 3, 4, 5, 6, 7],
        "model_id": "metronome",
    }
    model.metadata_props.add(key="groove", value=json.dumps(card))
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))
