"""A network as ONNX: written, compared with the original over many steps, timed.

Conventions
-----------
* A case is one inference step with its state as inputs and outputs; the host feeds state back.
* The example of an integer input holds the largest value it may have: what is compared draws
  from 0 up to it. Float inputs are drawn around their example.
* The file depends on the network alone: the exporter's notes about the source code it walked
  through (with paths of the machine) are taken out.

What belongs here: one case. What does not: which networks there are (an asset lists them),
tables (:mod:`groove.export.models`). torch, onnx and onnxruntime are imported late.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from groove.core.models import ExportCase

if TYPE_CHECKING:
    import onnx
    import onnxruntime
    import torch

Array = NDArray[Any]

_WARM_UP_STEPS = 10


class ExportError(RuntimeError):
    """A network that cannot be exported, or a file that is not what it should be."""


def export(case: ExportCase, opset: int = 20) -> bytes:
    """Return the network of ``case`` as one ONNX file with its weights inside.

    Raises
    ------
    ExportError
        If the exporter gives up, or its result is no valid model of that operator set.
    """
    import onnx
    import torch

    inputs, shapes = _dynamic(case)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # Deprecations inside the exporter; its result is checked below.
        warnings.simplefilter("ignore")
        try:
            program = torch.onnx.export(
                case.network.eval(),
                inputs,
                input_names=list(case.input_names),
                output_names=list(case.output_names),
                dynamic_shapes=shapes,
                opset_version=opset,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        except (RuntimeError, torch.onnx.OnnxExporterError) as error:
            raise ExportError(
                f"{type(case.network).__name__} cannot be exported: {_root(error)}"
            ) from error
    if program is None:
        raise ExportError(f"{type(case.network).__name__}: the exporter returned nothing")
    proto = program.model_proto
    strip(proto)
    try:
        onnx.checker.check_model(proto, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(f"{type(case.network).__name__} gives no valid ONNX: {error}") from error
    if opset_of(proto) != opset:
        raise ExportError(f"the exporter wrote opset {opset_of(proto)}, not {opset}")
    return bytes(proto.SerializeToString(deterministic=True))


def _root(error: BaseException) -> str:
    """Return what went wrong at first; the exporter wraps it in advice on its own code."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}"


def _dynamic(
    case: ExportCase,
) -> tuple[tuple[torch.Tensor, ...], tuple[dict[int, Any] | None, ...] | None]:
    """Return inputs and dynamic shapes for the exporter.

    It takes an axis of length 1 for a constant, so that axes that may vary are traced with 2.
    """
    import torch

    if not case.dynamic_axes:
        return case.inputs, None
    axes = {
        name: torch.export.Dim(name)
        for name in sorted({n for named in case.dynamic_axes.values() for n in named.values()})
    }
    inputs, shapes = [], []
    for name, example in zip(case.input_names, case.inputs, strict=True):
        varying = case.dynamic_axes.get(name, {})
        traced = example
        for axis in varying:
            if traced.shape[axis] == 1:
                traced = traced.repeat_interleave(2, dim=axis)
        inputs.append(traced)
        shapes.append({axis: axes[label] for axis, label in varying.items()} or None)
    return tuple(inputs), tuple(shapes)


def strip(proto: onnx.ModelProto) -> None:
    """Take every note about where the graph came from out of ``proto``, in place."""

    def clean(message: Any) -> None:
        for field, value in message.ListFields():
            if field.name == "metadata_props":
                message.ClearField("metadata_props")
            elif field.name == "doc_string":
                message.ClearField("doc_string")
            elif field.message_type is not None and field.name != "raw_data":
                for part in value if _repeated(value) else [value]:
                    clean(part)

    clean(proto)


def _repeated(value: Any) -> bool:
    return hasattr(value, "__len__") and not hasattr(value, "ListFields")


def opset_of(proto: onnx.ModelProto) -> int:
    """Return the version of the standard operator set that a model asks for."""
    versions = [entry.version for entry in proto.opset_import if entry.domain in {"", "ai.onnx"}]
    return int(max(versions, default=0))


