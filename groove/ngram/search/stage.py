"""The table of a search: one row per trial, the best and the default measured on the test split.

What belongs here: rows and what the tracker is told. What does not: trials
(:mod:`groove.ngram.search.study`).
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from groove.core.digest import table_digest
from groove.core.store import Store
from groove.core.tracking import Tracker
from groove.ngram.search.study import Searched, best_of, is_default, on_test, trials
from groove.ngram.spec import SearchSpec
from groove.ngram.tables import GROOVE_EVENTS

VERSION = "1"


def search(
    groove_events: pd.DataFrame,
    *,
    spec: SearchSpec,
    store: Store,
    tracker: Tracker,
    spill: Path | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of ``groove_search``; the study goes to the tracker as an SQLite file.

    Parameters
    ----------
    groove_events
        Bars of all splits.
    spec, store, tracker
        As for every stage.
    spill
        Folder that the study is kept in until it is finished, so that a search that was stopped
        goes on; ``None`` takes a temporary one.

    Raises
    ------
    groove.core.models.ModelError
        If a split has no bars.
    """
    searched = Searched(groove_events, spec)
    inputs = {"groove_events": table_digest(groove_events, GROOVE_EVENTS)}
    rows: list[dict[str, Any]] = []
    with (
        tracker.run("groove_search", spec.model_dump(), inputs) as run,
        tempfile.TemporaryDirectory() as temporary,
    ):
        folder = Path(temporary) if spill is None else spill / "groove_search"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "study.db"
        for row in trials(searched, f"sqlite:///{file}"):
            rows.append(row)
            said = {f"validation_{name}": row[name] for name in ("objective", "total", "joint")}
            run.log(
                {**said, "temperature": row["temperature"], "top_p": row["top_p"]}, row["trial"]
            )
        figures = on_test(searched, rows)
        run.log({f"test_objective_{name}": value for name, value in figures.items()}, len(rows))
        # Optuna's connections write to the file until it is closed: what is kept is a copy.
        with sqlite3.connect(file) as study:
            data = study.serialize()
        run.file("study.db", data)
        run_id = run.id
        file.unlink()
    best = best_of(rows)["trial"]
    del store  # a study's file has times in it: it is the tracker's, not the table's
    first = next((row["trial"] for row in rows if is_default(row, searched)), None)
    measured = {first: figures.get("default"), best: figures.get("best")}
    return [
        {
            **row,
            "is_best": row["trial"] == best,
            "is_default": row["trial"] == first,
            "test_objective": measured.get(row["trial"]),
            "run_id": run_id,
        }
        for row in rows
    ]
