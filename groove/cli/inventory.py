"""`groove inventory`: statistics of every loop below a folder.

What belongs here: listing files, printing, CSV. What does not: measuring a loop
(:mod:`groove.midi.inventory`); the pipeline's own inventory is the table ``loop_index``.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from groove.core import tags
from groove.core.inputs import UNKNOWN_LICENSE, format_of
from groove.midi.spec import LoopIndexSpec

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
}

_EXAMPLES = """
Examples:

  groove inventory ~/Music/loops

  groove inventory loops --out loop_inventory.csv --fold-halves --min-bpm 80 --max-bpm 160
"""


@dataclass(frozen=True)
class FolderStore:
    """Reads below one folder, writes nothing."""

    root: Path

    def read_raw(self, path: str) -> bytes:
        """Return a file's content."""
        return (self.root / path).read_bytes()

    def read(self, blob: str) -> bytes:
        """Refuse: an inventory has no blobs."""
        raise FileNotFoundError(blob)

    def write(self, data: bytes, suffix: str) -> str:
        """Refuse: an inventory writes no blobs."""
        raise PermissionError(f"{len(data)} bytes ({suffix})")


def inventory(
    root: Annotated[Path, typer.Argument(help="Folder of loops, MIDI or audio")] = Path(),
    out: Annotated[Path | None, typer.Option(help="Write the rows to this CSV file")] = None,
    min_bars: Annotated[float, typer.Option(help="Shortest loop to keep, bars")] = 1.0,
    min_notes: Annotated[int, typer.Option(help="Fewest notes to keep")] = 8,
    tempo_policy: Annotated[str, typer.Option(help="skip, fallback or accept")] = "fallback",
    fallback_bpm: Annotated[float, typer.Option(help="Tempo where a file has none")] = 120.0,
    min_bpm: Annotated[float, typer.Option(help="Slowest valid tempo")] = 40.0,
    max_bpm: Annotated[float, typer.Option(help="Fastest valid tempo")] = 300.0,
    fold_halves: Annotated[
        bool, typer.Option("--fold-halves", help="Halve or double a tempo out of range")
    ] = False,
) -> None:
    """Measure every loop below a folder: tempo, bars, notes, and what the filters keep."""
    if not root.is_dir():
        typer.echo(f"{root} is no folder", err=True)
        raise typer.Exit(2)
    try:
        spec = LoopIndexSpec.model_validate(
            {
                "min_bars": min_bars,
                "min_notes": min_notes,
                "tempo_policy": tempo_policy,
                "fallback_bpm": fallback_bpm,
                "min_bpm": min_bpm,
                "max_bpm": max_bpm,
                "fold_halves": fold_halves,
            }
        )
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if out is not None and not out.parent.is_dir():
        typer.echo(f"{out.parent} is no folder to write {out.name} to", err=True)
        raise typer.Exit(2)
    if min_bpm >= max_bpm:
        typer.echo(f"--min-bpm {min_bpm:g} must be below --max-bpm {max_bpm:g}", err=True)
        raise typer.Exit(2)
    rows, failed = measure(root, spec)
    for path, reason in failed:
        typer.echo(f"left out {path}: {reason}", err=True)
    if out is not None:
        with out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(COLUMNS))
            writer.writeheader()
            writer.writerows(rows)
    typer.echo(summary(rows, len(failed)))
    if out is not None:
        typer.echo(f"{len(rows)} rows in {out}")


def measure(root: Path, spec: LoopIndexSpec) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Return one row of :data:`COLUMNS` per readable loop below ``root``, and the failures.

    Files are taken in order of path; hidden ones are left out.
    """
    from groove.midi.inventory import index_loop

    store = FolderStore(root)
    rows: list[dict[str, Any]] = []
    failed: list[tuple[str, str]] = []
    console = Console(stderr=True)
    items = list(_items(root))
    for item in track(items, "Measuring", console=console, disable=not console.is_terminal):
        try:
            found = next(iter(index_loop(item, spec, store)))
        except (ValueError, OSError) as error:
            failed.append((item["path"], str(error)))
            continue
        rows.append({name: found[column] for name, column in COLUMNS.items()})
    return rows, failed


def summary(rows: list[dict[str, Any]], failed: int) -> str:
    """Return the inventory in a few lines."""
    sources = Counter(row["tempo_source"] for row in rows)
    counts = {
        "loops": len(rows),
        "left out": failed,
        "with drums": sum(row["drum"] for row in rows),
        "fills": sum(row["is_fill"] for row in rows),
        "kept for drums": sum(row["keep_drum"] for row in rows),
        "kept for pitches": sum(row["keep_pitched"] for row in rows),
        "bars": round(sum(row["bars"] for row in rows), 2),
        "notes": sum(row["notes"] for row in rows),
        **{f"tempo from {name}": count for name, count in sorted(sources.items())},
    }
    return "\n".join(f"{name:22} {count:>12,}" for name, count in counts.items())


def _items(root: Path) -> Iterator[dict[str, Any]]:
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if name.startswith(".") or (form := format_of(name)) is None:
                continue
            about = tags.merged(_sidecar(path), tags.of_name(path.stem))
            yield {
                "path": path.relative_to(root).as_posix(),
                "sha256": "",
                "source": str(about.get("source", root.name)),
                "license": str(about.get("license", UNKNOWN_LICENSE)),
                "format": form,
                "bytes": path.stat().st_size,
                "is_fill": bool(about.get("is_fill", False)),
                **{tag: about.get(tag) for tag in ("style", "feel", "section")},
                "tags_json": tags.to_json(about),
            }


def _sidecar(path: Path) -> dict[str, Any]:
    beside = path.with_name(f"{path.stem}.meta.yaml")
    try:
        return tags.sidecar(beside.read_bytes()) if beside.is_file() else {}
    except (tags.TagsError, OSError) as error:
        typer.echo(f"ignored {beside}: {error}", err=True)
        return {}


inventory.__doc__ = (inventory.__doc__ or "") + _EXAMPLES