def session(data: bytes) -> onnxruntime.InferenceSession:
    """Return a session on one CPU thread.

    Raises
    ------
    ExportError
        If the bytes are no model that ONNX Runtime can run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # onnxruntime's exceptions share no base class of their own.
        raise ExportError(f"not a model that ONNX Runtime can run: {error}") from error


def signature(data: bytes) -> tuple[list[str], list[str]]:
    """Return inputs and outputs of an ONNX file as ``name:type[shape]``."""
    running = session(data)

    def listed(nodes: Any) -> list[str]:
        return [
            f"{node.name}:{node.type.removeprefix('tensor(').removesuffix(')')}"
            f"[{','.join(str(axis) for axis in node.shape)}]"
            for node in nodes
        ]

    return listed(running.get_inputs()), listed(running.get_outputs())


def _drawn(case: ExportCase, steps: int, seed: int) -> Iterator[dict[str, Array]]:
    """Yield the inputs of each step; the first step also has the initial state."""
    draw = np.random.default_rng(seed)
    state = set(case.feedback.values())
    examples = {
        name: example.numpy() for name, example in zip(case.input_names, case.inputs, strict=True)
    }
    for step in range(steps):
        given: dict[str, Array] = {}
        for name, example in examples.items():
            if name in state:
                if step == 0:
                    given[name] = example
            elif example.dtype.kind == "f":
                spread = max(float(example.std()), 0.1)
                given[name] = (example + spread * draw.standard_normal(example.shape)).astype(
                    example.dtype
                )
            elif example.dtype.kind in "iu":
                given[name] = draw.integers(0, example, endpoint=True, dtype=example.dtype)
            else:
                given[name] = example
        yield given


def parity(case: ExportCase, data: bytes, steps: int = 32, seed: int = 0) -> float:
    """Return the largest difference between the network and its ONNX file.

    As a share of values above 1: a tempo of 120 has no four decimals in single precision.

    Both run ``steps`` steps on the same inputs, each feeding back its own state, so that an
    error that builds up shows.

    Raises
    ------
    ExportError
        If names or shapes of the outputs differ, or the file cannot be run.
    """
    import torch

    running = session(data)
    network = case.network.eval()
    ours: Mapping[str, Array] = {}
    theirs: Mapping[str, Array] = {}
    worst = 0.0
    for given in _drawn(case, steps, seed):
        back = {goes: (ours[name], theirs[name]) for name, goes in case.feedback.items() if ours}
        # A copy: the original must not be able to write into what the file reads.
        ordered = [
            torch.from_numpy(np.array(given[name] if name in given else back[name][0]))
            for name in case.input_names
        ]
        with torch.no_grad():
            result = network(*ordered)
        result = result if isinstance(result, tuple | list) else (result,)
        feeds = {name: given[name] if name in given else back[name][1] for name in case.input_names}
        ours = dict(zip(case.output_names, (value.numpy() for value in result), strict=True))
        theirs = dict(
            zip(case.output_names, running.run(list(case.output_names), feeds), strict=True)
        )
        for name, value in ours.items():
            if value.shape != theirs[name].shape:
                raise ExportError(f"{name}: shape {theirs[name].shape}, not {value.shape}")
            off = np.abs(value.astype(np.float64) - theirs[name])
            difference = off / np.maximum(1.0, np.abs(value))
            # A number on one side and none on the other is the worst difference there is.
            worst = max(worst, float(np.nan_to_num(difference, nan=np.inf).max(initial=0.0)))
    return worst


def ms_per_step(case: ExportCase, data: bytes, steps: int = 200, seed: int = 0) -> float:
    """Return the median time of one step in milliseconds, state fed back, on one thread."""
    running = session(data)
    fed: dict[str, Array] = {}
    times = []
    for given in _drawn(case, _WARM_UP_STEPS + steps, seed):
        feeds = {**fed, **given}
        started = time.perf_counter()
        result = running.run(list(case.output_names), feeds)
        times.append(time.perf_counter() - started)
        outputs = dict(zip(case.output_names, result, strict=True))
        fed = {goes: outputs[name] for name, goes in case.feedback.items()}
    return float(np.median(times[_WARM_UP_STEPS:]) * 1000)
