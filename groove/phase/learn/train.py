"""Training bar-phase networks: features in, a row about each model out.

What belongs here: putting data, network, loss and figures together. What does not: the loop
(:mod:`groove.core.fitting`), any of the parts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from groove.core.digest import digest, sha256, table_digest
from groove.core.models import Headline, ModelError, model_row, pack
from groove.core.resuming import Checkpoint
from groove.core.splits import SPLITS, TEST, TRAIN, VALIDATION
from groove.core.store import Store
from groove.core.tracking import Run, Tracker
from groove.phase.model.card import STAGE
from groove.phase.spec import FeatureSpec, PhaseModelSpec
from groove.phase.tables import PHASE_FEATURES

if TYPE_CHECKING:
    from torch import nn

    from groove.core.fitting import Fitted
    from groove.phase.learn.dataset import Features

VERSION = "4"
#: The network that others are compared with.
DOCUMENTED = "phase_tcn"
#: Expectation of 1 − cos of a uniform angle.
CHANCE_LOSS = 1.0


@dataclass(frozen=True)
class Trained:
    """One trained network.

    Parameters
    ----------
    spec
        What it was trained with.
    data
        Its file.
    figures
        By name; those of the test split begin with ``test_``.
    history
        Figures by epoch.
    run_id
        Where its training was tracked.
    seconds
        How long that took.
    """

    spec: PhaseModelSpec
    data: bytes
    figures: Mapping[str, float]
    history: list[dict[str, float]]
    run_id: str
    seconds: float


def train(
    phase_features: pd.DataFrame,
    spec: PhaseModelSpec,
    store: Store,
    tracker: Tracker,
    scratch: Path | None = None,
    start: bytes | None = None,
) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of ``phase_model``: the network asked for, and the one it is compared with.

    The headline figure is the mean circular loss of the network's own phase on test songs at the
    tempo they were written in (playback rate 1.0), over anticipations 0, half and the longest.

    Parameters
    ----------
    phase_features
        Rows of that table.
    spec
        Settings.
    store
        Where the features are; receives the models.
    tracker
        Is told each epoch.
    scratch
        A folder for checkpoints: a training that was killed goes on from its last epoch.
    start
        A model file whose weights are gone on from; the network it is compared with starts anew.

    Raises
    ------
    ModelError
        If ``start`` is no model, or one of another network or shape.
    ValueError
        If a split has no chunk at playback rate 1.0, or features were made for another network.
    """
    from groove.phase.learn.dataset import require_same_features

    _check_splits(phase_features)
    require_same_features(phase_features, spec)
    inputs = {PHASE_FEATURES.name: table_digest(phase_features, PHASE_FEATURES)}
    specs = [spec]
    if spec.compare and spec.network != DOCUMENTED:
        specs.append(spec.model_copy(update={"network": DOCUMENTED}))
    found, checkpoints = [], []
    for one in specs:
        name = STAGE if one is spec else f"{STAGE}_{one.network}"
        checkpoint = None
        if scratch is not None:
            identity = digest(inputs, one, VERSION, *([sha256(start)] if start else []))
            checkpoint = Checkpoint(scratch / f"{name}.training.safetensors", identity)
            checkpoints.append(checkpoint)
        begun = start if one is spec else None
        found.append(_trained(phase_features, one, store, tracker, name, inputs, checkpoint, begun))
    losses = [trained.figures["test_phase_loss"] for trained in found]
    baselines = [("chance", CHANCE_LOSS)] * len(found)
    if len(found) > 1:
        baselines[0] = (DOCUMENTED, losses[1])
    for trained, loss, baseline in zip(found, losses, baselines, strict=True):
        yield {
            **model_row(
                spec=trained.spec.model_dump(),
                headline=Headline("test_phase_loss", loss, *baseline, higher_is_better=False),
                metrics=trained.figures,
                history=trained.history,
                data=trained.data,
                blob=store.write(trained.data, ".safetensors"),
                groups=_groups(phase_features),
                inputs=inputs,
                licenses=phase_features.loc[phase_features["split"] == TRAIN, "license"].tolist(),
                run_id=trained.run_id,
                train_seconds=trained.seconds,
            ),
            "network": trained.spec.network,
            "released": trained is found[0],
        }
    # Whoever asked has the last row: now nothing is left to go on with.
    for checkpoint in checkpoints:
        checkpoint.drop()


