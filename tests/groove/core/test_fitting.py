"""The training entry: it learns, keeps the best epoch, repeats, and stops."""

import torch

from groove.core.fitting import fit
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
