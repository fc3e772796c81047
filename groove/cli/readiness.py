"""`groove readiness`: the gates of the last run, as text and as an exit code.

What belongs here: showing verdicts. What does not: computing them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groove.cli.data import DataError, read_table
from groove.readiness.report import page
from groove.readiness.verdicts import gates_of

_MISSING = 2


def readiness(
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if a gate is red or none was computed")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write the report page here")] = None,
) -> None:
    """Show every gate: value, threshold, verdict. Red ones first.

    Exit codes: 0 all pass (or not strict), 1 a gate is red (strict), 2 nothing to read.

    Try:

      groove readiness

      groove readiness --strict --html readiness.html
    """
    try:
        table = read_table("readiness")
    except DataError as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(_MISSING) from error
    gates = sorted(gates_of(table), key=lambda gate: (gate.passed, gate.stage, gate.name))
    for gate in gates:
        note = f"   ({gate.note})" if gate.note and not gate.passed else ""
        typer.echo(f"{gate}{note}   [{gate.stage}]")
    red = sum(not gate.passed for gate in gates)
    typer.echo(f"{len(gates) - red} of {len(gates)} gates pass")
    if html is not None:
        try:
            html.write_bytes(page(gates))
        except OSError as error:
            typer.echo(f"cannot write {html}: {error.strerror}", err=True)
            raise typer.Exit(_MISSING) from error
        typer.echo(f"report: {html}")
    if strict and (red or not gates):
        raise typer.Exit(1)
