"""`groove inventory`: statistics of every loop below a folder.

What belongs here: options, printing, CSV and JSON. What does not: reading the folder
(:mod:`groove.ngram.corpus.folder`) and measuring a loop (:mod:`groove.midi.inventory`); the
pipeline's own inventory is the table ``loop_index``.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import pandas as pd
import typer

from groove.cli.writing import write_whole

if TYPE_CHECKING:
    from groove.ngram.corpus.folder import Folder
    from groove.ngram.spec import EventSpec

#: Columns of the CSV, and the ``loop_index`` column that each one is.
COLUMNS: Mapping[str, str] = {
    "path": "path",
    "bytes": "bytes",
    "bpm": "tempo_bpm",
    "bars": "bars",
    "notes": "notes",
    "uniq_pitches": "uniq_pitches",
    "drum": "drum",
    "is_fill": "is_fill",
    "keep_drum": "keep_drum",
    "keep_pitched": "keep_pitched",
    "tempo_injected": "tempo_injected",
    "tempo_source": "tempo_source",
    "format": "format",
    "duration_s": "duration_s",
    "meter": "meter",
    "meter_source": "meter_source",
    "style": "style",
    "feel": "feel",
    "section": "section",
    "heat": "heat",
    "intensity": "intensity",
    "density": "density",
    "split_group": "split_group",
    "split": "split",
    "duplicate_of": "duplicate_of",
    "source": "source",
    "license": "license",
}

_EXAMPLES = """
Examples:

  groove inventory ~/Music/loops

  groove inventory loops --out loop_inventory.csv --fold-halves --min-bpm 80 --max-bpm 160

  groove inventory loops --json > inventory.json
