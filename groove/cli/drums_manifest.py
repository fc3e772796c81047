"""`groove drums manifest`: manifests of drum events, checked, joined, compared and annotated.

What belongs here: options and output. What does not: what is done to events
(:mod:`groove.drums.manifest`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groove.cli.refusal import refusals
from groove.cli.writing import write_whole

if TYPE_CHECKING:
    from groove.drums.manifest.schema import Event

_SHOWN = 20
_KINDS = (".jsonl", ".parquet", ".csv")

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Manifests of drum events (JSON lines): check, merge, compare, annotate, weigh.",
)

Manifest = Annotated[Path, typer.Argument(help="Manifest, one event a line")]
Root = Annotated[
    Path | None,
    typer.Option(help="Data root that audio paths start at; none: the manifest's folder"),
]
Out = Annotated[Path, typer.Option("--out", "-o", help="File to write; may be the manifest itself")]
Json = Annotated[Path | None, typer.Option("--json", help="Also write the report as JSON")]


@app.command()
def validate(
    manifest: Manifest,
    root: Root = None,
    audio: Annotated[
        bool, typer.Option("--audio", help="Audio must be there, and reach to its onsets")
    ] = False,
    json_out: Json = None,
) -> None:
    """Check every line, and say which are wrong; exit code 2 if there are any."""
    from groove.drums.manifest.reading import check_events

    with refusals():
        below = _root(manifest, root)
        count, problems = check_events(manifest, root=below)
        said = [str(problem) for problem in problems]
        if audio and not said:
            from groove.drums.manifest.sounding import check_audio

            said = [str(problem) for problem in check_audio(manifest, below)]
        if not count and not said:
            said = ["no events"]
        if json_out is not None:
            report = {"schema": 1, "events": count, "problems": said}
            write_whole(json_out, _json(report))
    for line in said[:_SHOWN]:
        typer.echo(f"{manifest}: {line}", err=True)
    if len(said) > _SHOWN:
        typer.echo(f"and at least {len(said) - _SHOWN} more", err=True)
    typer.echo(f"{manifest}: {count} events, {len(said) or 'no'} problems", err=True)
    if said:
        raise typer.Exit(2)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="Manifest (.jsonl), or its table (.parquet)")],
    out: Annotated[Path, typer.Argument(help="The other (.parquet, .jsonl); or .csv, to look at")],
    root: Root = None,
) -> None:
    """Turn a manifest into a table, or a table into a manifest, without loss."""
    import io

    import pandas as pd

    from groove.core.tables import ContractError, enforce
    from groove.drums.manifest.schema import ManifestError
    from groove.drums.manifest.table import DRUM_MANIFEST, table_of
    from groove.drums.manifest.writing import write_events

    with refusals():
        if out.suffix not in _KINDS:
            raise ManifestError(f"{out}: no kind of manifest; name it {', '.join(_KINDS)}")
        if source.suffix == ".parquet":
            given = pd.read_parquet(source)
            if lacking := [name for name in DRUM_MANIFEST.names if name not in given]:
                raise ContractError(f"{source}: no table of a manifest: no column {lacking[0]!r}")
            table = enforce(given[DRUM_MANIFEST.names], DRUM_MANIFEST)
        else:
            table = table_of(_events(source, root))
        if out.suffix == ".parquet":
            buffer = io.BytesIO()
            table.to_parquet(buffer, index=False)
            write_whole(out, buffer.getvalue())
        elif out.suffix == ".csv":
            write_whole(out, table.to_csv(index=False).encode())
        else:
            write_events(table, out)
    typer.echo(f"{out}: {len(table)} events", err=True)


@app.command()
def merge(
    manifests: Annotated[
        list[Path], typer.Argument(help="Manifests; of contradictions the first counts")
    ],
    out: Out,
    root: Annotated[
        Path | None, typer.Option(help="Data root of all of them; none: each one's folder")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing where manifests contradict each other")
    ] = False,
    json_out: Json = None,
) -> None:
    """Join manifests: repeats are left out, contradictions are told."""
    from groove.drums.manifest import merge as merging
    from groove.drums.manifest.writing import write_events

    with refusals():
        sources = {str(path): partial(_events, path, root, repeats=True) for path in manifests}
        plan = merging.plan_merge(sources)
        report = plan.report
        if json_out is not None:
            write_whole(json_out, _json({"schema": 1, **report}))
        for example in report["examples"][:_SHOWN]:
            fields = ", ".join(example["fields"])
            typer.echo(
                f"{example['sample_id']}: {example['kept']} and {example['left_out']} "
                f"differ in {fields}",
                err=True,
            )
        if not (strict and report["conflicts"]):
            write_events(merging.merged(sources, plan), out)
    typer.echo(
        f"{out}: {report['total']} events; left out {report['repeated_identity']} repeats, "
        f"{report['repeated_content']} with the same content, {report['conflicts']} contradictions",
        err=True,
    )
    if strict and report["conflicts"]:
        typer.echo("nothing was written", err=True)
        raise typer.Exit(1)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="Manifest")],
    after: Annotated[Path, typer.Argument(help="Another one")],
    root: Root = None,
    json_out: Json = None,
) -> None:
    """Tell what came, went and changed, by session, component and technique."""
    from groove.drums.manifest.compare import as_text, summarise
    from groove.drums.manifest.compare import compare as held_against

    with refusals():
        found = held_against(
            summarise(_events(before, root, repeats=True)),
            summarise(_events(after, root, repeats=True)),
        )
        if json_out is not None:
            write_whole(json_out, _json(found))
    typer.echo(as_text(found))


@app.command()
def annotate(
    manifest: Manifest,
    out: Out,
    root: Root = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Take away what an earlier run has added first")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and write nothing")] = False,
) -> None:
    """Add the techniques that notes alone show: barks, flams, changes of meter ..."""
    from groove.drums.manifest.annotate import annotated, counts_of, notes_of, techniques_of
    from groove.drums.manifest.writing import write_events

    with refusals():
        masks = techniques_of(notes_of(_events(manifest, root)))
        if not dry_run:
            write_events(annotated(_events(manifest, root), masks, fresh=fresh), out)
    for name, count in sorted(counts_of(masks).items()):
        typer.echo(f"{name}  {count}")
    typer.echo(f"{'nothing written' if dry_run else out}: {len(masks)} events", err=True)


@app.command()
def openness(
    manifest: Manifest,
    curves: Annotated[Path, typer.Option(help="JSON of curves by vendor and model")],
    out: Out,
    root: Root = None,
    again: Annotated[bool, typer.Option("--again", help="Also what is calibrated already")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and write nothing")] = False,
) -> None:
    """Compute hi-hat openness from what each device sends."""
    from groove.drums.manifest.openness import calibrated, load_curves
    from groove.drums.manifest.writing import write_events

    with refusals():
        counts: Counter[str] = Counter()
        events = calibrated(_events(manifest, root), load_curves(curves), counts, again=again)
        if dry_run:
            for _ in events:
                pass
        else:
            write_events(events, out)
    for name, count in sorted(counts.items()):
        typer.echo(f"{name}  {count}")
    typer.echo("nothing written" if dry_run else str(out), err=True)


@app.command()
def weights(
    manifest: Manifest,
    out: Out,
    root: Root = None,
    smoothing: Annotated[float, typer.Option(min=0, help="Added to a session's events")] = 1.0,
    power: Annotated[float, typer.Option(min=0, max=1, help="0: events alike; 1: sessions")] = 0.5,
    lowest: Annotated[float, typer.Option(help="Smallest weight")] = 0.05,
    highest: Annotated[float, typer.Option(help="Largest weight")] = 0.5,
) -> None:
    """Derive how often each session's events are drawn in training."""
    from groove.drums.manifest.spec import WeightSpec
    from groove.drums.manifest.weights import to_json

    with refusals():
        spec = WeightSpec(smoothing=smoothing, power=power, lowest=lowest, highest=highest)
        counts = Counter(event.session_id for event in _events(manifest, root))
        write_whole(out, to_json(counts, spec).encode())
    typer.echo(f"{out}: {len(counts)} sessions, {counts.total()} events", err=True)


