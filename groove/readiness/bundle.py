"""The release bundle: which files are released, under which name and licence.

What belongs here: the list of files and the model cards. What does not: laying them out as
a folder (:mod:`resources.releases`), and verdicts: nothing is listed while a gate blocks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from groove.core.gates import Gate, require
from groove.core.models import unpack
from groove.core.store import Store
from groove.core.tables import frame_of, records
from groove.readiness.checks.verdict import Panel
from groove.readiness.report import page
from groove.readiness.tables import RELEASE_BUNDLE
from groove.readiness.verdicts import gates_of

#: Licence of what only we wrote: reports, lists, cards.
OWN_LICENSE = "MIT"
_OWN_SOURCE = "groove_dagster"
_NO_PANELS: Mapping[str, Sequence[Panel]] = {}


def files_of(
    readiness: pd.DataFrame,
    models: Mapping[str, pd.DataFrame],
    onnx_models: pd.DataFrame,
    groove_samples: pd.DataFrame,
    loop_exports: pd.DataFrame,
    store: Store,
    panels: Mapping[str, Sequence[Panel]] = _NO_PANELS,
) -> pd.DataFrame:
    """Return the table ``release_bundle``, in order of file name.

    Parameters
    ----------
    readiness
        Gate rows; none may block.
    models
        Training tables by stage.
    onnx_models, groove_samples, loop_exports
        What else is released.
    store
        Where the blobs are; cards, reports and lists are written to it.
    panels
        Tables behind the gates, for the report.

    Raises
    ------
    GateError
        If a gate is red and not waived, or there is none.
    """
    gates = require(gates_of(readiness))
    rows = [
        *_models(models, onnx_models, gates, store),
        *_grooves(groove_samples, store),
        *_loops(loop_exports, store),
        _own("readiness.html", "report", "readiness", page(gates, panels), store),
    ]
    listing = pd.DataFrame(rows)[["file", "kind", "license", "source", "bytes"]]
    text = listing.sort_values("file").to_csv(index=False, lineterminator="\n").encode()
    rows.append(_own("LICENSES.csv", "report", "release_bundle", text, store))
    return frame_of(sorted(rows, key=lambda row: row["file"]), RELEASE_BUNDLE)


def _row(**columns: Any) -> dict[str, Any]:
    return columns


def _own(file: str, kind: str, stage: str, data: bytes, store: Store) -> dict[str, Any]:
    return _row(
        file=file,
        kind=kind,
        stage=stage,
        blob=store.write(data, PurePosixPath(file).suffix),
        bytes=len(data),
        license=OWN_LICENSE,
        source=_OWN_SOURCE,
    )


def _models(
    models: Mapping[str, pd.DataFrame],
    onnx_models: pd.DataFrame,
    gates: list[Gate],
    store: Store,
) -> Iterator[dict[str, Any]]:
    exported = {row["model_id"]: row for row in records(onnx_models)}
    for stage, table in sorted(models.items()):
        for row in records(table):
            if not row.get("released", True):
                continue
            name = f"{stage}_{row['ranker']}" if "ranker" in row else stage
            files = {f"models/{name}{_suffix(row['blob'])}": (row["blob"], row["bytes"])}
            onnx = exported.get(row["model_id"])
            if onnx is not None:
                files[f"models/{name}.onnx"] = (onnx["onnx"], onnx["bytes"])
            for file, (blob, size) in files.items():
                yield _row(
                    file=file,
                    kind="model",
                    stage=stage,
                    blob=blob,
                    bytes=size,
                    license=row["licenses"],
                    source=row["model_id"],
                )
            own_gates = [gate for gate in gates if gate.stage == stage]
            card = card_of(name, row, onnx, own_gates) + _header(row["blob"], store)
            yield _own(f"models/{name}.md", "card", stage, card.encode(), store)


def _header(blob: str, store: Store) -> str:
    """Return what a network's file says of its inputs and outputs (classes, feature names)."""
    if _suffix(blob) != ".safetensors":
        return ""
    _, metadata = unpack(store.read(blob))
    lines = [f"- {key}: {json.dumps(value)}" for key, value in sorted(metadata.items())]
    return "\n".join(["", "## In the model file's header", "", *lines, ""])


