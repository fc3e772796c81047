"""``groove fetch``: open data sets from their public homes.

What belongs here: the command and what it prints. What does not: the fetch itself
(:mod:`groove.cli.fetching`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

from groove.cli import fetching
from groove.cli.downloading import FetchError, Progress, Remote

_EXAMPLES = """
Examples:

  groove fetch

  groove fetch groove-midi --accept-license

  GROOVE_RAW=data/datasets/groove-midi/sources.yaml dagster asset materialize --select '*' -m groove_dagster.definitions
"""


def fetch(
    name: Annotated[str, typer.Argument(help="Data set; leave it out to see what there is")] = "",
    into: Annotated[Path, typer.Option(help="Folder of data sets")] = Path("data/datasets"),
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence without being asked")
    ] = False,
    keep_archives: Annotated[
        bool, typer.Option("--keep-archives", help="Keep the downloads after unpacking")
    ] = False,
) -> None:
    """Bring an open data set from its public home, ready to be used as raw input.

    The licence is shown and has to be accepted. Downloads are resumed and checked.
    """
    if not name:
        _list()
        return
    try:
        dataset = fetching.find(name)
        print(_about(dataset))
        accepted = accept_license or (
            sys.stdin.isatty() and typer.confirm("Accept these terms?", default=False)
        )
        if not accepted:
            print("Not accepted: run again with --accept-license", file=sys.stderr)
            raise typer.Exit(2)
        with Bars(
            "{task.description}",
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=Console(stderr=True),
        ) as bars:
            sources = fetching.fetch(
                dataset,
                into,
                accept_license=True,
                keep_archives=keep_archives,
                progress=lambda remote: _bar(bars, remote),
            )
    except FetchError as error:
        print(f"groove fetch: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    print(f"{dataset.name} is there. Use it with  GROOVE_RAW={sources}")


def _list() -> None:
    for dataset in fetching.catalogue().values():
        print(f"{dataset.name:18} {_size(dataset.size):>9}  {dataset.license:20} {dataset.title}")
    print("\nAny other of mirdata's data sets: groove fetch mirdata:NAME")


def _about(dataset: fetching.Dataset) -> str:
    return (
        f"{dataset.title}\n  home     {dataset.home}\n  size     {_size(dataset.size)}\n"
        f"  licence  {dataset.license}\n  terms    {dataset.terms}"
    )


def _size(size: int | None) -> str:
    if size is None:
        return "unknown"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _bar(bars: Bars, remote: Remote) -> Progress:
    task = bars.add_task(remote.name, total=remote.bytes)

    def advance(done: int, total: int | None) -> None:
        bars.update(task, completed=done, total=total)

    return advance


fetch.__doc__ = (fetch.__doc__ or "") + _EXAMPLES
