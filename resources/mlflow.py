"""Tracking: every training is an MLflow run, its model a registered version.

What belongs here: MLflow behind :class:`groove.core.tracking.Tracker`. What does not: what
is worth logging (the trainings decide) and whether a model is good (gates).
"""

import functools
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from groove.core.digest import digest
from groove.core.tracking import Run
from resources.files import location

_EXPERIMENT = "groove"
_PARAM_CHARACTERS = 500


@functools.cache
def git_revision() -> str:
    """Return the checked-out revision, ``unknown`` outside a repository."""
    try:
        command = ["git", "rev-parse", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # fixed arguments
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


@dataclass
class _MlflowRun:
    """A live run."""

    client: Any
    id: str
    stage: str

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record metrics of one step in one request."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        batch = [Metric(name, float(value), now, step) for name, value in metrics.items()]
        self.client.log_batch(self.id, metrics=batch)

    def file(self, path: str, data: bytes) -> None:
        """Keep a file with the run."""
        folder, _, name = path.rpartition("/")
        with tempfile.TemporaryDirectory() as scratch:
            local = Path(scratch) / name
            local.write_bytes(data)
            self.client.log_artifact(self.id, str(local), folder or None)

    def model(self, name: str, files: Mapping[str, bytes]) -> None:
        """Keep the model's files and register them."""
        from mlflow.exceptions import MlflowException

        for path, data in files.items():
            self.file(f"model/{path}", data)
        try:
            self.client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        source = f"{self.client.get_run(self.id).info.artifact_uri}/model"
        self.client.create_model_version(name, source=source, run_id=self.id)


class Tracking(dg.ConfigurableResource):  # type: ignore[type-arg]  # resource value is itself
    """MLflow runs and the model registry.

    Parameters
    ----------
    data
        The data root; the default store is ``<data>/mlflow/mlflow.db``.
    uri
        A tracking server's address; empty takes the default store.
    """

    data: str = "data"
    uri: str = Field("", description="MLflow tracking server; empty: SQLite below the data root")

    @property
    def store_uri(self) -> str:
        """Where runs are kept."""
        return self.uri or f"sqlite:///{self._folder}/mlflow.db"

    @property
    def _folder(self) -> Path:
        root = location(self.data)
        if isinstance(root, Path):
            return root / "mlflow"
        raise ValueError(f"{self.data} is no local folder: set GROOVE_MLFLOW to a server")

    def _client(self) -> Any:
        import logging

        logging.getLogger("alembic").setLevel(logging.WARNING)
        from mlflow import MlflowClient

        if not self.uri:
            self._folder.mkdir(parents=True, exist_ok=True)
        return MlflowClient(tracking_uri=self.store_uri, registry_uri=self.store_uri)

    def _experiment(self, client: Any) -> str:
        found = client.get_experiment_by_name(_EXPERIMENT)
        if found is not None:
            return str(found.experiment_id)
        place = None if self.uri else (self._folder / "artifacts").as_uri()
        return str(client.create_experiment(_EXPERIMENT, artifact_location=place))

    @contextmanager
    def run(
        self, stage: str, params: Mapping[str, Any], inputs: Mapping[str, str]
    ) -> Iterator[Run]:
        """Start a run; it ends as FINISHED or, with an exception, as FAILED."""
        from mlflow.entities import Param, RunTag

        client = self._client()
        tags = {
            "stage": stage,
            "corpus": digest(dict(inputs)),
            "mlflow.source.git.commit": git_revision(),
            "git_revision": git_revision(),
            **{f"input.{name}": value for name, value in inputs.items()},
        }
        created = client.create_run(self._experiment(client), run_name=stage)
        run_id = created.info.run_id
        flat = [Param(k, str(v)[:_PARAM_CHARACTERS]) for k, v in sorted(params.items())]
        client.log_batch(run_id, params=flat, tags=[RunTag(k, v) for k, v in tags.items()])
        try:
            yield _MlflowRun(client, run_id, stage)
        except BaseException:
            client.set_terminated(run_id, "FAILED")
            raise
        client.set_terminated(run_id, "FINISHED")

    def promote(self, models: Mapping[str, str], alias: str) -> dict[str, str]:
        """Give the registered version of each run the alias.

        Parameters
        ----------
        models
            Registered model name to the id of the run that trained it.
        alias
            For instance ``challenger``.

        Returns
        -------
        dict
            Model name to version, of those that were found in the registry.
        """
        client = self._client()
        given: dict[str, str] = {}
        for name, run_id in sorted(models.items()):
            for version in client.search_model_versions(f"name = '{name}'"):
                if version.run_id == run_id:
                    client.set_registered_model_alias(name, alias, version.version)
                    given[name] = str(version.version)
        return given
