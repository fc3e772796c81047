"""Trackers of commands: what a training tells on the terminal, to MLflow, to Weights & Biases.

What belongs here: choosing them by options and environment, one run told to all. What does not:
what is worth telling (the trainings decide), the pipeline's tracker (:mod:`resources.mlflow`).

MLflow is told when ``GROOVE_MLFLOW`` names a server. Weights & Biases is told when a project is
named and the package ``wandb`` can be imported; without an account it keeps its run on disk
(``WANDB_MODE=offline``, or ``--wandb-mode offline``).
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import typer

from groove.core.models import ModelError
from groove.core.tracking import Run, Tracker

_SHOWN = ("train_loss", "validation_loss", "validation_macro_f1")


@dataclass
class _Terminal:
    """Says each epoch on standard error."""

    stage: str
    id: str = ""

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Say the losses of an epoch."""
        said = [f"{name} {metrics[name]:.4f}" for name in _SHOWN if name in metrics]
        if said:
            typer.echo(f"epoch {step}: {', '.join(said)}", err=True)

    def model(self, name: str, files: Mapping[str, bytes]) -> None:
        """Keep nothing: the command writes the model."""

    def file(self, path: str, data: bytes) -> None:
        """Keep nothing."""


class TerminalTracker:
    """A tracker that says how it goes on standard error."""

    @contextmanager
    def run(
        self, stage: str, params: Mapping[str, Any], inputs: Mapping[str, str]
    ) -> Iterator[Run]:
        """Start a run that is only said."""
        del params, inputs
        yield _Terminal(stage)


@dataclass
class _WandbRun:
    """A live run at Weights & Biases."""

    api: Any
    live: Any

    @property
    def id(self) -> str:
        """The run's identity there."""
        return str(self.live.id)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record metrics of one step."""
        self.live.log({name: float(value) for name, value in metrics.items()}, step=step)

    def model(self, name: str, files: Mapping[str, bytes]) -> None:
        """Keep a model's files as an artifact."""
        self._artifact(name, "model", files)

    def file(self, path: str, data: bytes) -> None:
        """Keep a file as an artifact."""
        self._artifact(path.replace("/", "-"), "file", {path: data})

    def _artifact(self, name: str, kind: str, files: Mapping[str, bytes]) -> None:
        artifact = self.api.Artifact(name, type=kind)
        for path, data in files.items():
            with artifact.new_file(path, mode="wb") as out:
                out.write(data)
        self.live.log_artifact(artifact)


@dataclass(frozen=True)
class WandbTracker:
    """Runs at Weights & Biases, or on disk for it.

    Parameters
    ----------
    project
        Project that runs are in.
    mode
        ``online``, ``offline`` or ``disabled``; empty: as the environment says.
    entity
        Team or user whose project it is; empty: as the account says.
    tags
        Of every run.

    Raises
    ------
    ModelError
        If the package ``wandb`` is not installed.
    """

    project: str
    mode: str = ""
    entity: str = ""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse early, before hours of training."""
        if importlib.util.find_spec("wandb") is None:
            raise ModelError("--wandb-project needs the package wandb: pip install wandb")

    @contextmanager
    def run(
        self, stage: str, params: Mapping[str, Any], inputs: Mapping[str, str]
    ) -> Iterator[Run]:
        """Start a run; it ends as failed with an exception."""
        api = importlib.import_module("wandb")
        folder = os.environ.get("WANDB_DIR")
        with ExitStack() as stack:
            if folder is None and self.mode == "disabled":
                folder = stack.enter_context(tempfile.TemporaryDirectory())
            live = api.init(
                project=self.project,
                name=stage,
                job_type=stage,
                config={**params, "inputs": dict(inputs)},
                mode=self.mode or None,
                entity=self.entity or None,
                tags=list(self.tags) or None,
                dir=folder,
            )
            try:
                yield _WandbRun(api, live)
            except BaseException:
                live.finish(exit_code=1)
                raise
            live.finish()


@dataclass
class _Both:
    """One run told to several trackers."""

    runs: Sequence[Run]

    @property
    def id(self) -> str:
        """The first identity that there is."""
        return next((run.id for run in self.runs if run.id), "")

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Tell all."""
        for run in self.runs:
            run.log(metrics, step)

    def model(self, name: str, files: Mapping[str, bytes]) -> None:
        """Tell all."""
        for run in self.runs:
            run.model(name, files)

    def file(self, path: str, data: bytes) -> None:
        """Tell all."""
        for run in self.runs:
            run.file(path, data)


@dataclass(frozen=True)
class Trackers:
    """Several trackers as one."""

    trackers: Sequence[Tracker]

    def run(
        self, stage: str, params: Mapping[str, Any], inputs: Mapping[str, str]
    ) -> AbstractContextManager[Run]:
        """Start a run at each."""
        return self._run(stage, params, inputs)

    @contextmanager
    def _run(
        self, stage: str, params: Mapping[str, Any], inputs: Mapping[str, str]
    ) -> Iterator[Run]:
        with ExitStack() as stack:
            yield _Both(
                [
                    stack.enter_context(tracker.run(stage, params, inputs))
                    for tracker in self.trackers
                ]
            )


def trackers(
    wandb_project: str = "",
    wandb_mode: str = "",
    wandb_entity: str = "",
    wandb_tags: str = "",
    *,
    quiet: bool = False,
) -> Trackers:
    """Return the trackers that options and environment ask for; tags have commas between them.

    Raises
    ------
    ModelError
        If one is asked for whose package is not installed, or an entity or tags of none.
    """
    chosen: list[Tracker] = [] if quiet else [TerminalTracker()]
    if wandb_project:
        tags = tuple(tag.strip() for tag in wandb_tags.split(",") if tag.strip())
        chosen.append(WandbTracker(wandb_project, wandb_mode, wandb_entity, tags))
    elif wandb_entity or wandb_tags:
        raise ModelError("--wandb-entity and --wandb-tags need --wandb-project")
    if server := os.environ.get("GROOVE_MLFLOW", ""):
        chosen.append(_plugged("mlflow")(data=os.environ.get("GROOVE_DATA", "data"), uri=server))
    return Trackers(chosen)


def _plugged(name: str) -> Any:
    """Return a tracker that a package above this one offers: the domain knows none by itself."""
    for found in entry_points(group="groove.trackers", name=name):
        return found.load()
    raise ModelError(f"no tracker {name!r} is installed: reinstall with make setup")


def model_file(path: Path) -> bytes:
    """Return a model file's bytes, with a clear word where there is none."""
    if path.is_dir():
        raise ModelError(f"{path} is a folder; name the model file in it")
    return path.read_bytes()
