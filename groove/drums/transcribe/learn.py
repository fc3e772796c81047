"""Training of a transcriber from recordings with known hits, and its figures.

What belongs here: the loop's batches, the choice of thresholds, figures on recordings that were
not trained on. What does not: where recordings are from (:mod:`groove.drums.transcribe.train`: the
pipeline's tables; :mod:`groove.drums.transcribe.folder`: an annotated folder).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from groove.core.fitting import Fitted, fit
from groove.core.resuming import Checkpoint
from groove.core.tracking import Run
from groove.drums.transcribe.decode import Peaks, peaks, struck
from groove.drums.transcribe.evaluation import WINDOW_S, pairs
from groove.drums.transcribe.excerpts import Batch, Drawn, Plain
from groove.drums.transcribe.model import Transcriber
from groove.drums.transcribe.network import TranscriberNetwork
from groove.drums.transcribe.objective import loss_of
from groove.drums.transcribe.recordings import Recording
from groove.drums.transcribe.spec import DecodeSpec, LevelSpec, TranscriberSpec
from groove.drums.transcribe.thresholds import choose
from groove.midi.taxonomy import CLASSES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Validation excerpts at most that are measured after each epoch.
_WATCHED = 96


def build(spec: TranscriberSpec, level: LevelSpec) -> TranscriberNetwork:
    """Return a network that knows nothing yet; seed torch before."""
    return TranscriberNetwork(
        level.n_mels, len(CLASSES), spec.channels, spec.width, spec.layers, spec.dropout
    )


def learn(
    learnt: Sequence[Recording],
    watched: Sequence[Recording],
    spec: TranscriberSpec,
    level: LevelSpec,
    *,
    run: Run | None = None,
    checkpoint: Checkpoint | None = None,
    start: Transcriber | None = None,
) -> tuple[Transcriber, Fitted]:
    """Return the transcriber with the best validation loss, and how training went.

    Parameters
    ----------
    learnt, watched
        Recordings to train on; others, for early stopping and thresholds.
    spec, level
        Settings.
    run, checkpoint
        As in :func:`groove.core.fitting.fit`.
    start
        A model of the same shape to go on from.
    """
    torch.manual_seed(spec.seed)
    network = build(spec, level)
    if start is not None:
        network.load_state_dict(start.network.state_dict())

    def loss(model: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        return loss_of(model, batch, spec.positive_weight)

    fitted = fit(
        network,
        loss,
        Drawn(learnt, spec, level, len(CLASSES)),
        Plain(watched, spec, level, len(CLASSES), _WATCHED),
        spec,
        run=run,
        checkpoint=checkpoint,
    )
    decoding = DecodeSpec(**{name: getattr(spec, name) for name in DecodeSpec.model_fields})
    shape = {"channels": list(spec.channels), "width": spec.width, "layers": spec.layers}
    trained = Transcriber(
        network, CLASSES, level, decoding, (spec.threshold,) * len(CLASSES), shape
    )
    heard = [trained.heard(np.asarray(one.levels, dtype=np.float32)) for one in watched]
    limits = choose(
        heard, [(one.hit_s, one.klass) for one in watched], level.frames_per_s, spec.apart_s
    )
    return Transcriber(network, CLASSES, level, decoding, limits, shape), fitted


def figures(
    trained: Transcriber, recordings: Sequence[Recording], prefix: str, majority: int
) -> dict[str, float]:
    """Return F-measures at 50 ms over all hits of all recordings, and those of a baseline.

    The baseline hears the class ``majority`` at every peak of the levels' rise.
    """
    table = np.zeros((3, len(CLASSES)), dtype=np.int64)
    plain = np.zeros_like(table)
    for one in recordings:
        levels = np.asarray(one.levels, dtype=np.float32)
        onset, velocity = trained.heard(levels)
        found = struck(
            onset,
            velocity,
            trained.level.frames_per_s,
            trained.thresholds,
            trained.decoding.apart_s,
        )
        table += counts(one.hit_s, one.klass, found, len(CLASSES))
        plain += counts(one.hit_s, one.klass, rises(levels, trained.level, majority), len(CLASSES))
    by_class = f_measure(table)
    told = {
        f"{prefix}_hits": float(table[2].sum()),
        f"{prefix}_micro_f1": float(f_measure(table.sum(axis=1, keepdims=True))[0]),
        f"{prefix}_macro_f1": float(np.nanmean(by_class)) if table.any() else float("nan"),
        f"{prefix}_rise_micro_f1": float(f_measure(plain.sum(axis=1, keepdims=True))[0]),
    }
    for name, value, count in zip(CLASSES, by_class.tolist(), table[2].tolist(), strict=True):
        if count:
            told[f"{prefix}_f1_{name}"] = value
            told[f"{prefix}_count_{name}"] = float(count)
    return told


def counts(true_s: Floats, klass: Ints, found: Peaks, classes: int) -> Ints:
    """Return right hits, hits found and hits struck of each class, ``(3, classes)``."""
    table = np.zeros((3, classes), dtype=np.int64)
    for place in range(classes):
        true = np.sort(true_s[klass == place])
        heard = np.sort(found.time_s[found.klass == place])
        table[:, place] = pairs(true, heard, WINDOW_S), len(heard), len(true)
    return table


def f_measure(table: Ints) -> Floats:
    """Return 2 TP / (found + struck) of each column of :func:`counts`; nan where both are 0."""
    both = (table[1] + table[2]).astype(np.float64)
    return np.asarray(2.0 * table[0] / np.where(both > 0, both, np.nan))


def majority_of(recordings: Sequence[Recording]) -> int:
    """Return the class that is struck most."""
    hits = np.concatenate([np.zeros(0, dtype=np.int64), *(one.klass for one in recordings)])
    return int(np.bincount(hits, minlength=len(CLASSES)).argmax())


def rises(
    levels: np.ndarray[tuple[int, int], np.dtype[np.float32]], level: LevelSpec, klass: int
) -> Peaks:
    """Return the peaks of the levels' mean rise from frame to frame, all as one class."""
    rise = np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0).mean(axis=1, keepdims=True)
    limit = float(rise.mean() + rise.std()) if len(rise) else 1.0
    found = peaks(rise, np.zeros_like(rise), level.frames_per_s, [max(limit, 1e-6)], 0.03)
    return found._replace(klass=np.full(len(found.klass), klass, dtype=np.int64))
