"""`groove evaluate`: how well a model, or a MIDI groove, does on loops it never heard.

What belongs here: options and output. What does not: measuring
(:mod:`groove.ngram.judge.evaluation`, :mod:`groove.ngram.judge.metrics`).
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groove.cli.refusal import refusals

if TYPE_CHECKING:
    from groove.ngram.corpus.folder import Folder
    from groove.ngram.spec import EventSpec

_EXAMPLES = """
Examples:

  groove evaluate model.parquet --on held_out/ --json > report.json

  groove evaluate groove.mid --ref loops/funk

  groove evaluate samples/ --ref loops/ --json
"""
_MIDI = (".mid", ".midi")


class OptionsError(ValueError):
    """Options that don't go together. The message says which."""


def evaluate(
    target: Annotated[Path, typer.Argument(help="Model file; or a MIDI file or folder of grooves")],
    on: Annotated[
        Path | None, typer.Option("--on", help="Folder of loops that the model never heard")
    ] = None,
    ref: Annotated[
        Path | None, typer.Option("--ref", help="Loops that a MIDI groove is compared with")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON")] = False,
    grooves: Annotated[int, typer.Option(min=1, help="Grooves drawn to be compared")] = 120,
    bars: Annotated[int, typer.Option("--bars", "-l", min=1, help="Bars of each of them")] = 8,
    temperature: Annotated[float, typer.Option(help="Temperature they are drawn at")] = 0.9,
    top_k: Annotated[int, typer.Option(min=0, help="Draw from the k likeliest; 0 from all")] = 0,
    top_p: Annotated[float, typer.Option(help="Draw from the fewest that hold this share")] = 0.98,
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamplings behind an interval")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Seed of draws and resamplings")] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 takes one per core")] = 0,
) -> None:
    """Measure a model on loops that it never heard, or grooves beside loops.

    Of a model: bits per bar and hit, beside plain language models of the same loops; how far its
    grooves are from played ones; whether it copies. Of MIDI grooves: swing, density, velocity
    variance, syncopation and, beside ``--ref``, the distance of their step histograms.
    """
    with refusals():
        if target.is_dir() or target.suffix.lower() in _MIDI:
            if on is not None:
                raise OptionsError("--on is for models; MIDI grooves are compared with --ref")
            report = _of_grooves(target, ref, jobs)
        elif ref is not None:
            raise OptionsError("--ref is for MIDI grooves; a model is measured with --on FOLDER")
        else:
            draws = {
                "grooves": grooves,
                "bars": bars,
                "temperature": temperature,
                "top_k": top_k,
                "top_p": top_p,
                "bootstrap": bootstrap,
                "seed": seed,
            }
            report = _of_model(target, on, draws, jobs)
    if as_json:
        typer.echo(json.dumps(report, sort_keys=True, allow_nan=False))
    else:
        typer.echo("\n".join(_lines(report)))


def _of_model(path: Path, on: Path | None, draws: dict[str, Any], jobs: int) -> dict[str, Any]:
    from groove.cli.loading import load_model
    from groove.core.models import ModelError
    from groove.ngram.judge.evaluation import evaluate as measured
    from groove.ngram.spec import EvaluationSpec, EventSpec

    if on is None:
        raise ModelError("a model is measured on loops it never heard: give --on FOLDER")
    spec = EvaluationSpec.model_validate(draws)
    model = load_model(path)
    events = EventSpec.model_validate(model.card.get("events", {}))
    folder = _read(on, jobs, events)
    report = {
        "model": str(path),
        "files": folder.files,
        "quarantined": len({name for name, _ in folder.quarantine}),
        **measured(model, folder.bars, spec),
    }
    if leaked := report["leaked_loops"]:
        typer.echo(
            f"{leaked} of {report['loops']} loops are in the model's training loops: what is "
            "measured on them says nothing of loops that it never heard",
            err=True,
        )
    return report


def _of_grooves(path: Path, ref: Path | None, jobs: int) -> dict[str, Any]:
    from groove.core.models import ModelError
    from groove.ngram.judge.metrics import groove_metrics

    folder = _read(path, jobs)
    if not len(folder.bars):
        raise ModelError(f"no drum groove in {path}")
    against = _read(ref, jobs).bars if ref is not None else None
    if against is not None and not len(against):
        raise ModelError(f"no drum loop in {ref}")
    return {
        "files": folder.files,
        "quarantined": len({name for name, _ in folder.quarantine}),
        "bars": len(folder.bars),
        **groove_metrics(folder.bars, against),
    }


def _read(place: Path, jobs: int, events: EventSpec | None = None) -> Folder:
    """Return the loops of a folder, or of one file: short ones, and ones with few notes, too."""
    from groove.cli.inventory import read

    settings: dict[str, Any] = {"min_bars": 0.0, "min_notes": 1}
    if place.is_dir():
        return read(place, settings, {}, jobs=jobs, events=events)
    with tempfile.TemporaryDirectory() as alone:
        shutil.copyfile(place, Path(alone) / place.name)
        return read(Path(alone), settings, {}, jobs=1, events=events)


def _lines(report: dict[str, Any], indent: str = "") -> list[str]:
    """Return figures as lines of text; long lists are counted."""
    lines = []
    for name, value in report.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}", *_lines(value, indent + "  ")]
        elif isinstance(value, list):
            lines.append(f"{indent}{name}: {len(value)} (all with --json)")
        else:
            shown = f"{value:.4g}" if isinstance(value, float) else value
            lines.append(f"{indent}{name}: {'-' if shown is None else shown}")
    return lines


evaluate.__doc__ = (evaluate.__doc__ or "") + _EXAMPLES
