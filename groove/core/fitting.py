"""The one training entry: a network, a loss and two loaders in, the best network out.

Lightning runs the loop (device, precision, gradient clipping, early stopping); this module
binds it to a tracker run and makes it repeatable: seeded, with a fixed number of threads. Given a
:class:`~groove.core.resuming.Checkpoint` it keeps its state after each epoch, and a training that
was killed goes on from there to the same result.

What belongs here: what every training shares. What does not: networks, losses, data; the file that
a state is kept in (:mod:`groove.core.resuming`).
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

from groove.core.resuming import Checkpoint
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
        self.seen: dict[str, list[torch.Tensor]] = {}
        #: States of the optimizer and its schedule to start from.
        self.kept: Mapping[str, Any] = {}

    def _step(self, batch: Any, prefix: str) -> torch.Tensor:
        values = self.loss(self.network, batch)
        for name, value in values.items():
            # Read at the end of the epoch: a GPU is not waited for at each step.
            self.seen.setdefault(f"{prefix}_{name}", []).append(value.detach())
        return values["loss"]

    def training_step(self, batch: Any, _index: int) -> torch.Tensor:
        """Return the loss of one batch."""
        return self._step(batch, "train")

    def validation_step(self, batch: Any, _index: int) -> None:
        """Measure one validation batch."""
        self._step(batch, "validation")

    def drain(self) -> dict[str, float]:
        """Return the means since the last call."""
        means = {
            name: sum(float(value) for value in values) / len(values)
            for name, values in self.seen.items()
        }
        self.seen = {}
        return means

    def configure_optimizers(self) -> Any:
        """AdamW, with a one-cycle schedule if the spec asks for it."""
        optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=self.spec.learning_rate,
            weight_decay=self.spec.weight_decay,
        )
        if self.kept:
            optimizer.load_state_dict(self.kept["optimizer"])
        if self.spec.schedule == "constant":
            return optimizer
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=self.spec.learning_rate,
            total_steps=max(2, int(self.trainer.estimated_stepping_batches)),
            pct_start=0.15,
        )
        if self.kept:
            # Building the schedule has set the first rates.
            optimizer.load_state_dict(self.kept["optimizer"])
            scheduler.load_state_dict(self.kept["scheduler"])
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


class Batches(Protocol):
    """Batches that can be iterated anew each epoch: a ``DataLoader``, a list.

    Those that differ from epoch to epoch have an attribute ``epoch``, the next one to be drawn: a
    training that goes on sets it.
    """

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
    """Logs each epoch, keeps the best weights and its state, stops when nothing improves."""

    def __init__(
        self,
        run: Run | None,
        evaluate: Callable[[torch.nn.Module], Mapping[str, float]] | None,
        checkpoint: Checkpoint | None,
    ) -> None:
        self.run = run
        self.evaluate = evaluate
        self.checkpoint = checkpoint
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
        figures["learning_rate"] = trainer.optimizers[0].param_groups[0]["lr"]
        if self.run is not None:
            self.run.log(figures, step=epoch)
        self.history.append({"epoch": float(epoch), **figures})
        loss = figures["validation_loss"]
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, epoch
            self.best = copy.deepcopy(pl_module.network.state_dict())
        if self.done(pl_module.spec):
            trainer.should_stop = True
        if self.checkpoint is not None:
            self._keep(self.checkpoint, trainer, pl_module.network)

    def done(self, spec: FitSpec) -> bool:
        """Return whether the last epoch was the last one."""
        ran = len(self.history)
        return ran >= spec.epochs or (ran > 0 and ran - 1 - self.best_epoch >= spec.patience)

    def _keep(
        self, checkpoint: Checkpoint, trainer: lightning.Trainer, network: torch.nn.Module
    ) -> None:
        optimizer = trainer.optimizers[0].state_dict()
        tensors = {f"network/{name}": value for name, value in network.state_dict().items()}
        tensors |= {f"best/{name}": value for name, value in self.best.items()}
        for place, moments in optimizer["state"].items():
            tensors |= {f"optimizer/{place}/{name}": value for name, value in moments.items()}
        tensors["random"] = torch.get_rng_state()
        if torch.cuda.is_available():
            tensors["random_cuda"] = torch.cuda.get_rng_state()
        schedules = [config.scheduler.state_dict() for config in trainer.lr_scheduler_configs]
        told = {
            "history": self.history,
            "best_epoch": self.best_epoch,
            "best_loss": self.best_loss,
            "groups": optimizer["param_groups"],
            "scheduler": schedules[0] if schedules else {},
            "scaler": trainer.precision_plugin.state_dict(),
        }
        checkpoint.keep(tensors, told)


def _restore(
    kept: tuple[dict[str, torch.Tensor], dict[str, Any]],
    trainer: lightning.Trainer,
    module: _Module,
    progress: _Progress,
) -> None:
    """Put everything where it was at the end of the last epoch that was kept."""
    tensors, told = kept

    def part(prefix: str) -> dict[str, torch.Tensor]:
        return {
            name.removeprefix(prefix): value
            for name, value in tensors.items()
            if name.startswith(prefix)
        }

    module.network.load_state_dict(part("network/"))
    progress.best = part("best/")
    progress.history = told["history"]
    progress.best_epoch, progress.best_loss = told["best_epoch"], told["best_loss"]
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in part("optimizer/").items():
        place, _, moment = name.partition("/")
        moments.setdefault(int(place), {})[moment] = value
    module.kept = {
        "optimizer": {"state": moments, "param_groups": told["groups"]},
        "scheduler": told["scheduler"],
    }
    trainer.precision_plugin.load_state_dict(told["scaler"])
    for stage in ("ready", "started", "processed", "completed"):
        setattr(trainer.fit_loop.epoch_progress.current, stage, len(told["history"]))
    torch.set_rng_state(tensors["random"])
    if "random_cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random_cuda"])


def fit(
    network: torch.nn.Module,
    loss: Loss,
    train: Batches,
    validation: Batches,
    spec: FitSpec,
    run: Run | None = None,
    evaluate: Callable[[torch.nn.Module], Mapping[str, float]] | None = None,
    checkpoint: Checkpoint | None = None,
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
    checkpoint
        Where the state is kept after each epoch, and taken up from if there is one: the result is
        that of a training that was never interrupted. Drop it when the result is safe.

    Raises
    ------
    RuntimeError
        If no epoch ended with a finite validation loss.
    """
    torch.set_num_threads(spec.threads)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    module = _Module(network, loss, spec)
    progress = _Progress(run, evaluate, checkpoint)
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
        kept = checkpoint.last() if checkpoint is not None else None
        if kept is not None:
            _restore(kept, trainer, module, progress)
            for batches in (train, validation):
                if hasattr(batches, "epoch"):
                    batches.epoch = len(progress.history)
        if not progress.done(spec):
            trainer.fit(module, _Loader(train), _Loader(validation))
    if not progress.best:
        raise RuntimeError(
            "training never reached a finite validation loss: lower the learning rate"
        )
    network.load_state_dict(progress.best)
    network.to("cpu").eval()
    return Fitted(network, progress.history, progress.best_epoch)
