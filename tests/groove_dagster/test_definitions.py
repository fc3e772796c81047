"""The graph as it is wired: its stages, groups, jobs, checks; and that it loads light."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
import yaml

from assets.gates import GATES, as_check, merged, verdicts
from assets.readiness import ReadinessConfig
from groove.contracts import CONTRACTS
from groove.core.gates import Gate
from groove.readiness.spec import ReadinessSpec
from groove.readiness.verdicts import waived
from groove_dagster.definitions import defs
from groove_dagster.sensors import new_raw_files
from resources.sources import Sources

CONFIGS = Path(__file__).parents[2] / "configs"
GROUPS = {
    "sources": {"raw_files", "song_index", "loop_index", "track_index", "hit_index"},
    "phase": {
        "song_renders", "phase_chunks", "phase_features", "phase_model", "phase_evaluation",
        "phase_checks",
    },
    "ngram": {
        "groove_events",
        "groove_ngrams",
        "groove_model",
        "groove_rnn",
        "groove_samples",
        "groove_evaluation",
        "groove_search",
    },
    "loops": {
        "track_bars", "loop_candidates", "loop_features", "loop_labels", "loop_ranker",
        "loop_exports",
    },
    "drums": {
        "drum_events", "drum_manifest", "drum_session_weights", "drum_clips", "drum_classifier",
        "drum_predictions", "drum_hard_negatives", "drum_boundary_pack",
        "drum_boundary_predictions", "drum_label_queue", "kit_renders",
        "drum_levels", "drum_transcriber", "drum_transcriptions",
    },
    "sequence": {"token_corpus", "token_markov", "token_gru"},
    "export": {"onnx_models"},
    "release": {"dataset_health", "readiness", "release_bundle"},
}  # fmt: skip


def specs() -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def test_every_stage_is_there_in_its_group() -> None:
    found: dict[str, set[str]] = {}
    for name, spec in specs().items():
        found.setdefault(str(spec.group_name), set()).add(name)
    assert found == GROUPS


def test_every_asset_has_a_contract_of_its_name_and_a_description() -> None:
    assert set(specs()) <= set(CONTRACTS)
    assert all(spec.description for spec in specs().values())


def test_every_gate_is_an_asset_check() -> None:
    keys = {
        (key.asset_key.to_user_string(), key.name)
        for checks in defs.asset_checks or []
        for key in checks.check_keys
    }
    expected = {(table, gate.__name__) for table, gates in GATES.items() for gate in gates}
    assert keys == expected


def test_two_subjects_may_gate_one_table_but_not_under_one_name() -> None:
    def first(_: pd.DataFrame) -> Gate:
        raise NotImplementedError

    def second(_: pd.DataFrame) -> Gate:
        raise NotImplementedError

    both = merged([{"a": (first,)}, {"a": (second,), "b": (first,)}])
    assert both == {"a": (first, second), "b": (first,)}
    with pytest.raises(ValueError, match="two gates called first"):
        merged([{"a": (first,)}, {"a": (first,)}])


def test_a_check_tells_all_that_its_gate_knows() -> None:
    gate = Gate(
        name="g", stage="a", value=0.4, threshold=0.5, direction="at_least", count=7, low=0.3,
        high=0.6, inputs={"a": "abc"}, note="add hits",
    )  # fmt: skip
    shown = {name: value.value for name, value in as_check(gate).metadata.items()}
    assert shown["shortfall"] == pytest.approx(0.1)
    assert (shown["low"], shown["high"], shown["count"]) == (0.3, 0.6, 7)
    assert shown["digest of a"] == "abc"
    silent = as_check(gate.model_copy(update={"value": None, "low": None, "count": None}))
    assert not silent.passed
    values = {name: value.value for name, value in silent.metadata.items()}
    assert values["value"] == values["shortfall"] == values["low"] == values["count"] == "missing"


def test_the_demo_waives_gates_that_there_are_and_says_why() -> None:
    found = yaml.safe_load((CONFIGS / "demo.yaml").read_text())
    waivers = ReadinessSpec(waived=found["ops"]["readiness"]["config"]["waived"]).waivers
    gates = verdicts({}, {})
    # Without a table nothing is measured, and a waiver covers only what was.
    assert all(gate.blocks for gate in waived(gates, waivers))
    for name, waiver in waivers.items():
        (gate,) = (one for one in gates if f"{one.stage}/{one.name}" == name)
        bound = getattr(waiver, gate.direction)
        (at_bound,) = waived([gate.model_copy(update={"value": bound})], {name: waiver})
        assert waiver.reason.strip() in at_bound.waiver
        worse = bound - 0.01 if gate.direction == "at_least" else bound + 0.01
        (beyond,) = waived([gate.model_copy(update={"value": worse})], {name: waiver})
        assert beyond.blocks


def test_the_waivers_of_the_demo_go_through_the_settings_of_the_asset() -> None:
    found = yaml.safe_load((CONFIGS / "demo.yaml").read_text())["ops"]["readiness"]["config"]
    assert ReadinessConfig(**found).waivers == ReadinessSpec(**found).waivers


def test_a_job_per_deliverable_everything_nightly_and_a_sensor() -> None:
    repository = defs.get_repository_def()
    jobs = {job.name for job in repository.get_all_jobs()}
    assert {f"{group}_job" for group in set(GROUPS) - {"release"}} | {"everything"} <= jobs
    schedule = repository.get_schedule_def("nightly_retraining")
    assert schedule.job_name == "everything"
    assert repository.get_sensor_def("new_raw_files").job_name == "everything"


def test_loading_the_graph_imports_nothing_heavy() -> None:
    code = "import sys, groove_dagster.definitions; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "lightning", "librosa", "mlflow", "xgboost", "matplotlib", "sklearn"}
    assert set(done.stdout.split()) & heavy == set()


def test_the_sensor_runs_on_every_change_also_back_to_what_was(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    for kind in ("loops", "tracks", "hits"):
        (tmp_path / kind).mkdir()
    sources = Sources(raw=str(tmp_path), data=str(tmp_path / "data"))

    def tick(cursor: str | None) -> tuple[int, str | None]:
        with dg.build_sensor_context(cursor=cursor) as context:
            result = new_raw_files(context, sources=sources)
        assert isinstance(result, dg.SensorResult)
        return len(result.run_requests or []), result.cursor or cursor

    runs, cursor = tick(None)
    assert runs == 1
    assert tick(cursor) == (0, cursor)
    (tmp_path / "songs" / "a.mid").write_bytes(b"MThd")
    runs, changed = tick(cursor)
    assert (runs, changed != cursor) == (1, True)
    (tmp_path / "songs" / "a.mid").unlink()
    assert tick(changed)[0] == 1
