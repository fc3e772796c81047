"""A run with nothing new, against the full run before it: the index stages of the graph."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.timing import Result

_STAGES = "raw_files,song_index,loop_index,song_renders,groove_events,token_corpus"


def run() -> list[Result]:
    """Materialise the same stages twice in a fresh data root; imports count in both."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        home.mkdir()
        environment = {**os.environ, "GROOVE_DATA": f"{scratch}/data", "DAGSTER_HOME": str(home)}
        command = [str(Path(sys.executable).parent / "dagster"), "asset", "materialize"]
        command += ["--select", _STAGES, "-m", "groove_dagster.definitions"]
        seconds = []
        for _ in range(2):
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=environment)
            seconds.append(time.perf_counter() - started)
    return [
        Result("nothing new", "second run", "first run", seconds[1], seconds[0], "tables"),
    ]
