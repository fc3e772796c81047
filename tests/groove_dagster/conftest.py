"""A small corpus and a finished run of the graph over it, made once for all graph tests."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from groove.cli.downloading import FetchError
from groove.cli.phase_runtime import ensure_runtime
from groove.demo.compose import DemoJob, compose_all, make
from groove.demo.spec import DemoSpec

TEXTS = Path(__file__).parents[2] / "data" / "demo"
#: Enough to train something; the demo itself is run by `make demo`.
COUNTS = {"loops": 60, "songs": 8, "tracks": 5, "hits": 90}
TINY: Mapping[str, Mapping[str, Any]] = {
    "phase_model": {"epochs": 2, "channels": 8, "blocks": 3, "chunks_per_epoch": 16},
    "phase_chunks": {"rates": 1},
    "drum_classifier": {"epochs": 2, "epoch_events": 128, "channels": [8, 8, 8, 8]},
    "kit_renders": {"loops": 5, "seconds": 4.0},
    # A classifier this small is sure of nothing.
    "drum_hard_negatives": {"confidence": 0.05},
    "drum_levels": {"songs": 8},
    "drum_transcriber": {
        "epochs": 2,
        "epoch_excerpts": 16,
        "frames": 128,
        "batch_size": 4,
        "channels": [4, 8],
        "width": 16,
        "layers": 3,
    },
    "groove_rnn": {"epochs": 2, "hidden": 16, "windows_per_epoch": 16},
    "groove_search": {"trials": 2, "grooves": 8, "bootstrap": 4},
    "groove_evaluation": {"grooves": 16, "style_grooves": 4, "bootstrap": 8},
    "token_gru": {"epochs": 2, "hidden": 16, "windows_per_epoch": 16},
    "loop_ranker": {"epochs": 3, "trees": 20, "folds": 3},
}
#: Its verdict is the demo's affair: models this small need not pass.
ALL_BUT_RELEASE = "* and not key:release_bundle"


@dataclass(frozen=True)
class Pipeline:
    """A data root, a raw folder and a Dagster home, and the command that runs the graph."""

    root: Path
    raw: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    def environment(self, workers: int) -> dict[str, str]:
        home = self.root / "home"
        home.mkdir(parents=True, exist_ok=True)
        # Without it the web UI may open a dialog over the page, whenever it is done loading.
        (home / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n")
        return {
            **os.environ,
            "DAGSTER_HOME": str(home),
            "GROOVE_DATA": str(self.data),
            "GROOVE_RAW": str(self.raw),
            "GROOVE_WORKERS": str(workers),
        }

    def start(self, select: str = ALL_BUT_RELEASE, workers: int = 2) -> subprocess.Popen[str]:
        command = [str(Path(sys.executable).parent / "dagster"), "asset", "materialize"]
        config = {"ops": {name: {"config": dict(spec)} for name, spec in TINY.items()}}
        command += ["--select", select, "-m", "groove_dagster.definitions"]
        if select == ALL_BUT_RELEASE:
            command += ["--config-json", json.dumps(config)]
        return subprocess.Popen(
            command,
            env=self.environment(workers),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, select: str = ALL_BUT_RELEASE, workers: int = 2) -> str:
        process = self.start(select, workers)
        output, _ = process.communicate()
        assert process.returncode == 0, output[-6000:]
        return output

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.data / "tables" / f"{name}.parquet")

    def last(self, stage: str) -> dict[str, Any]:
        return dict(json.loads((self.data / "journal" / stage / "last.json").read_bytes()))

    def stages(self) -> list[str]:
        return sorted(path.name for path in (self.data / "journal").iterdir())

    def quarantine(self) -> pd.DataFrame:
        return pd.read_parquet(self.data / "tables" / "quarantine")


def demo_jobs() -> list[DemoJob]:
    """A spread of the demo corpus: every so many files of each kind."""
    texts = {p.relative_to(TEXTS).as_posix(): p.read_text() for p in sorted(TEXTS.rglob("*.yaml"))}
    jobs = compose_all(texts, DemoSpec())
    chosen = [job for job in jobs if job.path.endswith("labels.csv")]
    for kind, count in COUNTS.items():
        media = [j for j in jobs if j.path.startswith(f"{kind}/") and not j.path.endswith(".csv")]
        chosen += media[:: max(1, len(media) // count)][:count]
    return chosen


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw folder."""
    raw = tmp_path_factory.mktemp("corpus") / "raw"
    for job in demo_jobs():
        made = make(job, DemoSpec())
        path = raw / made.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made.data)
        if made.sidecar is not None:
            path.with_suffix(".meta.yaml").write_text(made.sidecar)
    return raw


@pytest.fixture(scope="session")
def browser_runtime() -> None:
    """The page's runtime is fetched, or out of reach, before any graph runs.

    A stage uses it when it is there, and tests of the page fetch it: were that between two runs
    that must be equal, they would not be.
    """
    with contextlib.suppress(FetchError):
        ensure_runtime()


@pytest.fixture(scope="session")
def finished(
    tmp_path_factory: pytest.TempPathFactory,
    corpus: Path,
    browser_runtime: None,  # noqa: ARG001  # before the first run
) -> Pipeline:
    """The graph, run once from scratch with two workers."""
    pipeline = Pipeline(tmp_path_factory.mktemp("finished"), corpus)
    pipeline.run(workers=2)
    return pipeline
