"""How commands of `groove readiness` end: gates as text, reports as files, an exit code.

What belongs here: output. What does not: measuring.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from groove.cli.refusal import refusals
from groove.cli.writing import write_whole
from groove.core.gates import Gate

if TYPE_CHECKING:
    from groove.readiness.run.runner import Outcome

Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 if a gate is red")]
JsonOut = Annotated[
    Path | None, typer.Option("--json", "--json-output", help="Write the report as JSON here")
]
HtmlOut = Annotated[
    Path | None, typer.Option("--html", "--html-output", help="Write the report page here")
]
RootFolder = Annotated[
    Path | None, typer.Option("--root", help="Folder that paths inside files are relative to")
]


def show(gates: Iterable[Gate]) -> int:
    """Print gates, red ones first, and return how many block."""
    listed = sorted(gates, key=lambda gate: (gate.passed, not gate.blocks, gate.stage, gate.name))
    for gate in listed:
        note = f"   ({gate.note})" if gate.note and not gate.passed else ""
        waiver = f"   waived: {gate.waiver}" if gate.waiver else ""
        typer.echo(f"{gate}{note}{waiver}   [{gate.stage}]")
    red = sum(not gate.passed for gate in listed)
    blocking = sum(gate.blocks for gate in listed)
    waived = f", {red - blocking} red ones are waived" if red > blocking else ""
    typer.echo(f"{len(listed) - red} of {len(listed)} gates pass{waived}")
    return blocking


def finish(outcome: Outcome, *, strict: bool, report: Path | None, html: Path | None) -> NoReturn:
    """Print what a run found, write its reports, and end the command."""
    from groove.readiness.report import page

    show(outcome.gates)
    for remark in outcome.remarks:
        typer.echo(remark)
    for error in outcome.errors:
        typer.echo(error, err=True)
    with refusals():
        if report is not None:
            write_whole(report, as_json(outcome.as_dict()))
            typer.echo(f"report: {report}", err=True)
        if html is not None:
            write_whole(html, page(outcome.gates, outcome.panels, outcome.errors))
            typer.echo(f"report: {html}", err=True)
    raise typer.Exit(outcome.exit_code(strict=strict))


def read_small(path: Path) -> bytes:
    """Return a file that is no larger than a report is; a larger one is refused unread."""
    from groove.readiness.run.files import MAX_FILE_BYTES, InputError

    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(
            f"{path}: {path.stat().st_size:,} bytes; at most {MAX_FILE_BYTES:,} are read"
        )
    return path.read_bytes()


def as_json(value: Any) -> bytes:
    """Return plain values as JSON with a newline at its end."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def outcome_of(
    check: str, files: Iterable[Path], root: Path | None, section: Callable[[], Any]
) -> Outcome:
    """Return the outcome of one check.

    Parameters
    ----------
    check
        Its name in the configuration.
    files
        Inputs as the user typed them. The first one's folder is the root unless one is given.
    root
        Folder that paths inside files are relative to.
    section
        Makes the check's section of the configuration.
    """
    from pydantic import ValidationError

    from groove.readiness.run.config import Config
    from groove.readiness.run.files import InputError, Root
    from groove.readiness.run.runner import run

    typed = list(files)
    folder = root or (typed[0].parent if typed else Path())
    with refusals():
        try:
            config = Config.model_validate({"required": [check], check: section()})
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InputError(f"{place}: {first['msg']}") from error
        return run(config, Root(folder, {str(file) for file in typed}))
