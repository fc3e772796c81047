"""`groove stats`: what the drum loops of a folder are made of.

What belongs here: options and printing. What does not: counting
(:mod:`groove.ngram.corpus.statistics`), reading the folder (:mod:`groove.ngram.corpus.folder`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from groove.cli.inventory import read

_EXAMPLES = """
Examples:

  groove stats loops

  groove stats loops --json > stats.json
"""


def stats(
    root: Annotated[Path, typer.Argument(help="Folder of loops, MIDI or audio")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    ext: Annotated[str, typer.Option(help="midi, wav, a suffix, or several with commas")] = (
        "midi,wav"
    ),
    min_bars: Annotated[float, typer.Option(help="Shortest loop, bars")] = 1.0,
    min_notes: Annotated[int, typer.Option(help="Fewest notes")] = 8,
    exclude_fills: Annotated[bool, typer.Option("--exclude-fills", help="Leave fills out")] = False,
    beats_per_bar: Annotated[
        int, typer.Option(min=0, max=64, help="Quarters in a bar of loops that state no meter")
    ] = 0,
    limit_files: Annotated[int, typer.Option(min=0, help="Read the first files only; 0 all")] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 takes one per core")] = 0,
) -> None:
    """Count the drum loops below a folder: styles, meters, tempi, grids, hits, labels, fills."""
    from groove.ngram.corpus.statistics import lines_of, statistics_of

    settings = {
        "min_bars": min_bars,
        "min_notes": min_notes,
        "exclude_fills": exclude_fills,
        "default_meter": f"{beats_per_bar}/4" if beats_per_bar else "",
    }
    limits = {"extensions": ext.split(","), "limit_files": limit_files}
    folder = read(root, settings, limits, jobs=jobs)
    found = statistics_of(folder)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        typer.echo("\n".join(lines_of(found)))


stats.__doc__ = (stats.__doc__ or "") + _EXAMPLES
