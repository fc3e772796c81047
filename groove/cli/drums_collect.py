"""`groove drums collect`: labelled clips of drum hits, gathered and exported.

What belongs here: options and output. What does not: cutting and keeping clips
(:mod:`groove.drums.collect`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groove.cli.refusal import refusals

if TYPE_CHECKING:
    from groove.drums.collect.folder import Origin
    from groove.drums.collect.sources import Report
    from groove.drums.manifest.schema import Event

_SHOWN = 20

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Labelled clips of drum hits: gather them, count them, export a data set.",
)

Folder = Annotated[Path, typer.Option("--collection", "-c", help="Folder of the collection")]
Kit = Annotated[str, typer.Option(help="Kit that was played; hits of a kit are split together")]
Group = Annotated[str, typer.Option(help="What else must be on one side of a split, by any name")]
Session = Annotated[str, typer.Option(help="What was played in one go; none: the file")]
Source = Annotated[str, typer.Option(help="Data set that the sound comes from")]
License = Annotated[str, typer.Option("--license", help="Licence of the sound, such as CC0-1.0")]
Synthetic = Annotated[bool, typer.Option("--synthetic", help="Played by software, not recorded")]

_HERE = Path("collection")


@app.command()
def add(
    audio: Annotated[Path, typer.Argument(help="Audio file")],
    time_s: Annotated[float, typer.Argument(help="Onset in it, seconds")],
    labels: Annotated[list[str], typer.Argument(help="What was struck, by any name")],
    collection: Folder = _HERE,
    velocity: Annotated[float | None, typer.Option(help="How hard, 0..1")] = None,
    kit: Kit = "",
    session: Session = "",
    source: Source = "",
    license_: License = "",
    synthetic: Synthetic = False,
    group: Group = "",
) -> None:
    """Add one hit: `groove drums collect add song.mp3 1.234 kick`."""
    from groove.drums.collect.folder import Collection
    from groove.drums.collect.sources import add_hit

    with refusals():
        _must_exist(audio)
        with Collection(collection) as kept:
            name = add_hit(
                kept,
                audio,
                time_s,
                labels,
                velocity=velocity,
                origin=_origin(kit, session, source, license_, synthetic, group),
            )
            state = "added" if kept.added else "was there already"
    typer.echo(f"{name} {state}: {', '.join(labels)}", err=True)


@app.command()
def beatmap(
    beatmap_file: Annotated[
        Path, typer.Argument(metavar="BEATMAP", help=".bsm, .mid, .jams, .csv or .txt")
    ],
    audio: Annotated[Path, typer.Argument(help="Its audio file")],
    collection: Folder = _HERE,
    least_confidence: Annotated[
        float, typer.Option("--min-confidence", min=0, max=1, help="Leave less sure hits out")
    ] = 0.0,
    kit: Kit = "",
    session: Session = "",
    source: Source = "",
    license_: License = "",
    synthetic: Synthetic = False,
    group: Group = "",
) -> None:
    """Add all hits of a beatmap; those at one moment become one event."""
    from groove.drums.beatmap import read_beatmap
    from groove.drums.collect.folder import Collection
    from groove.drums.collect.sources import add_beatmap

    with refusals():
        found = read_beatmap(beatmap_file)
        _must_exist(audio)
        with Collection(collection) as kept:
            report = add_beatmap(
                kept,
                found,
                audio,
                least_confidence=least_confidence,
                origin=_origin(kit, session, source, license_, synthetic, group),
            )
    _tell(report, collection)


@app.command()
def folder(
    root: Annotated[
        Path, typer.Argument(help="Folder of one-shots, with labels.csv or class folders")
    ],
    collection: Folder = _HERE,
    kit: Kit = "",
    source: Source = "",
    license_: License = "",
    synthetic: Synthetic = False,
    group: Group = "",
) -> None:
    """Add labelled one-shots: by labels.csv, else by the names of folders and files."""
    from groove.drums.collect.folder import Collection
    from groove.drums.collect.one_shots import add_one_shots

    with refusals():
        if not root.is_dir():
            raise NotADirectoryError(20, "is no folder", str(root))
        origin = _origin(kit, "", source, license_, synthetic, group)
        with Collection(collection) as kept:
            report = add_one_shots(kept, root, origin=origin)
    _tell(report, collection)


@app.command()
def renders(
    collection: Folder = _HERE,
    at_most: Annotated[
        int | None, typer.Option("--songs", min=1, help="Songs to take, the first ones; none: all")
    ] = None,
) -> None:
    """Add the drum hits of the pipeline's rendered songs, with exact labels and velocities."""
    from groove.cli.data import read_blob, read_table
    from groove.core.store import MemoryStore
    from groove.core.tables import records
    from groove.drums.collect.folder import Collection
    from groove.drums.collect.sources import add_renders

    class Blobs(MemoryStore):
        def read(self, blob: str) -> bytes:
            return read_blob(blob)

    with refusals():
        rows = records(read_table("song_renders"))[:at_most]
        with Collection(collection) as kept:
            report = add_renders(kept, rows, Blobs())
    _tell(report, collection)


