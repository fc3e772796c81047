"""`groove readiness`: the gates of the last run, a run over inputs of your own, single checks.

What belongs here: mounting the commands, and showing the pipeline's own verdicts. What does not:
computing them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from groove.cli.data import NoTableError, read_table
from groove.cli.readiness_checks import bootstrap, boundaries, openset
from groove.cli.readiness_data import align, baseline, health, leakage
from groove.cli.readiness_outputs import show
from groove.cli.readiness_realtime import realtime
from groove.cli.readiness_run import example, run
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole
from groove.readiness.checks.verdict import Panel
from groove.readiness.report import page
from groove.readiness.verdicts import gates_of

readiness = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@readiness.callback()
def gates(
    context: typer.Context,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if a gate blocks or none was computed")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write the report page here")] = None,
) -> None:
    """Show every gate of the pipeline's last run: value, threshold, verdict. Red ones first.

    A red gate blocks unless the run's configuration waives it, says why and how red it may be.

    Exit codes: 0 none blocks (or not strict), 1 a gate blocks (strict), 2 nothing to read.

    Try:

      groove readiness

      groove readiness --strict --html readiness.html

      groove readiness run --config readiness.yaml --strict --html readiness.html
    """
    if context.invoked_subcommand is not None:
        return
    with refusals():
        listed = gates_of(read_table("readiness"))
        blocking = show(listed)
        if html is not None:
            write_whole(html, page(listed, _panels()))
            typer.echo(f"report: {html}")
    if strict and (blocking or not listed):
        raise typer.Exit(1)


def _panels() -> dict[str, Sequence[Panel]]:
    """Return the tables behind the drum gates, of those that the pipeline has written."""
    from groove.drums.techniques import INFERRED
    from groove.readiness.drum_gates import TABLES, DrumReadiness

    tables = {}
    for name in TABLES:
        with contextlib.suppress(NoTableError):
            tables[name] = read_table(name)
    return DrumReadiness(INFERRED).panels(tables)


readiness.command()(run)
readiness.command()(align)
readiness.command()(boundaries)
readiness.command()(openset)
readiness.command()(bootstrap)
readiness.command()(health)
readiness.command()(baseline)
readiness.command()(leakage)
readiness.command()(realtime)
readiness.command()(example)
