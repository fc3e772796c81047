"""Contract of the export table."""

from __future__ import annotations

from groove.core.columns import KEY
from groove.core.tables import Column, Table

ONNX_MODELS = Table(
    "onnx_models",
    "One trained network as ONNX, compared with what it was exported from",
    (
        KEY,
        Column("model", "string", "Table that the network was trained into, such as phase_model"),
        Column("model_id", "string", "The trained model's id, as in that table"),
        Column("opset", "int", "ONNX operator set", at_least=1),
        Column("onnx", "string", "The ONNX file, in the blob store"),
        Column("bytes", "int", "Size of the ONNX file", at_least=1),
        Column("inputs", "strings", "Inputs in order, as name:type[shape]"),
        Column("outputs", "strings", "Outputs in order, as name:type[shape]"),
        Column("feedback", "strings", "State to feed back at the next step, as output=input"),
        Column("steps", "int", "Steps compared, state fed back", at_least=1),
        Column("max_abs_error", "float", "Largest difference from the trained network", at_least=0),
        Column(
            "ms_per_step",
            "float",
            "Median time of one step, one thread, in milliseconds",
            at_least=0,
            volatile=True,
        ),
        Column("licenses", "string", "Licences of the training data, joined by '; '"),
    ),
    unique=("model", "model_id"),
)

TABLES = (ONNX_MODELS,)
