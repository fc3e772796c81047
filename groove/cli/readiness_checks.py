"""`groove readiness boundaries`, `openset` and `bootstrap`: one check of a classifier each.

What belongs here: options and output. What does not: measuring (:mod:`groove.readiness.checks`).
Thresholds that have no option here are set in a configuration (`groove readiness run`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from groove.cli.readiness_outputs import (
    HtmlOut,
    JsonOut,
    RootFolder,
    Strict,
    finish,
    outcome_of,
)
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole

Truth = Annotated[Path, typer.Option("--ground-truth", help="JSONL of sample_id, labels")]
Said = Annotated[Path, typer.Option("--predictions", help="JSONL of sample_id, probabilities")]
Resamples = Annotated[int, typer.Option("--iterations", help="Sets of sessions that are drawn")]


def boundaries(
    events: Annotated[
        list[Path] | None, typer.Option("--events", help="JSONL manifest; may be repeated")
    ] = None,
    pack: Annotated[
        Path | None, typer.Option("--pack", "--ground-truth", help="JSONL pack made before")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="JSONL of session_id, label, onset_s, [window_index]")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the pack of the events here")
    ] = None,
    window_ms: Annotated[float, typer.Option(help="Length of a streaming window")] = 2048.0,
    hop_ms: Annotated[float, typer.Option(help="Step from window to window")] = 512.0,
    margin_ms: Annotated[float, typer.Option(help="What is near an edge")] = 40.0,
    start_ms: Annotated[float, typer.Option(help="Start of the first window")] = 0.0,
    tolerance_ms: Annotated[float, typer.Option(help="A prediction this near is a hit")] = 50.0,
    macro_recall: Annotated[float, typer.Option(help="Least mean recall of the classes")] = 0.95,
    strict: Strict = False,
    report: JsonOut = None,
    html: HtmlOut = None,
) -> None:
    """Recall of hits near the edges of streaming windows; or write the pack of such hits.

    With --output the pack is written and nothing is measured, unless --predictions are given.
    """
    files = [*(events or []), *([pack] if pack else []), *([predictions] if predictions else [])]
    schedule = {
        "window_ms": window_ms,
        "hop_ms": hop_ms,
        "margin_ms": margin_ms,
        "start_ms": start_ms,
    }
    if output is not None:
        _write_pack(events or [], output, schedule)
        if predictions is None:
            return
    outcome = outcome_of(
        "boundaries",
        files,
        None,
        lambda: {
            **schedule,
            "tolerance_ms": tolerance_ms,
            "macro_recall": macro_recall,
            "events": [str(file) for file in events or []],
            "pack": str(pack) if pack else None,
            "predictions": str(predictions) if predictions else None,
        },
    )
    finish(outcome, strict=strict, report=report, html=html)


def _write_pack(events: list[Path], output: Path, schedule: dict[str, float]) -> None:
    from groove.readiness.checks import boundaries as measured
    from groove.readiness.checks.spec import BoundarySpec
    from groove.readiness.run.files import Root
    from groove.readiness.run.lines import events as read_events

    names = [str(file) for file in events]
    with refusals():
        rows = measured.pack(read_events(Root(Path(), names), names), BoundarySpec(**schedule))
        listed = (json.dumps(row, ensure_ascii=False) for row in rows.to_dict(orient="records"))
        write_whole(output, "".join(f"{line}\n" for line in listed).encode())
    edges = rows["edge"].value_counts()
    counted = ", ".join(f"{int(edges.get(edge, 0))} {edge}" for edge in measured.EDGES)
    typer.echo(f"{output}: {counted}", err=True)


def openset(
    ground_truth: Truth,
    predictions: Said,
    iterations: Resamples = 1000,
    root: RootFolder = None,
    strict: Strict = False,
    report: JsonOut = None,
    html: HtmlOut = None,
) -> None:
    """Whether sounds that are no drum are told apart: AUROC, and FPR at TPR 95 %."""
    outcome = outcome_of(
        "open_set",
        [ground_truth, predictions],
        root,
        lambda: {
            "truth": str(ground_truth),
            "predictions": str(predictions),
            "resamples": iterations,
        },
    )
    finish(outcome, strict=strict, report=report, html=html)


def bootstrap(
    ground_truth: Truth,
    predictions: Said,
    previous: Annotated[
        Path | None, typer.Option(help="The previous release's predictions of the same clips")
    ] = None,
    first_release: Annotated[
        bool, typer.Option("--first-release", help="There is no previous release")
    ] = False,
    iterations: Resamples = 1000,
    root: RootFolder = None,
    strict: Strict = False,
    report: JsonOut = None,
    html: HtmlOut = None,
) -> None:
    """Macro-F1, accuracy and recall with intervals by session, against the previous release."""
    outcome = outcome_of(
        "bootstrap",
        [ground_truth, predictions, *([previous] if previous else [])],
        root,
        lambda: {
            "truth": str(ground_truth),
            "predictions": str(predictions),
            "previous": str(previous) if previous else None,
            "first_release": first_release,
            "resamples": iterations,
        },
    )
    finish(outcome, strict=strict, report=report, html=html)