@app.command()
def stats(
    collection: Folder = _HERE,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Count hits by class, and hold them against what is recommended."""
    from groove.drums.collect.folder import events_in
    from groove.drums.collect.statistics import as_json, statistics

    with refusals():
        _must_exist(collection)
        found = statistics(events_in(collection))
    if as_json_:
        typer.echo(json.dumps(as_json(found), indent=1))
    else:
        typer.echo(found.to_string(index=False))


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="Folder of the data set")],
    collection: Folder = _HERE,
    manifest: Annotated[
        Path | None, typer.Option(help="Export this manifest's events instead")
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Data root of that manifest; none: its folder")
    ] = None,
    validation: Annotated[float, typer.Option(min=0, max=1, help="Share of groups")] = 0.15,
    test: Annotated[float, typer.Option(min=0, max=1, help="Share of groups")] = 0.15,
    salt: Annotated[str, typer.Option(help="Another one gives another split")] = "",
    find_copies: Annotated[
        bool,
        typer.Option("--copies/--no-copies", help="Keep copies by sound on one side; no: faster"),
    ] = True,
    together: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A,B",
            help="Kits, sessions, sources or groups that are on one side; may be repeated",
        ),
    ] = None,
    pre_s: Annotated[float, typer.Option(help="Seconds kept before an onset")] = 0.1,
    post_s: Annotated[float, typer.Option(help="Seconds kept after it")] = 0.9,
) -> None:
    """Write clips, events.jsonl and metadata.json, split by kit, session and group.

    An export that was stopped goes on when it is asked for again.

    Try:

      groove drums collect export dataset --together "Pearl A,Pearl B"
    """
    from groove.drums.collect.export import export as write_set
    from groove.drums.collect.folder import events_in
    from groove.drums.collect.spec import CutSpec, ExportSpec
    from groove.drums.manifest.reading import stream_events

    with refusals():
        if manifest is None:
            _must_exist(collection)
            below, events = collection, events_in(collection)
        else:
            below = root or manifest.resolve().parent
            events = _named(stream_events(manifest, root=below), manifest)
        cut = CutSpec(pre_s=pre_s, post_s=post_s)
        spec = ExportSpec(
            validation=validation,
            test=test,
            salt=salt,
            find_copies=find_copies,
            together=[_names(text) for text in together or []],
        )
        done = write_set(events, below, out, cut, spec)
    for name, reason in done.refused[:_SHOWN]:
        typer.echo(f"left out {name}: {reason}", err=True)
    typer.echo(f"{out}: {done.clips} clips, {done.written} written now", err=True)
    for side, held in done.sides.items():
        lacking = f"; none of {', '.join(held.without)}" if held.without else ""
        typer.echo(f"{side}: {held.clips} clips of {held.groups} kits{lacking}", err=True)
    if any(held.without for held in done.sides.values()):
        typer.echo("another --salt, or another folder, gives another split", err=True)


def _named(events: Iterator[Event], manifest: Path) -> Iterator[Event]:
    """Yield events; an error names the file."""
    from groove.drums.manifest.schema import ManifestError

    try:
        yield from events
    except ManifestError as error:
        raise ManifestError(f"{manifest}: {error}") from error


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _must_exist(path: Path) -> None:
    if not path.exists():
        raise FileNotFoundError(2, "is not there", str(path))


def _origin(
    kit: str, session: str, source: str, license_: str, synthetic: bool, group: str
) -> Origin:
    from groove.drums.collect.folder import Origin

    return Origin(
        file="",
        sha256="",
        session_id=session or kit,
        kit_id=kit or None,
        source_set=source or None,
        license=license_ or None,
        is_synthetic=synthetic,
        split_group=group or None,
    )


def _tell(report: Report, collection: Path) -> None:
    for name, reason in report.refused[:_SHOWN]:
        typer.echo(f"left out {name}: {reason}", err=True)
    more = len(report.refused) - _SHOWN
    if more > 0:
        typer.echo(f"left out {more} more", err=True)
    typer.echo(
        f"{collection}: {report.added} added, {report.known} there already, "
        f"{len(report.refused)} left out",
        err=True,
    )
    if not report.added and not report.known:
        raise typer.Exit(2)