"""


def inventory(
    root: Annotated[Path, typer.Argument(help="Folder of loops, MIDI or audio")] = Path(),
    out: Annotated[
        Path | None, typer.Option(help="Write the rows to this CSV file; - is standard output")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print rows and summary as JSON")] = False,
    ext: Annotated[str, typer.Option(help="midi, wav, a suffix, or several with commas")] = (
        "midi,wav"
    ),
    min_bars: Annotated[float, typer.Option(help="Shortest loop to keep, bars")] = 1.0,
    min_notes: Annotated[int, typer.Option(help="Fewest notes to keep")] = 8,
    drum_only: Annotated[bool, typer.Option("--drum-only", help="Keep drums")] = False,
    pitched_only: Annotated[
        bool, typer.Option("--pitched-only", help="Keep pitched parts; with --drum-only both")
    ] = False,
    exclude_fills: Annotated[
        bool, typer.Option("--exclude-fills", help="Keep no file that is tagged as a fill")
    ] = False,
    beats_per_bar: Annotated[
        int, typer.Option(min=0, max=64, help="Quarters in a bar of loops that state no meter")
    ] = 0,
    tempo_policy: Annotated[str, typer.Option(help="skip, fallback or accept")] = "fallback",
    fallback_bpm: Annotated[float, typer.Option(help="Tempo where a file has none")] = 120.0,
    min_bpm: Annotated[float, typer.Option(help="Slowest valid tempo")] = 40.0,
    max_bpm: Annotated[float, typer.Option(help="Fastest valid tempo")] = 300.0,
    fold_halves: Annotated[
        bool, typer.Option("--fold-halves", help="Halve or double a tempo out of range")
    ] = False,
    inject_default_tempo: Annotated[
        float, typer.Option(help="Tempo taken for a file that states none; 0 takes none")
    ] = 0.0,
    tempo_verbose: Annotated[
        bool, typer.Option("--tempo-verbose", help="Say what became of tempos")
    ] = False,
    aux: Annotated[Path | None, typer.Option(help="JSON: file -> section, heat_bin, …")] = None,
    limit_files: Annotated[int, typer.Option(min=0, help="Read the first files only; 0 all")] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 takes one per core")] = 0,
) -> None:
    """Measure every loop below a folder: tempo, bars, notes, and what the filters keep."""
    if out is not None and str(out) != "-" and not out.parent.is_dir():
        typer.echo(f"{out.parent} is no folder to write {out.name} to", err=True)
        raise typer.Exit(2)
    settings = {
        "min_bars": min_bars,
        "min_notes": min_notes,
        "drum_only": drum_only,
        "pitched_only": pitched_only,
        "exclude_fills": exclude_fills,
        "tempo_policy": tempo_policy,
        "fallback_bpm": fallback_bpm,
        "min_bpm": min_bpm,
        "max_bpm": max_bpm,
        "fold_halves": fold_halves,
        "inject_default_tempo": inject_default_tempo,
        "default_meter": f"{beats_per_bar}/4" if beats_per_bar else "",
    }
    limits = {"extensions": ext.split(","), "limit_files": limit_files}
    folder = read(root, settings, limits, aux=aux, jobs=jobs, with_bars=False)
    rows = rows_of(folder.loops)
    counts = summary(rows, len(folder.quarantine))
    if out is not None:
        write_csv(rows, out)
    if as_json:
        quarantined = [{"path": path, "reason": why} for path, why in folder.quarantine]
        document = {"loops": rows, "quarantined": quarantined, "summary": counts}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    # Standard output is the data's alone where data goes there.
    to_error = as_json or str(out) == "-"
    typer.echo("\n".join(f"{name:22} {count:>12,}" for name, count in counts.items()), err=to_error)
    if tempo_verbose:
        typer.echo("\n".join(tempo_lines(rows)), err=True)
    if out is not None and not to_error:
        typer.echo(f"{len(rows)} rows in {out}")


def read(
    root: Path,
    settings: Mapping[str, Any],
    limits: Mapping[str, Any],
    *,
    aux: Path | None = None,
    jobs: int = 0,
    with_bars: bool = True,
    events: EventSpec | None = None,
) -> Folder:
    """Return a folder's loops by a command's options; say on standard error what was left out.

    Parameters
    ----------
    root
        The folder.
    settings, limits
        Fields of :class:`~groove.midi.spec.LoopIndexSpec` and
        :class:`~groove.ngram.spec.FolderSpec`.
    aux
        The aux map's file.
    jobs, with_bars, events
        As in :func:`groove.ngram.corpus.folder.read_folder`.

    Raises
    ------
    typer.Exit
        With 2, if an option, the folder or the aux map is wrong.
    """
    from groove.midi.spec import LoopIndexSpec
    from groove.ngram.corpus.auxmap import read_aux
    from groove.ngram.corpus.folder import read_folder
    from groove.ngram.spec import FolderSpec

    low, high = settings.get("min_bpm", 0.0), settings.get("max_bpm", float("inf"))
    if low >= high:
        typer.echo(f"--min-bpm {low:g} must be below --max-bpm {high:g}", err=True)
        raise typer.Exit(2)
    try:
        index = LoopIndexSpec.model_validate(dict(settings))
        filters = FolderSpec.model_validate(dict(limits))
        entries, warnings = read_aux(aux.read_bytes()) if aux is not None else (None, [])
        folder = read_folder(
            root,
            index=index,
            events=events,
            filters=filters,
            aux=entries,
            jobs=jobs,
            with_bars=with_bars,
        )
    except (ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    for line in [*warnings, *folder.warnings]:
        typer.echo(line, err=True)
    for path, reason in folder.quarantine:
        typer.echo(f"left out {path}: {reason}", err=True)
    return folder


def rows_of(loops: pd.DataFrame) -> list[dict[str, Any]]:
    """Return ``loop_index`` as rows of :data:`COLUMNS`, plain values, None for what is not known."""
    chosen = loops[list(COLUMNS.values())].set_axis(list(COLUMNS), axis=1).astype(object)
    plain = chosen.where(chosen.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def write_csv(rows: Iterable[Mapping[str, Any]], out: Path) -> None:
    """Write rows as CSV to a file, whole or not at all, or to standard output (``-``).

    Raises
    ------
    typer.Exit
        With 2, if the file cannot be written.
    """
    if str(out) == "-":
        _write(rows, sys.stdout)
        return
    text = io.StringIO(newline="")
    _write(rows, text)
    try:
        write_whole(out, text.getvalue().encode())
    except OSError as error:
        typer.echo(f"{out}: {error.strerror or error}", err=True)
        raise typer.Exit(2) from error


def summary(rows: list[dict[str, Any]], failed: int) -> dict[str, float]:
    """Return the inventory's counts by name."""
    sources = Counter(row["tempo_source"] for row in rows)
    return {
        "loops": len(rows),
        "left out": failed,
        "duplicates": sum(row["duplicate_of"] is not None for row in rows),
        "with drums": sum(row["drum"] for row in rows),
        "fills": sum(row["is_fill"] for row in rows),
        "kept for drums": sum(row["keep_drum"] for row in rows),
        "kept for pitches": sum(row["keep_pitched"] for row in rows),
        "bars": round(sum(row["bars"] for row in rows), 2),
        "notes": sum(row["notes"] for row in rows),
        **{f"tempo from {name}": count for name, count in sorted(sources.items())},
    }


def tempo_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return what became of tempos: a line of all, and one per source."""
    tempos = pd.DataFrame(rows, columns=["tempo_source", "bpm"])
    if not len(tempos):
        return ["tempo: no loops"]
    named = [("all", tempos["bpm"]), *tempos.groupby("tempo_source")["bpm"]]
    return [
        f"tempo {name}: {len(bpm)} loops, {bpm.min():g} to {bpm.max():g} bpm, median {bpm.median():g}"
        for name, bpm in named
    ]


def _write(rows: Iterable[Mapping[str, Any]], file: TextIO) -> None:
    writer = csv.DictWriter(file, fieldnames=list(COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


inventory.__doc__ = (inventory.__doc__ or "") + _EXAMPLES
