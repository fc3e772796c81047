"""`groove drums report`: how well a classifier does, from its predictions and the truth.

What belongs here: options, reading predictions of three kinds, the page. What does not: figures
(:mod:`groove.drums.classify.report`), pictures (:mod:`groove.plots.drums`).
"""

from __future__ import annotations

import base64
import csv
import io
import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groove.cli.refusal import refusals
from groove.cli.writing import write_whole
from groove.midi.taxonomy import CLASSES, class_of, label_of_alias

if TYPE_CHECKING:
    import pandas as pd

    from groove.drums.classify.report import ClassifierReport

_WINDOW_S = 0.05


def report(
    predictions: Annotated[
        Path,
        typer.Argument(help="drum_predictions as .parquet; .csv of drums classify; JSON lines"),
    ],
    truth: Annotated[
        Path | None,
        typer.Option(help="For .csv: labels.csv (file,label,kit). For JSON lines: a manifest"),
    ] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the figures here")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page here")] = None,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Probability from which a class is heard")
    ] = 0.5,
    resamples: Annotated[int, typer.Option(min=1, max=100_000, help="Of the kits")] = 1000,
) -> None:
    """Tell precision, recall and F1 by class, what is taken for what, and how far to believe it.

    Recall has two 95 % intervals: by a bootstrap of the kits (what another set of kits would
    give), and Wilson's over single hits, which is narrower and there for a single kit, too.
    """
    from groove.drums.classify.report import report as made

    with refusals():
        rows = _rows(predictions, truth)
        if not len(rows):
            raise ValueError(f"{predictions}: no prediction with a truth")
        found = made(rows, threshold=threshold, resamples=resamples)
        if json_out is not None:
            text = json.dumps(found.metrics, indent=1, ensure_ascii=False, allow_nan=False)
            write_whole(json_out, text.encode() + b"\n")
        if html is not None:
            write_whole(html, _page(found, predictions.name))
    typer.echo(found.table.round(3).to_string(index=False))
    figures = found.metrics
    typer.echo(
        f"{figures['events']} events of {figures['kits']} kits: macro-F1 {figures['macro_f1']:.3f}, "
        f"exactly right {figures['exact']:.3f}, ECE {figures['ece']:.3f}"
    )


def _rows(predictions: Path, truth: Path | None) -> pd.DataFrame:
    """Return what a report takes, from a file of any of the three kinds."""
    import pandas as pd

    if predictions.suffix == ".parquet":
        columns = ["origin", "kit_id", "true_classes", "predicted_classes", "probabilities"]
        try:
            table = pd.read_parquet(predictions, columns=columns)
        except (ValueError, KeyError) as error:
            raise ValueError(f"{predictions}: no table of predictions") from error
        # Sounds that are no drum are a question of their own.
        return table[table["origin"].isin(("hit", "song"))].reset_index(drop=True)
    if truth is None:
        raise ValueError("give --truth: what was really struck")
    if predictions.suffix == ".csv":
        return _of_csv(predictions, truth)
    from groove.drums.label_queue.places import at_events
    from groove.drums.manifest.negatives import matched
    from groove.drums.manifest.predicted import read_predictions
    from groove.drums.manifest.reading import read_events

    events = read_events(truth, root=truth.resolve().parent)
    heard = matched(read_predictions(predictions), events, _WINDOW_S)
    heard = at_events(heard, events, _WINDOW_S)
    if not len(heard):
        return heard
    kits = dict(zip(events["sample_id"], events["kit_id"], strict=True))
    named = heard["sample_id"].map(kits)
    # Where no kit is named, what was played in one go has one.
    return heard.assign(kit_id=named.where(named.notna(), heard["session_id"]))


def _of_csv(predictions: Path, truth: Path) -> pd.DataFrame:
    """Return rows of `groove drums classify --csv` with the labels of a labels.csv."""
    import pandas as pd

    known: dict[Path, tuple[list[str], str]] = {}
    for number, row in _lines(truth, ("file", "label")):
        labels = [label_of_alias(name) for name in row["label"].split("+")]
        if None in labels:
            raise ValueError(f"{truth}: line {number}: {row['label'][:60]!r} is in no taxonomy")
        struck = {class_of(str(label)) for label in labels}
        path = (truth.parent / row["file"]).resolve()
        listed = [name for name in CLASSES if name in struck]
        known[path] = (listed, row.get("kit") or str(path.parent))
    rows: list[dict[str, Any]] = []
    missing = 0
    for number, row in _lines(predictions, ("file", *CLASSES)):
        answer = known.get(Path(row["file"]).resolve())
        if answer is None:
            missing += 1
            continue
        try:
            likely = [float(row[name]) for name in CLASSES]
        except ValueError as error:
            raise ValueError(f"{predictions}: line {number}: {error}") from error
        if not all(0 <= share <= 1 for share in likely):
            raise ValueError(f"{predictions}: line {number}: a probability is not in 0..1")
        rows.append({"true_classes": answer[0], "kit_id": answer[1], "probabilities": likely})
    if missing:
        typer.echo(f"{missing} files are not in {truth}, and left out", err=True)
    return pd.DataFrame(rows, columns=["true_classes", "kit_id", "probabilities"])


def _lines(path: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV file with their lines; every needed column is there."""
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: no CSV file in UTF-8: {error}") from error
    absent = [name for name in needed if name not in (reader.fieldnames or [])]
    if absent:
        raise ValueError(f"{path}: no column {absent[0]!r}")
    for number, row in rows:
        if any(row[name] is None for name in needed):
            raise ValueError(f"{path}: line {number} is too short")
    return rows


def _page(found: ClassifierReport, name: str) -> bytes:
    """Return the report as one page; nothing of it comes from elsewhere."""
    from groove.plots import drums as plots
    from groove.readiness.checks.verdict import Interval, Panel
    from groove.readiness.drawing import STYLE, table_of

    head = ("class", "hits", "kits", "precision", "recall, by kit", "recall, by hit", "F1")
    rows = [
        (
            row["klass"], row["support"], row["kits"], row["precision"],
            Interval(row["recall"], row["recall_low"], row["recall_high"]),
            Interval(row["recall"], row["wilson_low"], row["wilson_high"]),
            row["f1"],
        )
        for row in found.table.to_dict(orient="records")
    ]  # fmt: skip
    figures = found.metrics
    title = f"{name}: macro-F1 {figures['macro_f1']:.3f}"
    pictures = (
        ("Recall by class", plots.recall_bars(found.table)),
        ("What is taken for what", plots.confusion(found.confusion, CLASSES)),
        ("Whether it is as often right as it says", plots.reliability(found.after, found.before)),
        ("What another threshold would give", plots.threshold_curves(found.thresholds)),
    )
    drawn = "".join(
        f"<section><h2>{escape(words)}</h2><img alt='{escape(words)}' style='max-width:100%' "
        f"src='data:image/png;base64,{base64.b64encode(data).decode()}'></section>"
        for words, data in pictures
    )
    said = (
        f"{figures['events']:,} events of {figures['kits']:,} kits; micro-F1 "
        f"{figures['micro_f1']:.3f}, exactly right {figures['exact']:.3f}, ECE {figures['ece']:.3f}."
        f" Intervals by kit: {figures['recall_interval']}; by hit: Wilson, 95 %."
    )
    table = table_of(Panel("By class", head, rows))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><main><header><h1>{escape(title)}</h1>"
        f"<p>{escape(said)}</p></header>{table}{drawn}</main></body></html>"
    ).encode()
