"""`groove phase train`: a bar-phase model from features.

What belongs here: options and output. What does not: training (:mod:`groove.phase.learn.train`),
features (:mod:`groove.phase.learn.features`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groove.cli.data import data_root
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole
from groove.phase.model.card import STAGE

if TYPE_CHECKING:
    import pandas as pd

    from groove.core.store import Store
    from groove.phase.spec import PhaseModelSpec

_EXAMPLES = """
Examples:

  groove phase train --config configs/phase_nightly.yaml --out phase.safetensors --onnx phase.onnx

  groove phase train features/ --config configs/phase_gpu.yaml --out large.safetensors --resume

  groove phase train --from phase.safetensors --config mine.yaml --out further.safetensors

  groove phase train --overfit 4
"""
#: What four chunks learnt by heart must come under.
_BY_HEART = 0.1
_BY_HEART_EPOCHS = 40


def train(
    root: Annotated[
        Path | None,
        typer.Argument(help="Folder of phase_features.parquet and its blobs; none: the data root"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Model file to write (.safetensors)")
    ] = None,
    onnx: Annotated[Path | None, typer.Option(help="Its streaming step, to be written too")] = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML of settings, as in configs/; none: the defaults")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Model file (.safetensors) whose weights to go on from"),
    ] = None,
    network: Annotated[str, typer.Option(help="bar_pointer or phase_tcn; none: as set")] = "",
    epochs: Annotated[int, typer.Option(min=0, help="Passes at most; 0: as set")] = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a killed training stood")
    ] = False,
    compare: Annotated[
        bool | None, typer.Option("--compare/--no-compare", help="Train phase_tcn beside it")
    ] = None,
    overfit: Annotated[
        int, typer.Option(min=0, help="Only learn so many chunks by heart, as a check of all parts")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON")] = False,
) -> None:
    """Train a model from features; say how far off it is on songs that it never heard.

    Each epoch is kept beside the model file: a training that was killed goes on with --resume.
    """
    from groove.core.models import ModelError
    from groove.phase.learn.folder import open_folder

    with refusals():
        changes: dict[str, Any] = {"network": network} if network else {}
        if epochs or overfit:
            changes["epochs"] = epochs or _BY_HEART_EPOCHS
        changes |= {"compare": compare} if compare is not None else {}
        spec = settings_of(config, changes)
        for path in (out, onnx):
            if path is not None and not path.parent.is_dir():
                raise ModelError(f"{path.parent} is no folder to write {path.name} to")
        table, store = open_folder(Path(str(data_root())) if root is None else root)
        if overfit:
            _learn_by_heart(table, spec, store, overfit, as_json=as_json)
            return
        if out is None:
            raise ModelError("name the model file to write: --out phase.safetensors")
        scratch = out.parent / f"{out.name}.training"
        if not resume:
            _clear(scratch)
        begun = start.read_bytes() if start is not None else None
        rows = _trained(table, spec, store, scratch, begun)
        _clear(scratch)
        first = rows[0]
        data = _described(store.read(first["blob"]), first, begun)
        step = _exported(data) if onnx is not None else b""
        write_whole(out, data)
        if onnx is not None:
            write_whole(onnx, step)
    figures = {row["network"]: json.loads(row["metrics_json"]) for row in rows}
    if as_json:
        history = {row["network"]: json.loads(row["history_json"]) for row in rows}
        report = {"model_id": first["model_id"], "figures": figures, "history": history}
        typer.echo(json.dumps(report, sort_keys=True))
    for row in rows:
        typer.echo(
            f"{row['network']}: circular loss {row['value']:.3f} on songs held out "
            f"({row['baseline']} {row['baseline_value']:.3f}), in {row['train_seconds']:.0f} s",
            err=True,
        )
    typer.echo(f"{out}: {len(data):,} bytes" + (f"; {onnx}" if onnx is not None else ""), err=True)


def settings_of(config: Path | None, changes: Mapping[str, Any]) -> PhaseModelSpec:
    """Return the settings in a YAML file, with changes.

    The file is the pipeline's run configuration (``ops: {phase_model: {config: …}}``), or a plain
    mapping of settings.

    Raises
    ------
    ValueError
        If it is neither, or a setting does not exist or has no such value.
    """
    from groove.core.tags import load_yaml
    from groove.phase.spec import PhaseModelSpec

    found: Any = {}
    if config is not None:
        try:
            found = load_yaml(config.read_bytes()) or {}
        except ValueError as error:
            raise ValueError(f"{config}: {error}") from error
        if isinstance(found, dict) and "ops" in found:
            ops = found["ops"]
            stage = ops.get(STAGE, {}) if isinstance(ops, dict) else None
            found = stage.get("config", {}) if isinstance(stage, dict) else None
        if not isinstance(found, dict):
            raise ValueError(f"{config} holds no settings of {STAGE}")
    return PhaseModelSpec.model_validate({**found, **changes})


def _trained(
    table: pd.DataFrame, spec: PhaseModelSpec, store: Store, scratch: Path, start: bytes | None
) -> list[Mapping[str, Any]]:
    from groove.phase.learn.train import train as train_on

    return list(train_on(table, spec, store, _Teller(), scratch, start))


def _described(data: bytes, row: Mapping[str, Any], begun: bytes | None) -> bytes:
    """Return a model file that says what `phase_model` would say of it."""
    from groove.core.digest import sha256
    from groove.phase.model.release import described, training_of

    training = training_of(row)
    if begun is not None:
        training["begun_with"] = sha256(begun)[:16]
    return described(
        data,
        model_id=row["model_id"],
        figures=json.loads(row["metrics_json"]),
        training=training,
        licenses=row["licenses"],
    )


def _exported(data: bytes) -> bytes:
    from groove.phase.model.release import exported

    return exported(data)


def _learn_by_heart(
    table: pd.DataFrame, spec: PhaseModelSpec, store: Store, count: int, *, as_json: bool
) -> None:
    """Overfit each network; end the command with 1 if one cannot."""
    from groove.core.models import ModelError
    from groove.core.splits import TRAIN
    from groove.phase.learn.dataset import Features, require_same_features
    from groove.phase.learn.train import DOCUMENTED, overfit

    chosen = table[(table["split"] == TRAIN) & (table["rate"] == 1.0)]
    chosen = chosen.drop_duplicates("path").head(count)
    if len(chosen) < count:
        raise ModelError(f"{len(chosen)} songs to train on, not {count}")
    require_same_features(chosen, spec)
    networks = list(dict.fromkeys([spec.network, *([DOCUMENTED] if spec.compare else [])]))
    losses = {}
    for name in networks:
        told = _Told(name)
        one = spec.model_copy(update={"network": name})
        losses[name] = overfit(Features(chosen, store), one, told)
        typer.echo(f"{name}: circular loss {losses[name]:.3f} on {count} chunks", err=True)
    if as_json:
        typer.echo(json.dumps(losses, sort_keys=True))
    if max(losses.values()) >= _BY_HEART:
        typer.echo(f"not under {_BY_HEART}: more epochs, or something does not fit", err=True)
        raise typer.Exit(1)


def _clear(scratch: Path) -> None:
    if scratch.is_dir():
        for file in scratch.glob("*.training.safetensors"):
            file.unlink()
        with suppress(OSError):
            scratch.rmdir()


@dataclass
class _Told:
    """A run that tells each epoch on standard error."""

    name: str
    id: str = ""

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Tell one epoch's figures."""
        if "train_loss" not in metrics:
            return
        shown = ("train_phase_loss", "validation_phase_loss", "validation_loss", "learning_rate")
        told = ", ".join(f"{name} {metrics[name]:.4f}" for name in shown if name in metrics)
        typer.echo(f"{self.name} epoch {step + 1}: {told}", err=True)

    def model(self, name: str, files: Mapping[str, bytes]) -> None:
        """Keep nothing: the command writes the model itself."""

    def file(self, path: str, data: bytes) -> None:
        """Keep nothing."""


class _Teller:
    """Starts runs that tell."""

    @contextmanager
    def run(
        self,
        stage: str,  # noqa: ARG002  # the protocol's
        params: Mapping[str, Any],
        inputs: Mapping[str, str],  # noqa: ARG002  # the protocol's
    ) -> Iterator[_Told]:
        """Start a run."""
        yield _Told(str(params["network"]))


train.__doc__ = (train.__doc__ or "") + _EXAMPLES