@app.command()
def negatives(
    predictions: Annotated[Path, typer.Argument(help="JSON lines: who was heard, how surely")],
    manifest: Annotated[Path, typer.Option(help="What was really struck")],
    out: Out,
    root: Root = None,
    confidence: Annotated[
        float, typer.Option("--min-confidence", min=0, max=1, help="Least confidence")
    ] = 0.7,
    per_label: Annotated[int, typer.Option("--max-per-label", min=1, help="Kept per class")] = 150,
    diversity: Annotated[
        float, typer.Option(min=0, max=1, help="0: by loss alone; 1: by difference alone")
    ] = 0.5,
) -> None:
    """List what a model was sure of and wrong about, the costliest first, no two alike.

    A prediction is {"sample_id": ... or "audio_path": ..., "onset_time": ..., and either "label" and
    "confidence", or "probabilities": {class: p}}.
    """
    from groove.drums.manifest.negatives import hard_negatives, matched
    from groove.drums.manifest.predicted import negative_lines, read_predictions
    from groove.drums.manifest.schema import ManifestError
    from groove.drums.manifest.spec import NegativeSpec
    from groove.drums.manifest.table import table_of

    with refusals():
        spec = NegativeSpec(confidence=confidence, per_label=per_label, diversity=diversity)
        truth = table_of(_events(manifest, root))
        try:
            heard = read_predictions(predictions)
        except ManifestError as error:
            raise ManifestError(f"{predictions}: {error}") from error
        rows = matched(heard, truth, spec.window_s)
        found = hard_negatives(rows, spec)
        write_whole(out, negative_lines(found))
    for name, count in sorted(Counter(found["predicted"]).items()):
        typer.echo(f"{name}  {count}")
    typer.echo(f"{out}: {len(found)} of {len(rows)} predictions", err=True)


