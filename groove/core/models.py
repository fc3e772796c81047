"""Trained models as data: safetensors with JSON metadata, the one-row table, export cases.

What belongs here: how a model is written down, whatever its subject. What does not: any
network's architecture, and ONNX itself (:mod:`groove.export`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from groove.core.digest import sha256

if TYPE_CHECKING:
    import torch

_METADATA = "groove"


class ModelError(ValueError):
    """A model file that cannot be used. The message says why."""


def pack(network: torch.nn.Module, metadata: Mapping[str, Any]) -> bytes:
    """Return a network's weights as safetensors, with JSON metadata in its header.

    Parameters
    ----------
    network
        Its state dict is written, on the CPU.
    metadata
        JSON-able: the spec, label list and whatever :func:`unpack`'s caller needs to
        build the same network.
    """
    from safetensors.torch import save

    state = {
        name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()
    }
    return bytes(save(state, {_METADATA: json.dumps(metadata, sort_keys=True)}))


def unpack(data: bytes) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return (state dict, metadata) of what :func:`pack` wrote.

    Raises
    ------
    ModelError
        If the bytes are not such a file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        metadata = json.loads(header["__metadata__"][_METADATA])
        return load(data), metadata
    except (SafetensorError, KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
        raise ModelError(f"not a groove model file: {error}") from error


@dataclass(frozen=True)
class ExportCase:
    """What :mod:`groove.export` needs to turn a network into ONNX and to prove it right.

    Parameters
    ----------
    network
        In evaluation mode; one inference step with its state as explicit inputs and outputs.
    inputs
        Example inputs, in order; also what a step is timed with.
    input_names, output_names
        Names in the graph.
    dynamic_axes
        Input name to {axis: name}, for axes that may vary.
    feedback
        Output name to input name: state that is fed back at the next step.
    """

    network: torch.nn.Module
    inputs: tuple[torch.Tensor, ...]
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    dynamic_axes: Mapping[str, Mapping[int, str]]
    feedback: Mapping[str, str]


@dataclass(frozen=True)
class Headline:
    """The figure a model is judged by, on the test split, beside its baseline's."""

    metric: str
    value: float
    baseline: str
    baseline_value: float
    higher_is_better: bool


def model_row(
    *,
    spec: Mapping[str, Any],
    headline: Headline,
    metrics: Mapping[str, float],
    history: Sequence[Mapping[str, float]],
    data: bytes,
    blob: str,
    groups: tuple[int, int],
    inputs: Mapping[str, str],
    licenses: Sequence[str],
    run_id: str,
    train_seconds: float,
) -> dict[str, Any]:
    """Return the row of a training table (:data:`groove.core.columns.MODEL` without its key).

    Parameters
    ----------
    data, blob
        The model's bytes and their reference in the store.
    groups
        Numbers of groups in the train and the test split.
    """
    return {
        "model_id": sha256(data)[:16],
        "spec_json": json.dumps(spec, sort_keys=True),
        "metric": headline.metric,
        "value": float(headline.value),
        "baseline": headline.baseline,
        "baseline_value": float(headline.baseline_value),
        "higher_is_better": headline.higher_is_better,
        "metrics_json": json.dumps({k: float(v) for k, v in metrics.items()}, sort_keys=True),
        "history_json": json.dumps([dict(epoch) for epoch in history]),
        "blob": blob,
        "bytes": len(data),
        "train_groups": groups[0],
        "test_groups": groups[1],
        "inputs_json": json.dumps(dict(inputs), sort_keys=True),
        "licenses": "; ".join(sorted(set(licenses))),
        "run_id": run_id,
        "train_seconds": float(train_seconds),
    }