def _suffix(blob: str) -> str:
    return blob[64:] or ".bin"


def card_of(
    name: str, row: Mapping[str, Any], onnx: Mapping[str, Any] | None, gates: list[Gate]
) -> str:
    """Return a model card in Markdown: figures, gates, data, licences, settings."""
    better = "higher is better" if row["higher_is_better"] else "lower is better"
    lines = [
        f"# {name}",
        "",
        f"Model `{row['model_id']}`, {row['bytes']:,} bytes.",
        "",
        "## On groups that training never saw",
        "",
        "| figure | model | baseline |",
        "|---|---|---|",
        (
            f"| {row['metric']} ({better}) | {row['value']:.4g} "
            f"| {row['baseline_value']:.4g} ({row['baseline']}) |"
        ),
        "",
        (
            f"Measured on {row['test_groups']} groups, none of them known to the model measured; "
            f"this file was trained on {row['train_groups']} groups."
        ),
        "",
        "## All figures",
        "",
        *(f"- {key}: {value:.6g}" for key, value in json.loads(row["metrics_json"]).items()),
        "",
        "## Gates",
        "",
        *(f"- {gate}" + (f" ({gate.waiver})" if gate.waiver else "") for gate in gates),
        "",
        "## Training data",
        "",
        f"Licences: {row['licenses']}",
        "",
        *(f"- {table}: `{digest}`" for table, digest in json.loads(row["inputs_json"]).items()),
        "",
        "## Settings",
        "",
        *(f"- {key}: {value}" for key, value in json.loads(row["spec_json"]).items()),
    ]
    if onnx is not None:
        lines += [
            "",
            "## ONNX",
            "",
            (
                f"Opset {onnx['opset']}; largest difference from the trained network over "
                f"{onnx['steps']} steps: {onnx['max_abs_error']:.2g}."
            ),
            "",
            *(f"- in: {text}" for text in onnx["inputs"]),
            *(f"- out: {text}" for text in onnx["outputs"]),
        ]
    return "\n".join([*lines, ""])


def _grooves(groove_samples: pd.DataFrame, store: Store) -> Iterator[dict[str, Any]]:
    conditions = sorted(set(groove_samples["condition"]))
    safe = {name: _safe(name or "any") for name in conditions}
    # Two conditions may differ in what a file name can't hold.
    twice = {name for name in safe.values() if list(safe.values()).count(name) > 1}
    for place, name in enumerate(conditions):
        safe[name] += f"-{place}" if safe[name] in twice else ""
    for row in records(groove_samples):
        yield _row(
            file=f"grooves/{safe[row['condition']]}_{row['number']:02d}.mid",
            kind="groove",
            stage="groove_samples",
            blob=row["blob"],
            bytes=row["bytes"],
            license=row["licenses"],
            source=row["model_id"],
        )
    lists = ["symbols", "hit_step", "hit_label", "hit_velocity", "hit_offset_ticks"]
    table = groove_samples.drop(columns=["key", *lists])
    text = table.to_csv(index=False, lineterminator="\n").encode()
    yield _own("grooves/grooves.csv", "groove", "groove_samples", text, store)


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name)


def _loops(loop_exports: pd.DataFrame, store: Store) -> Iterator[dict[str, Any]]:
    for row in records(loop_exports):
        yield _row(
            file=f"loops/{row['file']}",
            kind="loop",
            stage="loop_exports",
            blob=row["blob"],
            bytes=len(store.read(row["blob"])),
            license=row["license"],
            source=row["source"],
        )
    columns = [name for name in loop_exports.columns if name not in {"key", "blob"}]
    total = loop_exports[columns].to_csv(index=False, lineterminator="\n")
    yield _own("loops/loops.csv", "loop", "loop_exports", total.encode(), store)
    for track, part in loop_exports.groupby("track", sort=True):
        text = part[columns].to_csv(index=False, lineterminator="\n")
        yield _own(f"loops/{track}.csv", "loop", "loop_exports", text.encode(), store)
