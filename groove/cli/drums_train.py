"""`groove drums train`: a drum classifier from exported data sets.

What belongs here: options and output. What does not: training
(:mod:`groove.drums.classify.teach`), data sets (`groove drums collect export`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groove.cli.refusal import refusals
from groove.cli.writing import write_whole

if TYPE_CHECKING:
    from groove.drums.classify.sounds import Sounds
    from groove.drums.spec import TeachSpec

_EXAMPLES = """
Examples:

  groove drums train dataset --epochs 10 --out trained

  groove drums train dataset --config configs/drums_released.yaml --soundfont FluidR3_GM.sf2=MIT \\
    --test other_kits --out trained --metrics-json trained.json

  groove drums train mine --from trained/classifier.safetensors --freeze 2 --lr 0.0003 --out tuned
"""
STAGE = "drum_classifier"
MODEL = "classifier.safetensors"
FIGURES = "metrics.json"


def train(  # options of a command
    datasets: Annotated[
        list[Path], typer.Argument(metavar="DATASET...", help="Folders of `collect export`")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for model and figures")],
    config: Annotated[
        Path | None, typer.Option(help="YAML of settings, as in configs/; none: the defaults")
    ] = None,
    epochs: Annotated[int, typer.Option(min=0, help="Passes at most; 0: as set")] = 0,
    lr: Annotated[float, typer.Option(min=0, help="Peak learning rate; 0: as set")] = 0.0,
    batch_size: Annotated[int, typer.Option(min=0, help="Clips in a batch; 0: as set")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    start: Annotated[Path | None, typer.Option("--from", help="A classifier to go on from")] = None,
    freeze: Annotated[
        int, typer.Option(min=0, help="First blocks of it that stay as they are")
    ] = 0,
    soundfont: Annotated[
        list[str] | None,
        typer.Option(help="FILE or FILE=LICENCE: learn from its kits too; may be repeated"),
    ] = None,
    synthesised: Annotated[
        int, typer.Option(min=-1, help="Computed kits to learn from too; -1: as set")
    ] = -1,
    test: Annotated[
        list[Path] | None, typer.Option(help="Data set that is only judged on; may be repeated")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="How often each session is drawn: JSON of `manifest weights`"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a killed training stood")
    ] = False,
    metrics_json: Annotated[Path | None, typer.Option(help="Figures, to be written too")] = None,
    seed: Annotated[int, typer.Option(min=-1, help="Seed of everything; -1: as set")] = -1,
    wandb_project: Annotated[
        str, typer.Option(help="Tell Weights & Biases, if the package wandb is installed")
    ] = "",
    wandb_mode: Annotated[str, typer.Option(help="online, offline or disabled")] = "",
    wandb_entity: Annotated[str, typer.Option(help="Team or user there; none: your own")] = "",
    wandb_tags: Annotated[str, typer.Option(help="Tags of the run, with commas between")] = "",
) -> None:
    """Train a classifier on clips of drums; say how good it is on kits that it never heard.

    Clips are varied and mixed as sound before training. Each epoch is kept in the folder: a
    training that was killed goes on with --resume. MLflow is told where GROOVE_MLFLOW names a
    server.
    """
    from groove.cli.trackers import model_file, trackers
    from groove.core.models import ModelError
    from groove.drums.classify.gather import beds_of, gather
    from groove.drums.classify.model import from_bytes
    from groove.drums.classify.teach import teach

    with refusals():
        changes = changes_of(epochs, lr, batch_size, freeze, synthesised, seed)
        spec = settings_of(config, changes | device_of(device))
        before = from_bytes(model_file(start)) if start is not None else None
        if before is not None:
            spec = spec.model_copy(update={"clip": before.clip})
        elif spec.freeze:
            raise ModelError("--freeze needs a model to go on from: --from FILE")
        if out.exists() and not out.is_dir():
            raise ModelError(f"{out} is a file; a folder is wanted")
        tracker = trackers(wandb_project, wandb_mode, wandb_entity, wandb_tags)
        session_weights = weights_in(weights)
        fonts = soundfonts_of(soundfont or [])
        sounds = gather(datasets, fonts, test or [], spec, _told)
        _told(_summary(sounds))
        out.mkdir(parents=True, exist_ok=True)
        scratch = out / "training"
        if not resume:
            clear(scratch)
        started = time.monotonic()
        with tracker.run(STAGE, spec.model_dump(), {"sounds": sounds.identity()}) as run:
            taught = teach(
                sounds,
                beds_of(fonts, spec),
                spec,
                run=run,
                start=before,
                scratch=scratch,
                weights=session_weights,
            )
        report = {
            "figures": {**taught.figures, "train_seconds": time.monotonic() - started},
            "history": taught.history,
            "licenses": taught.licenses,
            "settings": spec.model_dump(),
        }
        text = (json.dumps(report, indent=1, sort_keys=True) + "\n").encode()
        write_whole(out / MODEL, taught.data)
        for path in (out / FIGURES, metrics_json):
            if path is not None:
                write_whole(path, text)
        clear(scratch)
    typer.echo(f"{out / MODEL}: {len(taught.data):,} bytes; {said(taught.figures)}", err=True)


def changes_of(  # options of a command
    epochs: int, lr: float, batch_size: int, freeze: int, synthesised: int, seed: int
) -> dict[str, Any]:
    """Return the settings that options change; those left at their "as set" change nothing."""
    given = {
        "epochs": epochs or None,
        "learning_rate": lr or None,
        "batch_size": batch_size or None,
        "freeze": freeze or None,
        "synthesised_kits": synthesised if synthesised >= 0 else None,
        "seed": seed if seed >= 0 else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def device_of(name: str) -> dict[str, Any]:
    """Return the settings of a device by name.

    Raises
    ------
    ValueError
        If there is no such device, or none on this machine.
    """
    if name == "auto":
        return {}
    if name == "cpu":
        return {"accelerator": "cpu"}
    if name != "cuda":
        raise ValueError(f"--device {name!r}: auto, cpu or cuda")
    import torch

    if not torch.cuda.is_available():
        raise ValueError("--device cuda: there is no GPU that PyTorch can use here")
    return {"accelerator": "auto"}


def settings_of(config: Path | None, changes: Mapping[str, Any]) -> TeachSpec:
    """Return the settings of a training in a YAML file, with changes.

    Raises
    ------
    groove.cli.settings.SettingsError
        If it holds none, or a setting does not exist or has no such value.
    """
    from groove.cli import settings
    from groove.drums.spec import TeachSpec

    return settings.settings_of(TeachSpec, STAGE, config, changes)


def weights_in(file: Path | None) -> dict[str, float] | None:
    """Return the weight of each session in a file of ``groove drums manifest weights``.

    Raises
    ------
    groove.drums.manifest.weights.WeightError
        If it is none.
    """
    from groove.drums.manifest.weights import WeightError, from_json

    if file is None:
        return None
    try:
        return from_json(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, WeightError) as error:
        raise WeightError(f"{file}: {error}") from error


def soundfonts_of(given: Sequence[str]) -> list[tuple[Path, str]]:
    """Return files and licences of ``FILE=LICENCE`` options.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    found = []
    for text in given:
        name, _, license_ = text.partition("=")
        if not Path(name).is_file():
            raise FileNotFoundError(2, "is no file", name)
        found.append((Path(name), license_ or "unknown"))
    return found


