"""`groove drums sweep`: classifiers with different settings, compared on validation kits.

What belongs here: options and output. What does not: which settings are tried
(:mod:`groove.drums.classify.sweep`), a training (:mod:`groove.drums.classify.teach`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groove.cli.drums_train import MODEL, STAGE, clear, device_of, settings_of, soundfonts_of
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole

if TYPE_CHECKING:
    from groove.drums.spec import TeachSpec

_EXAMPLES = """
Examples:

  groove drums sweep dataset --grid learning_rate=0.001,0.003 --grid batch_size=32,64 --out runs

  groove drums sweep dataset --trials 20 --report sweep.json --out runs   (goes on where it was)
"""
_TRIALS = 10


def sweep(  # options of a command
    datasets: Annotated[
        list[Path], typer.Argument(metavar="DATASET...", help="Folders of `collect export`")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of all trials")],
    grid: Annotated[
        list[str] | None,
        typer.Option(help="setting=value,value; every combination is tried; may be repeated"),
    ] = None,
    trials: Annotated[
        int, typer.Option(min=0, help=f"Without a grid: trials in all; 0: {_TRIALS}")
    ] = 0,
    config: Annotated[
        Path | None, typer.Option(help="YAML of what is not varied; none: the defaults")
    ] = None,
    soundfont: Annotated[
        list[str] | None, typer.Option(help="FILE or FILE=LICENCE: learn from its kits too")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    rerun: Annotated[bool, typer.Option("--rerun", help="Train also what is done")] = False,
    report: Annotated[
        Path | None, typer.Option(help="All trials as JSON; none: report.json in the folder")
    ] = None,
    wandb_project: Annotated[
        str, typer.Option(help="Tell Weights & Biases, if the package wandb is installed")
    ] = "",
    wandb_mode: Annotated[str, typer.Option(help="online, offline or disabled")] = "",
    wandb_entity: Annotated[str, typer.Option(help="Team or user there; none: your own")] = "",
    wandb_tags: Annotated[str, typer.Option(help="Tags of each run, with commas between")] = "",
) -> None:
    """Train with several settings; what is done is not done again.

    Each trial has a folder with its model and figures. MLflow is told where GROOVE_MLFLOW names a
    server.
    """
    from groove.cli.trackers import trackers
    from groove.drums.classify import sweep as sweeping
    from groove.drums.classify.gather import beds_of, gather
    from groove.drums.classify.teach import teach

    with refusals():
        if grid and trials:
            raise sweeping.SweepError("--grid tries every combination: leave --trials out")
        spec = settings_of(config, device_of(device))
        varied = sweeping.grid_of(grid or [])
        for changes in sweeping.combinations(varied):
            sweeping.changed(spec, changes)
        tracker = trackers(wandb_project, wandb_mode, wandb_entity, wandb_tags, quiet=True)
        fonts = soundfonts_of(soundfont or [])
        sounds = gather(datasets, fonts, [], spec, lambda text: typer.echo(text, err=True))
        beds = beds_of(fonts, spec)
        identity = sounds.identity()

        def train(settings: TeachSpec, folder: Path) -> Mapping[str, float]:
            with tracker.run(STAGE, settings.model_dump(), {"sounds": identity}) as run:
                taught = teach(sounds, beds, settings, run=run, scratch=out / "training")
            write_whole(folder / MODEL, taught.data)
            for state in (out / "training").glob("*.training.safetensors"):
                state.unlink()
            return taught.figures

        rows = []
        target = report or out / "report.json"
        for row in sweeping.trials(
            train, spec, identity, out, grid=varied, count=trials or _TRIALS, again=rerun
        ):
            rows.append(row)
            # After each: a sweep that is stopped leaves a report of what it did.
            text = json.dumps(sweeping.report(rows), indent=1, sort_keys=True) + "\n"
            write_whole(target, text.encode())
            state = "done before" if row["skipped"] else "trained"
            typer.echo(
                f"{row['trial']} {state}: {row['figures'][sweeping.OBJECTIVE]:.4f}  "
                f"{json.dumps(row['settings'])}",
                err=True,
            )
        clear(out / "training")
    typer.echo(f"{target}: {len(rows)} trials", err=True)


sweep.__doc__ = (sweep.__doc__ or "") + _EXAMPLES
