"""The summary that a run ends with: stages, models, gates, and where the files are.

What belongs here: text for a terminal, read back from what the run wrote. What does not:
computing anything.

Run as ``python -m groove_dagster.summary``; exits with 1 if a stage was never run.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pandas as pd
from rich.console import Console
from rich.table import Table

from groove.contracts import CONTRACTS
from groove.readiness.verdicts import gates_of
from groove_dagster.settings import from_environment
from groove_dagster.stages import STAGES
from resources.files import location
from resources.tables import Tables

_COUNTS = ("computed", "carried", "quarantined")
#: Further figures of each model that belong beside its headline.
_BESIDE = {
    "phase_model": ("test_median_phase_error_ms", "test_downbeat_f_measure"),
    "loop_ranker": ("random_ndcg", "loudest_ndcg", "split_test_ndcg"),
    "drum_classifier": ("test_ece", "test_song_macro_f1"),
    "groove_model": ("test_bits_per_event_styled", "test_bits_per_hit"),
    "groove_rnn": ("test_bits_per_event_tagged", "test_bits_per_hit"),
    "token_gru": ("test_top_1", "test_top_10"),
}


def _stage_names() -> list[str]:
    return [stage.__name__.rpartition(".")[2] for stage in STAGES]


def _seconds(instance: dg.DagsterInstance, run_id: str, step: str) -> float | None:
    for stats in instance.get_run_step_stats(run_id, [step]):
        if stats.start_time is not None and stats.end_time is not None:
            return float(stats.end_time - stats.start_time)
    return None


def stages(instance: dg.DagsterInstance) -> Iterator[dict[str, object]]:
    """Yield one mapping per stage: name, rows, seconds, and what was computed or carried."""
    for name in _stage_names():
        event = instance.get_latest_materialization_event(dg.AssetKey(name))
        if event is None or event.asset_materialization is None:
            yield {"stage": name}
            continue
        metadata = {k: v.value for k, v in event.asset_materialization.metadata.items()}
        yield {
            "stage": name,
            "rows": metadata.get("dagster/row_count"),
            "seconds": _seconds(instance, event.run_id, name),
            **{count: metadata.get(count) for count in _COUNTS},
        }


def models(tables: Tables) -> Iterator[dict[str, object]]:
    """Yield one mapping per trained model: its held-out figure beside its baseline's."""
    for name in _stage_names():
        if name not in CONTRACTS or "baseline_value" not in CONTRACTS[name].index:
            continue
        if not tables.exists(name):
            continue
        for row in tables.read(name).to_dict(orient="records"):
            figures = json.loads(row["metrics_json"])
            kind = row.get("ranker") or row.get("network")
            beside = [key for key in _BESIDE.get(name, ()) if key in figures]
            yield {
                "model": f"{name} ({kind})" if kind else name,
                "figure": row["metric"],
                "value": float(row["value"]),
                "baseline": row["baseline"],
                "baseline_value": float(row["baseline_value"]),
                "groups": int(row["test_groups"]),
                "beside it": ", ".join(f"{key} {figures[key]:.3g}" for key in beside),
            }


def _instance() -> dg.DagsterInstance:
    """Return the instance that Dagster's own commands use in this folder."""
    if os.environ.get("DAGSTER_HOME"):
        return dg.DagsterInstance.get()
    return dg.DagsterInstance.from_config(str(Path.cwd()))


def _show(console: Console, title: str, frame: pd.DataFrame) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[column])
        table.add_column(str(column), justify="right" if numeric else "left", no_wrap=True)
    for row in frame.itertuples(index=False):
        table.add_row(*("" if pd.isna(value) else _text(value) for value in row))
    console.print(table)
    console.print()


def _text(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def main() -> int:
    """Print the summary; return 1 if a stage was never materialised."""
    settings = from_environment()
    console = Console(width=180, soft_wrap=True)
    tables = Tables(settings.data)
    with _instance() as instance:
        ran = pd.DataFrame(list(stages(instance)))
    for count in ("rows", *_COUNTS):
        ran[count] = ran[count].astype("Int64")
    _show(console, "Stages", ran)
    _show(console, "Models, on groups that training never saw", pd.DataFrame(list(models(tables))))
    if tables.exists("readiness"):
        gates = gates_of(tables.read("readiness"))
        console.print(f"Gates: {sum(gate.passed for gate in gates)} of {len(gates)} pass")
        for gate in gates:
            console.print(f"  {gate}", markup=False, highlight=False)
        console.print()
    root = location(settings.data)
    latest = root / "releases" / "LATEST"
    if latest.exists():
        console.print(f"Released files: {root / 'releases' / latest.read_text().strip()}")
    console.print(f"Tables: {root / 'tables'}   Warehouse: {root / 'warehouse.duckdb'}")
    console.print("Look around: make dev (Dagster), make mlflow (runs), groove tables (SQL)")
    return 0 if ran["rows"].notna().all() else 1


if __name__ == "__main__":
    sys.exit(main())
