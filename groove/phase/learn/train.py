"""Training the bar-phase network: chunks in, one row about the model out.

What belongs here: putting data, network, loss and figures together. What does not: the loop
(:mod:`groove.core.fitting`), any of the parts.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from groove.core.digest import table_digest
from groove.core.models import Headline, model_row, pack
from groove.core.splits import SPLITS, TEST, TRAIN, VALIDATION
from groove.core.store import Store
from groove.core.tracking import Tracker
from groove.phase.labels import FRAME_RATE_HZ
from groove.phase.spec import PhaseTcnSpec
from groove.phase.tables import PHASE_CHUNKS

if TYPE_CHECKING:
    import torch

    from groove.phase.learn.dataset import Batch, Chunks

VERSION = "2"
STAGE = "phase_tcn"
#: Expectation of 1 − cos of a uniform angle.
CHANCE_LOSS = 1.0


def train(
    phase_chunks: pd.DataFrame, spec: PhaseTcnSpec, store: Store, tracker: Tracker
) -> Iterable[Mapping[str, Any]]:
    """Yield the one row of ``phase_tcn``.

    The headline figure is the mean circular loss on test songs at the tempo they were written
    in (playback rate 1.0), over anticipations 0, half and the longest.

    Raises
    ------
    ValueError
        If a split has no chunk at playback rate 1.0.
    """
    import torch

    from groove.core.fitting import fit
    from groove.phase.judge.evaluation import evaluate, every_fourth_beat
    from groove.phase.learn.dataset import Chunks, FixedBatches, TrainingBatches
    from groove.phase.model.network import PhaseModel

    started = time.perf_counter()
    _check_splits(phase_chunks)
    torch.set_num_threads(spec.threads)
    torch.manual_seed(spec.seed)
    model = PhaseModel(spec)

    def chunks(split: str, *, as_written: bool) -> Chunks:
        keep = phase_chunks["split"] == split
        if as_written:
            keep &= phase_chunks["rate"] == 1.0
        return Chunks(phase_chunks[keep].reset_index(drop=True), store, model.front)

    test = chunks(TEST, as_written=True)
    watched = phase_chunks[phase_chunks["split"] == VALIDATION]
    spread = np.linspace(0, len(watched) - 1, min(len(watched), spec.validation_chunks))
    watched = watched.iloc[np.unique(spread.astype(int))].reset_index(drop=True)
    validation = Chunks(watched, store, model.front)
    inputs = {PHASE_CHUNKS.name: table_digest(phase_chunks, PHASE_CHUNKS)}
    with tracker.run(stage=STAGE, params=spec.model_dump(), inputs=inputs) as run:
        fitted = fit(
            model.network,
            _loss(spec),
            TrainingBatches(chunks(TRAIN, as_written=False), spec),
            FixedBatches(validation, spec),
            spec,
            run=run,
        )
        figures = evaluate(fitted.network, test, spec.warmup_s, spec.anticipation_s)
        metrics = {
            **{f"test_{name}": value for name, value in figures.items()},
            **every_fourth_beat(test, spec.warmup_s),
            "best_epoch": float(fitted.best_epoch),
            "validation_phase_loss": fitted.history[fitted.best_epoch]["validation_loss"],
        }
        run.log(metrics, step=len(fitted.history))
        data = pack(fitted.network, {"stage": STAGE, "spec": spec.model_dump()})
        run.model(STAGE, {"model.safetensors": data, "spec.json": spec.model_dump_json().encode()})
        yield model_row(
            spec=spec.model_dump(),
            headline=Headline(
                "test_phase_loss", metrics["test_phase_loss"], "chance", CHANCE_LOSS, False
            ),
            metrics=metrics,
            history=fitted.history,
            data=data,
            blob=store.write(data, ".safetensors"),
            groups=_groups(phase_chunks),
            inputs=inputs,
            licenses=phase_chunks.loc[phase_chunks["split"] == TRAIN, "license"].tolist(),
            run_id=run.id,
            train_seconds=time.perf_counter() - started,
        )


def _loss(spec: PhaseTcnSpec) -> Any:
    """Return the loss in the form that the training loop calls."""
    from groove.phase.learn.loss import circular_loss, target_phase

    warmup = round(spec.warmup_s * FRAME_RATE_HZ)

    def loss(network: torch.nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        levels, phase, look = batch
        predicted = network(levels, look)
        target = target_phase(phase, look, predicted.shape[1])
        return {"loss": circular_loss(predicted, target, warmup)}

    return loss


def _groups(chunks: pd.DataFrame) -> tuple[int, int]:
    count = chunks.groupby("split")["split_group"].nunique()
    return int(count[TRAIN]), int(count[TEST])


def _check_splits(chunks: pd.DataFrame) -> None:
    present = set(chunks.loc[chunks["rate"] == 1.0, "split"]) if len(chunks) else set()
    if missing := [split for split in SPLITS if split not in present]:
        raise ValueError(
            f"no chunks in {', '.join(missing)}: bar phase needs at least three usable songs "
            "that are no versions of each other; see the quarantine for songs that were refused"
        )
