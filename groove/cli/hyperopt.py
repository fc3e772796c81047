"""`groove hyperopt`: search the settings whose grooves are nearest to held-out ones.

What belongs here: options and output. What does not: trials (:mod:`groove.ngram.search.study`).
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Annotated

import typer

from groove.cli.refusal import refusals

_EXAMPLES = """
Examples:

  groove hyperopt loops/ --trials 40 --storage study.db

  groove hyperopt loops/ --trials 80 --storage study.db --json > best.json   (goes on from 40)
"""


def hyperopt(
    root: Annotated[Path, typer.Argument(help="Folder of loops")],
    trials: Annotated[int, typer.Option(min=1, max=10_000, help="Trials in all")] = 20,
    storage: Annotated[
        Path | None, typer.Option(help="SQLite file of the study; a search goes on from it")
    ] = None,
    grooves: Annotated[int, typer.Option(min=1, help="Grooves drawn in each trial")] = 60,
    bars: Annotated[int, typer.Option("--bars", "-l", min=1, help="Bars of each of them")] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Seed of sampler and draws")] = 0,
    ext: Annotated[str, typer.Option(help="midi, wav, a suffix, or several with commas")] = "midi",
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 takes one per core")] = 0,
    skip_if_no_optuna: Annotated[
        bool, typer.Option("--skip-if-no-optuna", help="End quietly where Optuna is missing")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print all trials as JSON")] = False,
) -> None:
    """Search order, discounting, temperature and top-p; grooves against held-out performances."""
    if importlib.util.find_spec("optuna") is None:
        typer.echo("Optuna is not installed: pip install optuna", err=True)
        raise typer.Exit(0 if skip_if_no_optuna else 2)
    from groove.cli.inventory import read
    from groove.core.models import ModelError
    from groove.ngram.search.study import Searched, best_of, is_default, on_test
    from groove.ngram.search.study import trials as trials_of
    from groove.ngram.spec import SearchSpec

    with refusals():
        if storage is not None and not storage.parent.is_dir():
            raise ModelError(f"{storage.parent} is no folder to write {storage.name} to")
        folder = read(root, {}, {"extensions": ext.split(",")}, jobs=jobs)
        if not len(folder.bars):
            raise ModelError(f"no drum loop below {root}")
        searched = Searched(
            folder.bars, SearchSpec(trials=trials, grooves=grooves, bars=bars, seed=seed)
        )
        rows = []
        for row in trials_of(searched, f"sqlite:///{storage}" if storage is not None else None):
            rows.append(row)
            typer.echo(
                f"trial {row['trial']}: {row['objective']:.4f}  order {row['order']}, "
                f"{row['smoothing']}, temperature {row['temperature']:.2f}, "
                f"top-p {row['top_p']:.2f}",
                err=True,
            )
        best = best_of(rows)
        first = next((row for row in rows if is_default(row, searched)), None)
        figures = on_test(searched, rows)
    if as_json:
        report = {"best": best, "default": first, "test_objective": figures, "trials": rows}
        typer.echo(json.dumps(report, sort_keys=True))
        return
    beside = "" if first is None else f" (default {first['objective']:.4f})"
    typer.echo(
        f"best of {len(rows)}: order {best['order']}, {best['smoothing']}, --temperature "
        f"{best['temperature']:.3g} --top-p {best['top_p']:.3g}: distance {best['objective']:.4f} "
        f"on validation{beside}"
    )
    if figures:
        typer.echo(f"on test: {figures['best']:.4f} (default {figures['default']:.4f})")


hyperopt.__doc__ = (hyperopt.__doc__ or "") + _EXAMPLES