def clear(scratch: Path) -> None:
    """Remove what a training kept for being resumed."""
    if scratch.is_dir():
        for pattern in ("*.npz", "*.training.safetensors"):
            for file in scratch.glob(pattern):
                file.unlink()
        if not any(scratch.iterdir()):
            scratch.rmdir()


def said(figures: Mapping[str, float]) -> str:
    """Return the figures that matter most, in words."""
    name = "test" if "test_events" in figures else "validation"
    return (
        f"{figures[f'{name}_kits']:.0f} {name} kits: accuracy {figures[f'{name}_accuracy']:.3f} "
        f"(classes with 10 clips), macro-F1 {figures[f'{name}_macro_f1']:.3f}, calibration error "
        f"{figures[f'{name}_ece']:.3f}, no drum AUROC {figures[f'{name}_unknown_auroc']:.3f}"
    )


def _told(text: str) -> None:
    typer.echo(text, err=True)


def _summary(sounds: Sounds) -> str:
    by_side = {
        split: (sounds.splits.count(split), len(set(sounds.of_split(split).kits)))
        for split in dict.fromkeys(sounds.splits)
    }
    parts = [f"{split}: {hits:,} hits of {kits} kits" for split, (hits, kits) in by_side.items()]
    return "; ".join(parts)


train.__doc__ = (train.__doc__ or "") + _EXAMPLES
