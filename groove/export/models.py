"""Every trained network as a row of ``onnx_models``.

What belongs here: training tables to export rows. What does not: how one network is
exported (:mod:`groove.export.onnx`), how it is built from its bytes (each subject's
``export_case``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from groove.core.models import ExportCase
from groove.core.store import Store
from groove.export import onnx
from groove.export.spec import OnnxSpec

VERSION = "1"

#: What a torch network's blob ends with; other learners have other files and no ONNX here.
NETWORK_SUFFIX = ".safetensors"

Cases = Mapping[str, Callable[[bytes], ExportCase]]


def exported(
    *, spec: OnnxSpec, store: Store, cases: Cases, **models: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    """Yield one row of ``onnx_models`` per network in the training tables.

    Parameters
    ----------
    spec
        Settings.
    store
        Has the networks' blobs; receives the ONNX files.
    cases
        Table name to the function that makes an export case of a model's bytes.
    models
        Training tables by name.

    Raises
    ------
    groove.export.onnx.ExportError
        If one cannot be exported: a release without it would be incomplete.
    """
    for name, table in models.items():
        for row in table[table["blob"].str.endswith(NETWORK_SUFFIX)].to_dict(orient="records"):
            case = cases[name](store.read(row["blob"]))
            data = onnx.export(case, spec.opset)
            inputs, outputs = onnx.signature(data)
            yield {
                "model": name,
                "model_id": row["model_id"],
                "opset": spec.opset,
                "onnx": store.write(data, ".onnx"),
                "bytes": len(data),
                "inputs": inputs,
                "outputs": outputs,
                "feedback": [f"{given}={taken}" for given, taken in case.feedback.items()],
                "steps": spec.parity_steps,
                "max_abs_error": onnx.parity(case, data, spec.parity_steps, spec.seed),
                "ms_per_step": onnx.ms_per_step(case, data, spec.timed_steps, spec.seed),
                "licenses": row["licenses"],
            }
