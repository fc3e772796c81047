"""Tracking: a run has its params, curves, tags and model; passing models get their alias."""

from pathlib import Path

import pytest

from resources.mlflow import Tracking

# MLflow's own code warns on the versions in the lock; it is not ours to mend.
pytestmark = pytest.mark.filterwarnings("default")


def test_a_training_is_a_run_with_a_registered_model(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    tracking = Tracking(data=str(tmp_path))
    with tracking.run("token_gru", {"epochs": 2}, {"token_corpus": "abc"}) as run:
        run.log({"train_loss": 2.0, "validation_loss": 2.5}, step=0)
        run.log({"train_loss": 1.0, "validation_loss": 2.0}, step=1)
        run.model("token_gru", {"model.safetensors": b"weights", "spec.json": b"{}"})
        first = run.id
    with pytest.raises(RuntimeError), tracking.run("token_gru", {}, {}):
        raise RuntimeError("diverged")
    client = MlflowClient(tracking_uri=tracking.store_uri, registry_uri=tracking.store_uri)
    kept = client.get_run(first)
    assert kept.data.params == {"epochs": "2"}
    assert kept.data.tags["stage"] == "token_gru"
    assert kept.data.tags["input.token_corpus"] == "abc"
    assert len(kept.data.tags["corpus"]) == 64
    assert [m.value for m in client.get_metric_history(first, "validation_loss")] == [2.5, 2.0]
    assert kept.info.status == "FINISHED"
    experiment = client.get_experiment(kept.info.experiment_id)
    states = sorted(r.info.status for r in client.search_runs([experiment.experiment_id]))
    assert states == ["FAILED", "FINISHED"]
    assert tracking.promote({"token_gru": first, "never_trained": "x"}, "challenger") == {
        "token_gru": "1"
    }
    version = client.get_model_version_by_alias("token_gru", "challenger")
    assert version.run_id == first
    assert (tmp_path / "mlflow" / "artifacts" / first).exists()
