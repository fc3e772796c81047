"""`groove phase evaluate`: how well a model follows recordings whose beats are known.

What belongs here: options and output. What does not: measuring
(:mod:`groove.phase.judge.recordings`).
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from groove.cli.refusal import refusals

_EXAMPLES = """
Examples:

  groove phase evaluate recordings/

  groove phase evaluate recordings/ --json --anticipation 0 --anticipation 0.25

  groove phase evaluate recordings/ --offline
"""
_LONGEST_S = 0.5


class LookError(ValueError):
    """Anticipations that no tracker has."""


def evaluate(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Holds audio/NAME.* and beats/NAME.beats")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON")] = False,
    model: Annotated[
        Path | None, typer.Option(help="ONNX file of a model; the released one without it")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Hear each recording whole: looks ahead")
    ] = False,
    anticipation: Annotated[
        list[float] | None,
        typer.Option("--anticipation", "-a", help="Seconds ahead; may be repeated [0 0.25 0.5]"),
    ] = None,
    warmup: Annotated[
        float, typer.Option(min=0, help="Seconds at the start whose phases are not scored")
    ] = 8.0,
    trim: Annotated[
        float, typer.Option(min=0, help="Seconds at the start whose beats are not scored")
    ] = 5.0,
    counting: Annotated[
        bool, typer.Option("--counting", help="Measure librosa's beats, counted to four, instead")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Recordings at once")] = 1,
) -> None:
    """Measure a model on recordings whose beats are known.

    DIR/beats/NAME.beats has a beat per line: its time in seconds and its number in the bar,
    1 = downbeat (or its time alone: then only beats are scored). Downbeats and beats: F-measure
    within 70 ms, first 5 s left out as mir_eval does. Phase error: distance to the phase between
    the downbeats around, in ms and bars, first 8 s left out. Both per file and as medians.

    What cannot be evaluated is named and the rest goes on; the exit code is then 1, and 2 if DIR
    or an option cannot be used.
    """
    from groove.phase.judge.figures import Span
    from groove.phase.judge.recordings import judge_folder

    with refusals():
        looks = _looks(anticipation, offline=offline or counting)
        tracker = _tracker(model, offline=offline, counting=counting)
        report = judge_folder(
            folder, tracker, looks, Span(warmup, trim), jobs=jobs, done=_progress(as_json)
        ).as_dict()
    if as_json:
        typer.echo(json.dumps(report, allow_nan=False))
    else:
        typer.echo("\n".join(_lines(report)))
    for name, why in report["failed"].items():
        typer.echo(f"{name}: {why}", err=True)
    if report["failed"]:
        raise typer.Exit(1)


def _looks(asked: list[float] | None, *, offline: bool) -> list[float]:
    if offline:
        if asked and set(asked) != {0.0}:
            raise LookError("what hears a recording whole has no anticipation")
        return [0.0]
    looks = sorted(set(asked)) if asked else [0.0, _LONGEST_S / 2, _LONGEST_S]
    if not all(0 <= look <= _LONGEST_S for look in looks):
        raise LookError(f"--anticipation is from 0 to {_LONGEST_S:g} seconds")
    return looks


def _tracker(model: Path | None, *, offline: bool, counting: bool) -> Any:
    if counting:
        from groove.phase.judge.others import counted_waveform

        return counted_waveform
    from groove.phase.judge.ours import tracker_of

    return tracker_of(model, offline=offline)


def _progress(quiet: bool) -> Any:
    return lambda name: None if quiet else typer.echo(f"  {name}", err=True)


_COLUMNS = (
    ("downbeat_f", "down F", "{:.3f}"),
    ("beat_f", "beat F", "{:.3f}"),
    ("phase_error_ms_median", "ms", "{:.0f}"),
    ("phase_error_ms_p90", "p90 ms", "{:.0f}"),
    ("phase_error_bars_median", "bars", "{:.3f}"),
    ("phase_error_bars_p90", "p90 bars", "{:.3f}"),
)


def _lines(report: dict[str, Any]) -> list[str]:
    """Return a report as a table: a line per recording and anticipation, medians below."""
    rows = [(name, row) for name, row in report["files"].items()]
    width = max([len("recording"), *(len(name) for name, _ in rows)])
    head = "".join(f"{title:>10}" for _, title, _ in _COLUMNS)
    lines = [f"{'recording':<{width}}  {'meter':>7} {'bpm':>6} {'ahead':>6}{head}"]
    for name, row in [*rows, ("median", report["median"])]:
        for look, figures in row.items():
            if isinstance(figures, dict):
                tempo = row.get("tempo_bpm")
                lines.append(
                    f"{name:<{width}}  {row.get('beats_per_bar', ''):>7} "
                    f"{'' if tempo is None else f'{tempo:.1f}':>6} {look:>6}{_cells(figures)}"
                )
    for title, key in (("beats per bar", "by_beats_per_bar"), ("beats per minute", "by_tempo_bpm")):
        lines.append(f"\n{title:<{width}}  {'files':>7} {'':>6} {'':>6}{head}")
        for name, row in report[key].items():
            lines.append(f"{name:<{width}}  {row['recordings']:>7.0f} {'':>14}{_cells(row)}")
    classes = [row for row in report["confidence"]["classes"] if row["frames"]]
    if classes:
        lines.append(f"\n{'confidence':<{width}}  {'frames':>7} {'right':>6} {'ms':>6}")
    lines += [
        f"{row['from']:g} to {row['to']:g}".ljust(width)
        + f"  {row['frames']:>7} {row['right']:>6.2f} {row['phase_error_ms_median']:>6.0f}"
        for row in classes
    ]
    return lines


def _cells(figures: dict[str, Any]) -> str:
    values = ((figures.get(name), form) for name, _, form in _COLUMNS)
    return "".join(f"{'-' if value is None else form.format(value):>10}" for value, form in values)


evaluate.__doc__ = inspect.cleandoc(evaluate.__doc__ or "") + "\n" + _EXAMPLES
