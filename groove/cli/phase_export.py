"""`groove phase export` and `calibrate`: from a trained model's file to the one that is used.

What belongs here: options and files. What does not: the files' content
(:mod:`groove.phase.model.release`), choosing a confidence (:mod:`groove.phase.judge.trust`).
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from groove.cli.phase_outputs import OutputError, check_outputs
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole

_EXPORT_EXAMPLES = """
Examples:

  groove phase export phase.safetensors --out phase.onnx

  groove phase evaluate recordings/ --json > report.json

  groove phase export phase.safetensors --report mine=report.json --out phase.onnx
"""
_CALIBRATE_EXAMPLES = """
Examples:

  groove phase calibrate phase.safetensors recordings/ --out calibrated.safetensors
"""


def export(
    weights: Annotated[Path, typer.Argument(help="Model file (.safetensors) of a training")],
    out: Annotated[Path, typer.Option("--out", "-o", help="ONNX file to write")],
    report: Annotated[
        list[str] | None,
        typer.Option(help="NAME=FILE: figures of `groove phase evaluate --json` for the card"),
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option("--weights", help="Also write the model file, with what the card says in it"),
    ] = None,
) -> None:
    """Write a model's streaming step as ONNX, with all that its file says on the card."""
    from groove.core.models import unpack
    from groove.phase.model.release import described, exported

    with refusals():
        check_outputs({"the model": weights}, {"--out": out})
        data = weights.read_bytes()
        held = unpack(data)[1]
        figures = dict(held.get("figures", {}))
        for one in report or []:
            name, found = _report(one)
            figures[name] = found
        data = described(data, figures=figures)
        step = exported(data)
        if kept is not None:
            write_whole(kept, data)
        write_whole(out, step)
    typer.echo(f"{out}: {len(step):,} bytes", err=True)


def _report(given: str) -> tuple[str, dict[str, Any]]:
    """Return the name and the summary of a report given as NAME=FILE."""
    name, equals, path = given.partition("=")
    if not (name and equals and path):
        raise OutputError(f"--report {given}: give NAME=FILE")
    try:
        report = json.loads(Path(path).read_text(encoding="utf-8"))
        summary = {"recordings": report["recordings"], "scored": report["scored"]}
        confidence = {k: v for k, v in report["confidence"].items() if k != "classes"}
        return name, {**summary, "median": report["median"], "confidence": confidence}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise OutputError(f"{path} is no report of `groove phase evaluate --json`") from error


def calibrate(
    weights: Annotated[Path, typer.Argument(help="Model file (.safetensors) of a training")],
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Holds audio/NAME.* and beats/NAME.beats")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Model file to write")],
    seconds: Annotated[
        float, typer.Option(min=10, help="No more of a recording is heard, s")
    ] = 120.0,
) -> None:
    """Choose the confidence of a model by music that it was not trained on.

    The recordings should be like what it will be used on, none of them its training's, and none of
    those that it is judged on. Sounds without a beat are added by themselves.
    """
    from groove.phase.judge.trust import chosen, known_of
    from groove.phase.model.release import with_filter

    with refusals():
        check_outputs({}, {"--out": out})
        data = weights.read_bytes()
        music, beatless = known_of(data, folder, seconds)
        found = chosen(music, beatless)
        write_whole(out, with_filter(data, found.settings))
    typer.echo(
        f"{out}: reliability {found.reliability:.3f}, steadiness {found.steadiness:.2f}; mean square "
        f"{found.score:.3f}, {found.score_before:.3f} with the filter's own confidence, of "
        f"{len(music)} recordings",
        err=True,
    )


export.__doc__ = (export.__doc__ or "") + "\n" + _EXPORT_EXAMPLES
calibrate.__doc__ = inspect.cleandoc(calibrate.__doc__ or "") + "\n" + _CALIBRATE_EXAMPLES
