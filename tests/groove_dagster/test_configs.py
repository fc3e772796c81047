"""The configurations that come with the repository, and the commands that they name."""

import re
from pathlib import Path

import dagster as dg
import pytest
import yaml

from groove.core.spec import Spec
from groove.phase.spec import ChunkSpec, PhaseModelSpec

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def _is_of_a_command(path: Path) -> bool:
    return "ops" not in yaml.safe_load(path.read_text())


OF_RUNS = [path for path in CONFIGS if not _is_of_a_command(path)]
OF_COMMANDS = [path for path in CONFIGS if _is_of_a_command(path)]


@pytest.mark.parametrize("path", OF_COMMANDS, ids=lambda path: path.stem)
def test_a_command_takes_its_configuration_and_the_configuration_names_it(path: Path) -> None:
    from groove.cli.drums_train import settings_of

    found = re.search(rf"groove drums train .* --config configs/{path.name}", path.read_text())
    assert found is not None
    assert settings_of(path, {}).epochs == yaml.safe_load(path.read_text())["epochs"]


@pytest.mark.parametrize("path", OF_RUNS, ids=lambda path: path.stem)
def test_the_command_in_a_configuration_runs_with_it(path: Path) -> None:
    from groove_dagster.definitions import defs

    text = path.read_text()
    selected = re.search(rf"--select '([^']+)' .* -c configs/{path.name}", text)
    assert selected is not None
    chosen = dg.AssetSelection.from_coercible(selected[1].split(","))
    keys = chosen.resolve(defs.resolve_asset_graph())
    # All of what the stage needs, from the files on.
    assert dg.AssetKey("raw_files") in keys
    everything = defs.resolve_implicit_global_asset_job_def()
    job = everything.get_subset(asset_selection=keys)
    assert set(job.asset_layer.selected_asset_keys) == keys
    assert dg.validate_run_config(job, yaml.safe_load(text))


def test_the_demo_is_what_happens_without_configuration() -> None:
    ops = yaml.safe_load((ROOT / "configs" / "phase_demo.yaml").read_text())["ops"]
    specs: dict[str, type[Spec]] = {"phase_chunks": ChunkSpec, "phase_model": PhaseModelSpec}
    assert ops.keys() == specs.keys()
    for stage, spec in specs.items():
        written = ops[stage]["config"]
        assert written == spec(**written).model_dump(include=written.keys())
        assert spec(**written) == spec()
