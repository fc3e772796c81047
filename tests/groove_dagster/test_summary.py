"""The summary after a run names every stage, every model's two figures, and the gates."""

import subprocess
import sys
from typing import Any

import pytest

pytestmark = [pytest.mark.graph, pytest.mark.xdist_group("graph"), pytest.mark.timeout(900)]


def test_the_summary_tells_what_came_out(finished: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "groove_dagster.summary"],
        env=finished.environment(2),
        capture_output=True,
        text=True,
        check=False,
    )
    # The release was left out, so the summary says that a stage is missing.
    assert done.returncode == 1, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.split()}
    assert int(lines["song_index"].split()[1]) == len(finished.table("song_index"))
    row = finished.table("token_gru").iloc[0]
    assert f"{row['value']:.3f}" in done.stdout
    assert f"{row['baseline_value']:.3f}" in done.stdout
    gates = finished.table("readiness")
    assert f"Gates: {int(gates['passed'].sum())} of {len(gates)} pass" in done.stdout
