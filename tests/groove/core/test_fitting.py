"""The training entry: it learns, keeps the best epoch, repeats, and stops."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from groove.core.fitting import fit
from groove.core.models import ModelError
from groove.core.resuming import Checkpoint
from groove.core.spec import FitSpec
from groove.core.tracking import MemoryTracker


def batches(seed: int, count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 32, 3, generator=generator)
    y = x @ torch.tensor([1.0, -2.0, 0.5])
    return list(zip(x, y, strict=True))


def loss(
    network: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor]
) -> dict[str, torch.Tensor]:
    x, y = batch
    return {"loss": torch.nn.functional.mse_loss(network(x).squeeze(-1), y)}


def trained(spec: FitSpec) -> tuple[torch.nn.Module, list[dict[str, float]], MemoryTracker]:
    tracker = MemoryTracker()
    torch.manual_seed(spec.seed)
    with tracker.run("linear", spec.model_dump(), {}) as run:
        fitted = fit(torch.nn.Linear(3, 1), loss, batches(1, 8), batches(2, 3), spec, run=run)
    return fitted.network, fitted.history, tracker


SPEC = FitSpec(epochs=25, learning_rate=0.1, threads=1, weight_decay=0.0)


def test_it_learns_on_data_it_never_saw() -> None:
    network, history, tracker = trained(SPEC)
    y = torch.cat([b[1] for b in batches(3, 4)])
    error = torch.stack([loss(network, b)["loss"] for b in batches(3, 4)]).mean()
    assert error < 0.01 * y.var()
    assert history[-1]["validation_loss"] < history[0]["validation_loss"]
    assert [step for step, _ in tracker.runs[0].history] == list(range(len(history)))


def test_two_runs_are_one() -> None:
    first, _, _ = trained(SPEC)
    second, _, _ = trained(SPEC)
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )


def test_the_best_epoch_is_kept_and_patience_ends_it() -> None:
    spec = SPEC.model_copy(update={"learning_rate": 0.0 + 1e-9, "patience": 2, "epochs": 50})
    noisy = torch.nn.Linear(3, 1)
    figures = iter([1.0, 0.5, 0.7, 0.8, 0.9])

    def falling(network: torch.nn.Module, _batch: object) -> dict[str, torch.Tensor]:
        value = network(torch.zeros(1, 3)).sum() * 0
        return {"loss": value + (0.0 if network.training else next(figures))}

    fitted = fit(noisy, falling, [0], [0], spec)
    assert fitted.best_epoch == 1
    assert len(fitted.history) == 4


class Drawn:
    """Batches that differ from epoch to epoch."""

    epoch = 0

    def __len__(self) -> int:
        return 4

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        drawn = batches(100 + self.epoch, 4)
        self.epoch += 1
        yield from drawn


def network() -> torch.nn.Module:
    torch.manual_seed(4)
    return torch.nn.Sequential(
        torch.nn.Linear(3, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1)
    )


@pytest.mark.parametrize("schedule", ["one_cycle", "constant"])
def test_a_killed_training_goes_on_to_the_same_end(tmp_path: Path, schedule: str) -> None:
    spec = FitSpec(epochs=6, learning_rate=0.05, threads=1, accelerator="cpu", schedule=schedule)
    whole = fit(network(), loss, Drawn(), batches(2, 3), spec)

    checkpoint = Checkpoint(tmp_path / "new" / "training.safetensors", "this one")
    steps = iter(range(4 * 3 + 3 * 3 + 2))

    def killed(net: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> Any:
        if next(steps, None) is None:
            raise InterruptedError
        return loss(net, batch)

    with pytest.raises(InterruptedError):
        fit(network(), killed, Drawn(), batches(2, 3), spec, checkpoint=checkpoint)
    torch.manual_seed(99)
    resumed = fit(network(), loss, Drawn(), batches(2, 3), spec, checkpoint=checkpoint)
    assert resumed.history == whole.history
    assert resumed.best_epoch == whole.best_epoch
    for ours, theirs in zip(
        resumed.network.state_dict().values(), whole.network.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs)
    # What is done is not done again.
    again = fit(network(), killed, Drawn(), batches(2, 3), spec, checkpoint=checkpoint)
    assert again.history == whole.history
    checkpoint.drop()
    assert checkpoint.last() is None


def test_a_checkpoint_of_something_else_is_not_taken(tmp_path: Path) -> None:
    ours = Checkpoint(tmp_path / "training.safetensors", "ours")
    ours.keep({"x": torch.arange(3)}, {"history": [{"epoch": 0.0}]})
    kept = ours.last()
    assert kept is not None
    assert torch.equal(kept[0]["x"], torch.arange(3))
    assert Checkpoint(ours.path, "theirs").last() is None
    ours.path.write_bytes(ours.path.read_bytes()[:40])
    with pytest.raises(ModelError, match="delete it"):
        ours.last()


def test_the_learning_rate_is_told() -> None:
    _, history, _ = trained(SPEC)
    rates = [epoch["learning_rate"] for epoch in history]
    assert max(rates) > 0.09
    assert rates[-1] < 0.001
