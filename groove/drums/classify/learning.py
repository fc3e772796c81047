"""From pictures to a trained network: what every training of the classifier shares.

What belongs here: building or taking over a network, loss, watching, arithmetic. What does not:
where pictures come from, splits, figures (:mod:`groove.drums.classify.train` for the pipeline's
tables, :mod:`groove.drums.classify.teach` for exported data sets).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from groove.core.fitting import Fitted, fit
from groove.core.models import ModelError
from groove.core.resuming import Checkpoint
from groove.core.tracking import Run
from groove.drums.classify import calibration, metrics, model
from groove.drums.classify.batches import Batch, Drawn, Material, Plain
from groove.drums.classify.network import CHANNELS, DrumNetwork, build
from groove.drums.spec import ClassifierSpec, ClipSpec
from groove.midi.taxonomy import CLASSES


class Learnt(NamedTuple):
    """A trained network, which one it is, and how training went."""

    network: DrumNetwork
    shape: model.Shape
    fitted: Fitted


def learn(
    material: Material,
    watched: Material,
    clip: ClipSpec,
    spec: ClassifierSpec,
    *,
    run: Run | None = None,
    chance: NDArray[np.float64] | None = None,
    start: model.DrumModel | None = None,
    checkpoint: Checkpoint | None = None,
) -> Learnt:
    """Train a network.

    Parameters
    ----------
    material, watched
        To learn from; to stop early by.
    clip
        What their pictures show.
    spec
        The network and its training.
    run
        Is told each epoch.
    chance
        Each clip's chance to be drawn.
    start
        A trained model to go on from; ``spec.freeze`` of its blocks are left as they are.
    checkpoint
        Where a killed training goes on.

    Raises
    ------
    ModelError
        If the model to start from sees other pictures or tells other classes.
    ValueError
        If more blocks are to be frozen than there are.
    """
    torch.manual_seed(spec.seed)
    if start is None:
        shape = model.Shape(spec.network, tuple(spec.channels) or CHANNELS[spec.network])
    else:
        shape = start.shape
        if start.clip != clip or start.classes != CLASSES:
            raise ModelError(
                "the model to start from was trained on other pictures or classes: "
                "use its clip settings"
            )
    network = build(
        shape.name, clip.frames, clip.n_mels, len(CLASSES), shape.channels, spec.dropout
    )
    if start is not None:
        network.load_state_dict(start.network.state_dict())
    network.freeze(spec.freeze)
    plain = calibration.Calibration()

    def loss(trained: Any, batch: Batch) -> Mapping[str, torch.Tensor]:
        seen, targets = batch
        return {"loss": binary_cross_entropy_with_logits(trained(seen), targets)}

    def evaluate(trained: Any) -> Mapping[str, float]:
        scores = model.logits(trained, watched.pictures)
        drums = watched.truth.any(axis=1)
        heard = metrics.decide(calibration.probabilities(scores, plain), spec.threshold)
        return {"validation_macro_f1": metrics.macro_f1(watched.truth[drums], heard[drums])}

    fitted = fit(
        network,
        loss,
        Drawn(material, clip, spec, chance),
        Plain(watched, max(spec.batch_size, 64)),
        with_arithmetic(spec),
        run=run,
        evaluate=evaluate,
        checkpoint=checkpoint,
    )
    return Learnt(network, shape, fitted)


def with_arithmetic(spec: ClassifierSpec) -> ClassifierSpec:
    """Return the settings with mixed precision where ``mixed`` is set and a GPU will be used.

    A processor computes in full precision whatever is set: half of it would be slower there.
    """
    on_gpu = spec.accelerator == "auto" and torch.cuda.is_available()
    if not (spec.mixed and on_gpu):
        return spec
    kind = "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"
    return spec.model_copy(update={"precision": kind})
