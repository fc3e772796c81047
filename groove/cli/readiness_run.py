"""`groove readiness run`: every check of a configuration, one report.

What belongs here: options and output. What does not: the checks
(:mod:`groove.readiness.checks`) and the order they run in (:mod:`groove.readiness.run.runner`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groove.cli.readiness_outputs import HtmlOut, JsonOut, Strict, as_json, finish, read_small
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole


def run(
    config: Annotated[Path, typer.Option("--config", "-c", help="YAML file of the run")],
    strict: Strict = False,
    halt_on_first_failure: Annotated[
        bool,
        typer.Option("--halt-on-first-failure", help="Run no check after one that is red"),
    ] = False,
    report: JsonOut = None,
    html: HtmlOut = None,
) -> None:
    """Measure everything a release must stand, by the inputs and thresholds of a YAML file.

    A required check without its section or inputs is red: what was not measured has not passed.
    Reports are written whatever the outcome.

    Exit codes: 0 all gates pass, or some are red and --strict was not given; 1 a gate is red
    (strict); 2 the configuration or an input cannot be used.

    Try:

      groove readiness run --config readiness.yaml

      groove readiness run --config readiness.yaml --strict --json report.json --html report.html
    """
    from groove.readiness.run.config import read_config
    from groove.readiness.run.files import InputError, Root
    from groove.readiness.run.runner import run as run_checks

    with refusals():
        data = read_small(config)
        try:
            settings = read_config(data)
        except InputError as error:
            raise InputError(f"{config}: {error}") from error
        folder = config.parent / settings.root
        if not folder.is_dir():
            raise InputError(f"{config}: root: {folder} is no folder")
        outcome = run_checks(settings, Root(folder), halt_on_first_failure=halt_on_first_failure)
    finish(outcome, strict=strict, report=report, html=html)


def example(
    folder: Annotated[Path, typer.Argument(help="Folder to make; it must not be there")],
) -> None:
    """Write an example: a configuration with every kind of input, small and all green.

    Try:

      groove readiness example try && groove readiness run --config try/readiness.yaml
    """
    from groove.readiness.run.config import read_config
    from groove.readiness.run.example import CONFIG, files
    from groove.readiness.run.files import Root
    from groove.readiness.run.runner import run as run_checks

    with refusals():
        folder.mkdir(parents=True)
        for name, data in files():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
        # What the example's own figures are held against is themselves.
        settings = read_config(CONFIG.encode()).model_copy(update={"baseline": None})
        measured = settings.model_copy(
            update={"required": [name for name in settings.required if name != "baseline"]}
        )
        outcome = run_checks(measured, Root(folder))
        write_whole(folder / "baseline.json", as_json(outcome.as_dict()))
    typer.echo(f"{folder / 'readiness.yaml'}", err=True)
