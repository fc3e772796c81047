"""`groove drums evaluate`: how well drums are heard in recordings whose hits are known.

What belongs here: options and output. What does not: figures
(:mod:`groove.drums.transcribe.evaluation`), what an annotated folder is
(:mod:`groove.drums.transcribe.annotations`).
"""

from __future__ import annotations

import csv as csv_files
import inspect
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groove.cli.drums_sounds import check_threshold, promoted
from groove.cli.phase_outputs import OutputError, check_outputs
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole

if TYPE_CHECKING:
    from groove.drums.transcribe.judging import Report

_EXAMPLES = """
Examples:

  groove drums evaluate recordings/

  groove drums evaluate recordings/ --json --model transcriber.safetensors

  groove drums evaluate e-drums/ --keys td11 --csv per-file.csv
"""


def evaluate(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Holds audio/NAME.* and annotations/NAME.txt")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON")] = False,
    csv: Annotated[Path | None, typer.Option(help="File for a row per recording")] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="A transcriber's or a classifier's file; none: as transcribe"),
    ] = None,
    heuristics: Annotated[
        bool, typer.Option("--heuristics", help="Measure the heuristic alone")
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(help="Least confidence of a hit, above 0 to 1; none: as the model was set"),
    ] = None,
    window: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="How far off a hit may be, s")
    ] = 0.05,
    keys: Annotated[
        str, typer.Option(help="What MIDI keys in annotations mean: gm or td11")
    ] = "gm",
) -> None:
    """Measure transcription on recordings whose hits are known, beside the heuristic.

    DIR/annotations/NAME.txt has a hit per line: its time in seconds and its label, by any name
    that the taxonomy knows; .csv, .bsm, .jams and .mid are read, too. Onsets ask when anything was
    struck (also of hits whose label is unknown); classes what; groups (kick, snare, hihat, tom, cymbal, other) what a data set with few
    names can tell. Per file, all together, mean and median.

    What cannot be evaluated is named and the rest goes on; the exit code is then 1, and 2 if DIR
    or an option cannot be used.
    """
    from groove.drums.transcribe.choice import ears
    from groove.drums.transcribe.judging import judge

    with refusals():
        check_threshold(threshold)
        if keys not in ("gm", "td11"):
            raise OutputError(f"--keys {keys[:20]}: give gm or td11")
        check_outputs({"the model": model} if model else {}, {"--csv": csv})
        inputs = {(folder / name).resolve() for name in ("audio", "annotations")}
        if csv is not None and csv.resolve().parent in inputs:
            raise OutputError(f"--csv {csv}: lies among what is read; name a file elsewhere")
        hearing = ears(model, heuristics=heuristics, promoted=promoted)
        typer.echo(f"heard by {hearing.name}", err=True)
        report = judge(
            folder,
            hearing,
            threshold=threshold,
            window_s=window,
            keys="td11" if keys == "td11" else "gm",
            told=None if as_json else lambda name: typer.echo(f"  {name}", err=True),
        )
        if csv is not None:
            write_whole(csv, _csv(report).encode())
    found = report.as_dict()
    typer.echo(json.dumps(found, allow_nan=False) if as_json else "\n".join(_lines(found)))
    for line in report.complaints():
        typer.echo(line, err=True)
    if report.failed or report.without_annotation or report.without_audio:
        raise typer.Exit(1)


def _csv(report: Report) -> str:
    """Return a row per recording: figures, F of each class and group, and the heuristic's."""
    from groove.drums.transcribe.evaluation import GROUPS, HEADLINES
    from groove.midi.taxonomy import CLASSES

    columns = [
        "file", "true_hits", "found_hits", *HEADLINES, *(f"{name}_f" for name in CLASSES),
        *(f"group_{name}_f" for name in GROUPS), *(f"heuristic_{name}" for name in HEADLINES),
    ]  # fmt: skip
    text = io.StringIO(newline="")
    table = csv_files.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    for name, scores in report.scores.items():
        struck = scores.classes.values()
        row: dict[str, Any] = {
            "true_hits": sum(each.support for each in struck),
            "found_hits": sum(each.tp + each.fp for each in struck),
            **scores.figures(),
            **{f"{k}_f": each.f for k, each in scores.classes.items()},
            **{f"group_{k}_f": each.f for k, each in scores.groups.items()},
            **{f"heuristic_{k}": v for k, v in report.baseline[name].figures().items()},
        }
        cells = {k: f"{v:.6f}" if isinstance(v, float) else v for k, v in row.items()}
        table.writerow({"file": name, **cells})
    return text.getvalue()


_HEADS = (
    ("onset_f", "onset F"),
    ("onset_precision", "prec"),
    ("onset_recall", "recall"),
    ("micro_f", "micro F"),
    ("macro_f", "macro F"),
    ("group_micro_f", "groups"),
)


def _lines(report: dict[str, Any]) -> list[str]:
    """Return a report as tables: recordings, then classes and groups."""
    names = [*report["files"], "recording", "all together"]
    width = min(48, max(len(name) for name in names))
    head = "".join(f"{title:>9}" for _, title in _HEADS)
    lines = [f"{'recording':<{width}}{head}   heuristic: onset F, micro F"]
    for name, row in report["files"].items():
        lines.append(f"{name[:width]:<{width}}{_cells(row)}   {_beside(row['heuristic'])}")
    for title, key in (("all together", "pooled"), ("mean", "mean"), ("median", "median")):
        row = report[key]
        lines.append(f"{title:<{width}}{_cells(row)}   {_beside(report['heuristic'][key])}")
    for title, key in (("class", "classes"), ("group", "groups")):
        lines.append(f"\n{title:<16}{'hits':>8}{'prec':>9}{'recall':>9}{'F':>9}   heuristic: F")
        other = report["heuristic"]["pooled"][key]
        for name, row in report["pooled"][key].items():
            values = "".join(f"{_number(row[k]):>9}" for k in ("precision", "recall", "f"))
            beside = _number(other[name]["f"]) if name in other else "-"
            lines.append(f"{name:<16}{row['support']:>8}{values}   {beside}")
    return lines


def _cells(row: dict[str, Any]) -> str:
    return "".join(f"{_number(row[name]):>9}" for name, _ in _HEADS)


def _beside(row: dict[str, Any]) -> str:
    return f"{_number(row['onset_f'])}  {_number(row['micro_f'])}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


evaluate.__doc__ = inspect.cleandoc(evaluate.__doc__ or "") + "\n" + _EXAMPLES
