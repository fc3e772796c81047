"""The tracker protocol: what a training tells about itself while it runs.

What belongs here: the protocol and the tracker that only remembers. What does not:
MLflow (:mod:`resources.mlflow`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol


class Run(Protocol):
    """One training run."""

    @property
    def id(self) -> str:
        """The run's identity at the tracker."""

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record metrics of one step (an epoch)."""

    def model(self, name: str, files: Mapping[str, bytes]) -> None:
        """Keep the trained model's files and register them as a version of ``name``."""

    def file(self, path: str, data: bytes) -> None:
        """Keep one more file (a picture, a report) with the run."""


class Tracker(Protocol):
    """Starts runs."""

    def run(
        self, stage: str, params: Mapping[str, Any], inputs: Mapping[str, str]
    ) -> AbstractContextManager[Run]:
        """Start a run of ``stage``.

        Parameters
        ----------
        stage
            Asset name; runs of one stage are compared with each other.
        params
            The spec, flat or nested.
        inputs
            Table name to table digest.
        """


@dataclass
class MemoryRun:
    """A run that keeps what it is told."""

    stage: str
    params: Mapping[str, Any]
    inputs: Mapping[str, str]
    id: str = ""
    history: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    models: dict[str, dict[str, bytes]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Remember metrics of one step."""
        self.history.append((step, dict(metrics)))

    def model(self, name: str, files: Mapping[str, bytes]) -> None:
        """Remember a model."""
        self.models[name] = dict(files)

    def file(self, path: str, data: bytes) -> None:
        """Remember a file."""
        self.files[path] = data


@dataclass
class MemoryTracker:
    """A tracker for tests and for training without a tracking server."""

    runs: list[MemoryRun] = field(default_factory=list)

    @contextmanager
    def run(
        self, stage: str, params: Mapping[str, Any], inputs: Mapping[str, str]
    ) -> Iterator[MemoryRun]:
        """Start a remembered run."""
        run = MemoryRun(stage, params, inputs, id=f"memory-{len(self.runs)}")
        self.runs.append(run)
        yield run
