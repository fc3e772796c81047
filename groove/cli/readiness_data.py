"""`groove readiness align`, `health`, `leakage` and `baseline`: one check of data each.

What belongs here: options and output. What does not: measuring (:mod:`groove.readiness.checks`).
Thresholds that have no option here are set in a configuration (`groove readiness run`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from groove.cli.readiness_outputs import (
    HtmlOut,
    JsonOut,
    RootFolder,
    Strict,
    as_json,
    finish,
    outcome_of,
    read_small,
)
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole


def align(
    session: Annotated[list[Path], typer.Argument(help="JSON file of a session")],
    correction: Annotated[
        Path | None, typer.Option(help="Write delays, shifts and drifts as JSON here")
    ] = None,
    temperature_c: Annotated[float, typer.Option(help="Air temperature")] = 20.0,
    root: RootFolder = None,
    strict: Strict = False,
    report: JsonOut = None,
    html: HtmlOut = None,
) -> None:
    """Delays between a session's microphones: right for where they stand, constant, no drift.

    A session is {"session_id", "anchor", "microphones": [{"name", "path", "role" or
    "distance_m": [nearest, farthest]}]}; paths are relative to its folder, or to --root.
    """
    outcome = outcome_of(
        "alignment",
        session,
        root,
        lambda: {"sessions": [str(file) for file in session], "temperature_c": temperature_c},
    )
    if correction is not None and "alignment" in outcome.figures:
        found = [one["correction"] for one in outcome.figures["alignment"]["sessions"]]
        with refusals():
            write_whole(correction, as_json(found))
        typer.echo(f"correction: {correction}", err=True)
    finish(outcome, strict=strict, report=report, html=html)


def health(
    events: Annotated[list[Path], typer.Option("--events", help="JSONL; may be repeated")],
    dataset_metadata: Annotated[
        Path | None, typer.Option(help="metadata.json of the exported clips")
    ] = None,
    max_duplication_rate: Annotated[float, typer.Option(min=0, max=1)] = 0.005,
    min_class_count: Annotated[int, typer.Option(min=0)] = 200,
    min_counts_json: Annotated[
        Path | None, typer.Option(help='JSON of fewest hits, {"snare": 500}')
    ] = None,
    max_unknown_labels: Annotated[int, typer.Option(min=0)] = 0,
    require_label: Annotated[list[str] | None, typer.Option(help="May be repeated")] = None,
    require_labels_file: Annotated[Path | None, typer.Option(help="One label a line")] = None,
    require_technique: Annotated[list[str] | None, typer.Option(help="May be repeated")] = None,
    require_techniques_file: Annotated[
        Path | None, typer.Option(help="One technique a line")
    ] = None,
    audio: Annotated[
        bool, typer.Option("--audio/--no-audio", help="Decode audio; no: believe audio_sha256")
    ] = True,
    root: RootFolder = None,
    strict: Strict = False,
    report: JsonOut = None,
    html: HtmlOut = None,
) -> None:
    """What a manifest holds of each class, how dynamic, how loud, how often twice."""
    from groove.readiness.run.files import InputError

    extra = (dataset_metadata, require_labels_file, require_techniques_file)
    files = [*events, *(file for file in extra if file)]
    least: Any = {}
    if min_counts_json is not None:
        with refusals():
            try:
                least = json.loads(read_small(min_counts_json))
            except InputError:
                raise
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{min_counts_json}: no JSON") from error
    outcome = outcome_of(
        "health",
        files,
        root,
        lambda: {
            "events": [str(file) for file in events],
            "metadata": str(dataset_metadata) if dataset_metadata else None,
            "duplication_rate": max_duplication_rate,
            "min_class_count": min_class_count,
            "min_counts": least,
            "unknown_labels": max_unknown_labels,
            "required_labels": require_label or [],
            "required_labels_file": str(require_labels_file) if require_labels_file else None,
            "required_techniques": require_technique or [],
            "required_techniques_file": (
                str(require_techniques_file) if require_techniques_file else None
            ),
            "audio": audio,
        },
    )
    finish(outcome, strict=strict, report=report, html=html)


def leakage(
    split: Annotated[
        list[str] | None, typer.Option(help="SIDE=manifest.jsonl; may be repeated")
    ] = None,
    events: Annotated[
        list[Path] | None, typer.Option("--events", help="JSONL whose events name their split")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="What must be on one side [session_id kit_id]")
    ] = None,
    root: RootFolder = None,
    strict: Strict = False,
    report: JsonOut = None,
    html: HtmlOut = None,
) -> None:
    """The same sound, or the same session or kit, on more than one side of a split."""
    sides = dict(text.split("=", 1) for text in split or [] if "=" in text)
    if len(sides) != len(split or []):
        typer.echo("--split is SIDE=FILE, each side once", err=True)
        raise typer.Exit(2)
    files = [*(Path(file) for file in sides.values()), *(events or [])]
    section: dict[str, Any] = {
        "splits": {side: str(Path(file)) for side, file in sides.items()},
        "events": [str(file) for file in events or []],
    }
    if group:
        section["groups"] = group
    outcome = outcome_of("leakage", files, root, lambda: section)
    finish(outcome, strict=strict, report=report, html=html)


def baseline(
    candidate: Annotated[Path, typer.Option(help="JSON report of a run")],
    baseline: Annotated[Path, typer.Option(help="The blessed report")],
    bless: Annotated[
        bool, typer.Option("--bless", help="Make the candidate the baseline; nothing is compared")
    ] = False,
    max_drop: Annotated[float, typer.Option(min=0, max=100, help="Per cent of a class")] = 25.0,
    ignore_label: Annotated[list[str] | None, typer.Option(help="May be repeated")] = None,
    strict: Strict = False,
    report: JsonOut = None,
    html: HtmlOut = None,
) -> None:
    """Hold a report against the last one that was approved; or approve it.

    Fails when a class lost more than --max-drop per cent of its hits, when a gate that was green
    is red or gone, or when there are more unknown labels.
    """
    from groove.readiness.checks import baseline as measured
    from groove.readiness.checks.spec import BaselineSpec
    from groove.readiness.run.reports import read_report
    from groove.readiness.run.runner import Outcome

    spec = BaselineSpec(max_drop_percent=max_drop, ignore_labels=ignore_label or [])
    with refusals():
        new = read_report(read_small(candidate), str(candidate))
        if bless:
            write_whole(baseline, as_json(new))
            typer.echo(f"blessed: {baseline}", err=True)
            return
        found = measured.measure(read_report(read_small(baseline), str(baseline)), new, spec)
    outcome = Outcome(
        gates=measured.gates(found, spec),
        figures={"baseline": found},
        panels={"baseline": measured.panels(found)},
    )
    finish(outcome, strict=strict, report=report, html=html)