@app.command()
def techniques(
    words: Annotated[str, typer.Argument(help="Words to search for; none lists all")] = "",
    catalogue: Annotated[Path | None, typer.Option(help="Another catalogue, JSON")] = None,
    legacy: Annotated[
        Path | None, typer.Option(help="Plain text, read where the JSON is missing")
    ] = None,
    priority: Annotated[str, typer.Option(help="high, medium or low")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """List ways of playing: names, categories, what they are."""
    from groove.drums.techniques import load_catalogue

    with refusals():
        found = load_catalogue(catalogue, legacy)
    chosen = found.search(words) if words else found.techniques
    chosen = [technique for technique in chosen if priority in ("", technique.priority)]
    if as_json:
        typer.echo(json.dumps([t.model_dump() for t in chosen], indent=1, ensure_ascii=False))
        return
    for technique in chosen:
        typer.echo(
            f"{technique.name}  [{technique.category}, {technique.priority}]  "
            f"{technique.description}"
        )


def _root(manifest: Path, root: Path | None) -> Path:
    return root if root is not None else manifest.resolve().parent


def _events(manifest: Path, root: Path | None, *, repeats: bool = False) -> Iterator[Event]:
    """Yield events; an error names the file."""
    from groove.drums.manifest.reading import stream_events
    from groove.drums.manifest.schema import ManifestError

    try:
        yield from stream_events(manifest, root=_root(manifest, root), repeats=repeats)
    except ManifestError as error:
        raise ManifestError(f"{manifest}: {error}") from error


def _json(report: Any) -> bytes:
    return (json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
