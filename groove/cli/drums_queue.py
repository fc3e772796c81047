"""`groove drums queue`: what to label next, as a folder to work in; and the answers back.

What belongs here: options and output. What does not: ranks, the folder, what an answer means
(:mod:`groove.drums.label_queue`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groove.cli.refusal import refusals

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from groove.drums.label_queue.spec import QueueSpec

_SHOWN = 20


def queue(
    predictions: Annotated[
        Path | None, typer.Argument(help="JSON lines: what was heard where, how surely")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", "-m", help="What is labelled now")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write; with --apply the manifest")
    ] = None,
    audio: Annotated[
        Path | None, typer.Option(help="Data root of the audio; none: the manifest's folder")
    ] = None,
    gates: Annotated[
        Path | None,
        typer.Option(
            help="JSON report of `groove readiness run`: what its red gates lack is first"
        ),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--apply", help="Put the answers of a page into the manifest")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Clips at most")] = 200,
    diversity: Annotated[
        float,
        typer.Option(min=0, max=8, help="Exponent of the distance to what is queued; 0: none"),
    ] = 1.0,
    gate_weight: Annotated[
        float, typer.Option(min=0, help="How much more a class counts that a gate lacks wholly")
    ] = 3.0,
) -> None:
    """Choose the clips that are worth a look, and write a page to label them.

    Confident mistakes and doubts, ranked by loss x difference from those before x effect on the
    gates. A prediction is a line {"sample_id": ... or "audio_path": ..., "onset_time": ..., and
    either "label" and "confidence", or "probabilities": {class: p}}. A folder that was begun and
    not finished goes on when it is asked for again.

    Try:

      groove drums queue predictions.jsonl --manifest M.jsonl --audio ROOT --out queue

      groove drums queue --apply labels.jsonl --manifest M.jsonl --out M2.jsonl
    """
    from groove.drums.label_queue.spec import QueueSpec

    if manifest is None or out is None or (predictions is None) == (answers is None):
        typer.echo("give --manifest, --out, and either PREDICTIONS or --apply ANSWERS", err=True)
        raise typer.Exit(2)
    root = audio if audio is not None else manifest.resolve().parent
    if answers is not None:
        _apply(answers, manifest, root, out)
    elif predictions is not None:
        spec = QueueSpec(count=count, diversity=diversity, gate_weight=gate_weight)
        _write(predictions, manifest, root, out, gates, spec)


def _write(
    predictions: Path, manifest: Path, root: Path, out: Path, gates: Path | None, spec: QueueSpec
) -> None:
    from groove.drums.label_queue.folder import PAGE, export_queue
    from groove.drums.label_queue.places import at_events
    from groove.drums.label_queue.ranking import queue as ranked
    from groove.drums.manifest.negatives import matched
    from groove.drums.manifest.predicted import read_predictions
    from groove.drums.manifest.reading import read_events

    with refusals():
        if not root.is_dir():
            raise NotADirectoryError(20, "is no folder", str(root))
        with _named(manifest):
            truth = read_events(manifest, root=root)
        with _named(predictions):
            heard = matched(read_predictions(predictions), truth, spec.window_s)
        heard = at_events(heard, truth, spec.window_s)
        needs = {} if gates is None else _needs(gates, heard, truth, spec)
        chosen = ranked(heard, needs, spec)
        labels = dict(zip(truth["sample_id"], map(list, truth["labels"]), strict=True))
        done = export_queue(chosen, labels, root, out, spec)
    for name, need in needs.items():
        typer.echo(f"{name} lacks {_lacks(need)}", err=True)
    for name, reason in done.refused[:_SHOWN]:
        typer.echo(f"left out {name}: {reason}", err=True)
    for name, number in sorted(Counter(chosen["why"]).items()):
        typer.echo(f"{name}  {number}")
    typer.echo(
        f"{out / PAGE}: {done.clips} clips of {len(heard)} predictions, {done.written} sounds "
        "written now",
        err=True,
    )


def _apply(answers: Path, manifest: Path, root: Path, out: Path) -> None:
    from groove.drums.label_queue.answers import Applied, read_answers, with_answers
    from groove.drums.manifest.reading import stream_events
    from groove.drums.manifest.writing import write_events

    done = Applied()
    with refusals():
        with _named(answers):
            given = read_answers(answers)
        with _named(manifest):
            events = stream_events(manifest, root=root)
            total = write_events(with_answers(events, given, done), out)
    for name in done.stale[:_SHOWN]:
        typer.echo(f"{name} was changed since it was seen, and is left as it is", err=True)
    typer.echo(
        f"{out}: {total} events; {done.corrected} corrected, {done.confirmed} confirmed, "
        f"{done.added} added, {len(done.stale)} left as they are",
        err=True,
    )


def _needs(
    gates: Path, heard: pd.DataFrame, truth: pd.DataFrame, spec: QueueSpec
) -> Mapping[str, NDArray[np.float64]]:
    """Return what the red gates of a report lack, by gate."""
    import numpy as np

    from groove.drums.classify.metrics import decide
    from groove.drums.corpus.loading import truth_of
    from groove.drums.label_queue.needs import measured, needs_of_report
    from groove.midi.taxonomy import CLASSES
    from groove.readiness.run.files import MAX_FILE_BYTES
    from groove.readiness.run.reports import read_report

    if gates.stat().st_size > MAX_FILE_BYTES:
        raise ValueError(f"{gates}: far too large for a report")
    report = read_report(gates.read_bytes(), str(gates))
    counts = truth_of(truth["classes"]).sum(axis=0).astype(np.float64)
    likely = np.zeros((0, len(CLASSES)))
    if len(heard):
        likely = np.stack(heard["probabilities"].tolist())
    struck = truth_of(heard["true_classes"]) if len(heard) else likely.astype(bool)
    decided = decide(likely, spec.threshold)
    return needs_of_report(report, measured(struck, decided, counts))


def _lacks(need: NDArray[np.float64]) -> str:
    """Return the classes that a gate lacks, those of the greatest need first."""
    from groove.midi.taxonomy import CLASSES

    shown = sorted((-share, name) for name, share in zip(CLASSES, need, strict=True) if share > 0)
    return ", ".join(f"{name} {-share:.0%}" for share, name in shown)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Make an error about a line name the file, too."""
    from groove.drums.manifest.schema import ManifestError

    try:
        yield
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from error
