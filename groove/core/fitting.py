"""The one training entry: a network, a loss and two loaders in, the best network out.

Lightning runs the loop (device, precision, gradient clipping, early stopping); this module
binds it to a tracker run and makes it repeatable: seeded, with a fixed number of threads.

What belongs here: what every training shares. What does not: networks, losses, data.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from groove.core.spec import FitSpec
from groove.core.tracking import Run

__all__ = ["Batches", "FitSpec", "Fitted", "fit"]

Loss = Callable[[torch.nn.Module, Any], Mapping[str, torch.Tensor]]


@dataclass(frozen=True)
class Fitted:
    """A trained network.

    Attributes
    ----------
    network
        On the CPU, in evaluation mode, with the weights of the best epoch.
    history
        One mapping per epoch: ``epoch`` and every figure logged.
    best_epoch
        Epoch (0-based) of the lowest validation loss.
    """

    network: torch.nn.Module
    history: list[dict[str, float]]
    best_epoch: int


class _Module(lightning.LightningModule):
    """Binds a network and a loss to Lightning's hooks."""

    def __init__(self, network: torch.nn.Module, loss: Loss, spec: FitSpec) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self.spec = spec
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def _step(self, batch: Any, prefix: str) -> torch.Tensor:
        values = self.loss(self.network, batch)
        for name, value in values.items():
            key = f"{prefix}_{name}"
            self.sums[key] = self.sums.get(key, 0.0) + float(value.detach())
            self.counts[key] = self.counts.get(key, 0) + 1
        return values["loss"]

    def training_step(self, batch: Any, _index: int) -> torch.Tensor:
        """Return the loss of one batch."""
        return self._step(batch, "train")

    def validation_step(self, batch: Any, _index: int) -> None:
        """Measure one validation batch."""
        self._step(batch, "validation")

    def drain(self) -> dict[str, float]:
        """Return the means since the last call."""
        means = {name: total / self.counts[name] for name, total in self.sums.items()}
        self.sums, self.counts = {}, {}
        return means

    def configure_optimizers(self) -> Any:
        """AdamW, with a one-cycle schedule if the spec asks for it."""
        optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=self.spec.learning_rate,
            weight_decay=self.spec.weight_decay,
        )
        if self.spec.schedule == "constant":
            return optimizer
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=self.spec.learning_rate,
            total_steps=max(2, int(self.trainer.estimated_stepping_batches)),
            pct_start=0.15,
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


class Batches(Protocol):
    """Batches that can be iterated anew each epoch: a ``DataLoader``, a list."""

    def __iter__(self) -> Iterator[Any]:
        """Start over."""

    def __len__(self) -> int:
        """Return how many batches an epoch has."""


class _Loader:
    """Any sized iterable as one loader: Lightning takes a bare list for several loaders."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[Any]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


class _Progress(Callback):
    """Logs each epoch, keeps the best weights, stops when nothing improves."""

    def __init__(
        self, run: Run | None, evaluate: Callable[[torch.nn.Module], Mapping[str, float]] | None
    ) -> None:
        self.run = run
        self.evaluate = evaluate
        self.history: list[dict[str, float]] = []
        self.best: dict[str, torch.Tensor] = {}
        self.best_epoch = 0
        self.best_loss = float("inf")

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Close one epoch (Lightning runs validation before this hook)."""
        figures = pl_module.drain()
        if self.evaluate is not None:
            pl_module.network.eval()
            with torch.no_grad():
                figures.update(self.evaluate(pl_module.network))
            pl_module.network.train()
        epoch = trainer.current_epoch
        if self.run is not None:
            self.run.log(figures, step=epoch)
        self.history.append({"epoch": float(epoch), **figures})
        loss = figures["validation_loss"]
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, epoch
            self.best = copy.deepcopy(pl_module.network.state_dict())
        if epoch - self.best_epoch >= pl_module.spec.patience:
            trainer.should_stop = True


def fit(
    network: torch.nn.Module,
    loss: Loss,
    train: Batches,
    validation: Batches,
    spec: FitSpec,
    run: Run | None = None,
    evaluate: Callable[[torch.nn.Module], Mapping[str, float]] | None = None,
) -> Fitted:
    """Train ``network`` and return it with the weights of its best validation epoch.

    Parameters
    ----------
    network
        Trained in place; build it after ``torch.manual_seed(spec.seed)``.
    loss
        ``(network, batch) -> {"loss": scalar, ...}``; further entries are logged only.
    train, validation
        Batches, iterated anew each epoch: a ``DataLoader`` or a list. Validation groups are
        never among the training batches.
    spec
        Settings of the loop.
    run
        Tracker run that receives ``train_*`` and ``validation_*`` each epoch.
    evaluate
        Called after each epoch for further figures, in evaluation mode without gradients.

    Raises
    ------
    RuntimeError
        If no epoch ended with a finite validation loss.
    """
    torch.set_num_threads(spec.threads)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    module = _Module(network, loss, spec)
    progress = _Progress(run, evaluate)
    with warnings.catch_warnings():
        # Lightning advises on loader workers and hardware; the choices here are deliberate.
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            max_epochs=spec.epochs,
            accelerator=spec.accelerator,
            devices=1,
            precision=spec.precision,
            gradient_clip_val=spec.gradient_clip or None,
            deterministic="warn",
            num_sanity_val_steps=0,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            logger=False,
            callbacks=[progress],
        )
        torch.manual_seed(spec.seed)
        trainer.fit(module, _Loader(train), _Loader(validation))
    if not progress.best:
        raise RuntimeError(
            "training never reached a finite validation loss: lower the learning rate"
        )
    network.load_state_dict(progress.best)
    network.to("cpu").eval()
    return Fitted(network, progress.history, progress.best_epoch)
