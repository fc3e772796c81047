"""`groove readiness`: the gates of the last run, a run over inputs of your own, single checks.

What belongs here: mounting the commands, and showing the pipeline's own verdicts. What does not:
computing them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groove.cli.data import read_table
from groove.cli.readiness_checks import bootstrap, boundaries, openset
from groove.cli.readiness_data import align, baseline, health, leakage
from groove.cli.readiness_outputs import show
from groove.cli.readiness_run import example, run
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole
from groove.readiness.report import page
from groove.readiness.verdicts import gates_of

readiness = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@readiness.callback()
def gates(
    context: typer.Context,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if a gate is red or none was computed")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write the report page here")] = None,
) -> None:
    """Show every gate of the pipeline's last run: value, threshold, verdict. Red ones first.

    Exit codes: 0 all pass (or not strict), 1 a gate is red (strict), 2 nothing to read.

    Try:

      groove readiness

      groove readiness --strict --html readiness.html

      groove readiness run --config readiness.yaml --strict --html readiness.html
    """
    if context.invoked_subcommand is not None:
        return
    with refusals():
        listed = gates_of(read_table("readiness"))
        red = show(listed)
        if html is not None:
            write_whole(html, page(listed))
            typer.echo(f"report: {html}")
    if strict and (red or not listed):
        raise typer.Exit(1)


readiness.command()(run)
readiness.command()(align)
readiness.command()(boundaries)
readiness.command()(openset)
readiness.command()(bootstrap)
readiness.command()(health)
readiness.command()(baseline)
readiness.command()(leakage)
readiness.command()(example)