def _trained(
    table: pd.DataFrame,
    spec: PhaseModelSpec,
    store: Store,
    tracker: Tracker,
    name: str,
    inputs: Mapping[str, str],
    checkpoint: Checkpoint | None,
    start: bytes | None,
) -> Trained:
    from groove.phase.learn.dataset import Features
    from groove.phase.learn.heldout import figures_on, prefixed

    started = time.perf_counter()
    watched = table[table["split"] == VALIDATION]
    spread = np.linspace(0, len(watched) - 1, min(len(watched), spec.validation_chunks))
    validation = Features(watched.iloc[np.unique(spread.astype(int))], store)
    test = Features(table[(table["split"] == TEST) & (table["rate"] == 1.0)], store)
    heard = Features(table[table["split"] == TRAIN], store)
    with tracker.run(stage=STAGE, params=spec.model_dump(), inputs=inputs) as run:
        fitted = fit_network(heard, validation, spec, run, checkpoint, start)
        figures = {
            **prefixed(figures_on(fitted.network, test, spec), "test"),
            "best_epoch": float(fitted.best_epoch),
            "validation_phase_loss": fitted.history[fitted.best_epoch]["validation_phase_loss"],
        }
        run.log(figures, step=len(fitted.history))
        data = pack(fitted.network, {"stage": STAGE, "spec": spec.model_dump()})
        run.model(name, {"model.safetensors": data, "spec.json": spec.model_dump_json().encode()})
        seconds = time.perf_counter() - started
        return Trained(spec, data, figures, fitted.history, run.id, seconds)


def fit_network(
    train: Features,
    validation: Features,
    spec: PhaseModelSpec,
    run: Run | None = None,
    checkpoint: Checkpoint | None = None,
    start: bytes | None = None,
) -> Fitted:
    """Return the trained network of a spec, and how its training went.

    Each epoch is logged with losses on validation chunks, over all, per meter and per tempo. With
    ``start`` it goes on from that model's weights.
    """
    import torch

    from groove.core.fitting import fit
    from groove.phase.learn.dataset import FixedBatches, TrainingBatches
    from groove.phase.learn.objective import Objective, groups_of
    from groove.phase.model.registry import build

    torch.set_num_threads(spec.threads)
    torch.manual_seed(spec.seed)
    objective = Objective(spec, groups_of(validation.table))
    network = build(spec).network
    if start is not None:
        begin_with(network, start, spec)
    return fit(
        network,
        objective,
        TrainingBatches(train, spec),
        FixedBatches(validation, spec),
        spec,
        run=run,
        evaluate=objective.figures,
        checkpoint=checkpoint,
    )


def begin_with(network: nn.Module, start: bytes, spec: PhaseModelSpec) -> None:
    """Put the weights of a model file into a network of the same kind and shape.

    Raises
    ------
    ModelError
        If it is no such model.
    """
    from groove.phase.model.registry import load

    model = load(start)
    shape = ("network", "channels", "blocks", "kernel", *FeatureSpec.model_fields)
    for name in shape:
        found, wanted = getattr(model.spec, name), getattr(spec, name)
        if found != wanted:
            raise ModelError(
                f"the model to go on from has {name} {found}, the settings have {wanted}: they "
                "must be the same"
            )
    network.load_state_dict(model.network.state_dict())


def overfit(features: Features, spec: PhaseModelSpec, run: Run | None = None) -> float:
    """Return the circular loss that a network reaches on the few chunks it is trained on.

    Nothing is augmented and nothing dropped, each step hears all of them whole: a network, a loss
    and labels that fit together learn four chunks by heart. Chance is 1.
    """
    import torch

    from groove.core.fitting import fit
    from groove.phase.learn.dataset import FixedBatches
    from groove.phase.learn.objective import Objective
    from groove.phase.model.registry import build

    alone = {"dropout": 0.0, "weight_decay": 0.0, "batch": len(features), "patience": spec.epochs}
    spec = spec.model_copy(update=alone)
    torch.set_num_threads(spec.threads)
    torch.manual_seed(spec.seed)
    batches = FixedBatches(features, spec)
    fitted = fit(build(spec).network, Objective(spec), batches, batches, spec, run=run)
    return min(epoch["train_phase_loss"] for epoch in fitted.history)


def _groups(features: pd.DataFrame) -> tuple[int, int]:
    count = features.groupby("split")["split_group"].nunique()
    return int(count[TRAIN]), int(count[TEST])


def _check_splits(features: pd.DataFrame) -> None:
    present = set(features.loc[features["rate"] == 1.0, "split"]) if len(features) else set()
    if missing := [split for split in SPLITS if split not in present]:
        raise ValueError(
            f"no chunks in {', '.join(missing)}: bar phase needs at least three usable songs "
            "that are no versions of each other; see the quarantine for songs that were refused"
        )
