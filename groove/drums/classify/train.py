"""Training of the drum classifier, and its figures on kits and songs that it never met.

What belongs here: splits, loss, calibration, figures, the tracker, the row of
``drum_classifier``. What does not: the network, batches, and what a figure is.

Conventions
-----------
* Early stopping and calibration see the validation split; calibration its one-shots of unseen
  kits, where there are enough. The headline figure is on one-shots
  of the test split whose kits no training event is of.
* Songs of the test split have figures of their own, ``test_song_*``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from groove.core.digest import table_digest
from groove.core.models import Headline, model_row
from groove.core.splits import TEST, TRAIN, VALIDATION
from groove.core.store import Store
from groove.core.tracking import Tracker
from groove.drums.spec import ClassifierSpec
from groove.drums.tables import DRUM_CLIPS, DRUM_EVENTS
from groove.midi.taxonomy import CLASSES

VERSION = "3"

#: Validation events at most that are measured after each epoch.
_LEAST_CALIBRATING = 50
_WATCHED = 2048


def train(
    drum_events: pd.DataFrame,
    drum_clips: pd.DataFrame,
    spec: ClassifierSpec,
    store: Store,
    tracker: Tracker,
) -> Iterator[dict[str, Any]]:
    """Yield the row of ``drum_classifier``.

    Raises
    ------
    groove.drums.corpus.loading.CorpusError
        If a split has no event that may be used.
    """
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    from groove.core.fitting import fit
    from groove.drums.classify import batches, calibration, metrics, model
    from groove.drums.classify.network import DrumNetwork
    from groove.drums.corpus import loading

    everything = loading.load(drum_events, drum_clips, store)
    loading.require_splits(everything)
    learnt, checked = everything.of_split(TRAIN), everything.of_split(VALIDATION)
    watched = checked.where(_evenly(len(checked), _WATCHED))

    def loss(network: Any, batch: batches.Batch) -> Mapping[str, torch.Tensor]:
        seen, targets = batch
        return {"loss": binary_cross_entropy_with_logits(network(seen), targets)}

    def evaluate(network: Any) -> Mapping[str, float]:
        scores = model.logits(network, watched.pictures)
        heard = metrics.decide(calibration.probabilities(scores, plain), spec.threshold)
        return {"validation_macro_f1": metrics.macro_f1(watched.truth, heard)}

    plain = calibration.Calibration()
    settings = spec.model_dump()
    inputs = {
        "drum_events": table_digest(drum_events, DRUM_EVENTS),
        "drum_clips": table_digest(drum_clips, DRUM_CLIPS),
    }
    with tracker.run("drum_classifier", settings, inputs) as run:
        started = time.monotonic()
        torch.manual_seed(spec.seed)
        clip = everything.clip
        network = DrumNetwork(clip.frames, clip.n_mels, len(CLASSES), spec.channels, spec.dropout)
        fitted = fit(
            network,
            loss,
            batches.Drawn(learnt, spec),
            batches.Plain(watched, spec.batch_size),
            spec,
            run=run,
            evaluate=evaluate,
        )
        seconds = time.monotonic() - started
        new = _new_sounds(checked)
        fitting = calibration.calibrate(model.logits(network, new.pictures), new.truth)
        trained = model.DrumModel(network, CLASSES, clip, fitting, spec.threshold)
        figures, headline, groups = _figures(trained, everything, learnt)
        figures["best_epoch"] = float(fitted.best_epoch)
        figures["parameters"] = float(sum(p.numel() for p in network.parameters()))
        run.log(figures, step=len(fitted.history))
        data = trained.to_bytes(spec.channels)
        run.model("drum_classifier", {"model.safetensors": data})
        yield model_row(
            spec=settings,
            headline=headline,
            metrics=figures,
            history=fitted.history,
            data=data,
            blob=store.write(data, ".safetensors"),
            groups=(int(learnt.events["split_group"].nunique()), groups),
            inputs=inputs,
            licenses=sorted(set(learnt.events["license"])),
            run_id=run.id,
            train_seconds=seconds,
        )


def _new_sounds(checked: Any) -> Any:
    """Return the validation events that calibration is fitted on: one-shots of unseen kits.

    On the songs, whose instruments it knows, a network is surer than on a kit that it never
    met; a calibration fitted on both makes it too sure of new kits. With too few such
    one-shots, all validation events have to do.
    """
    events = checked.events
    new = checked.where((events["origin"] == "hit") & events["unseen_kit"])
    return new if len(new) >= _LEAST_CALIBRATING else checked


def _figures(trained: Any, everything: Any, learnt: Any) -> tuple[dict[str, float], Headline, int]:
    """Return all final figures, the headline, and the groups behind it."""
    from groove.drums.classify import metrics

    figures: dict[str, float] = {
        "train_events": float(len(learnt)),
        "calibration_scale": trained.calibration.scale,
        "calibration_bias": trained.calibration.bias,
    }
    test = everything.of_split(TEST)
    one_shot = test.events["origin"] == "hit"
    unseen = test.where(one_shot & test.events["unseen_kit"])
    # Without an unseen kit the figures are on what there is, and the gates say so.
    judged = unseen if len(unseen) else test
    figures["test_unseen_kits"] = float(unseen.events["kit_id"].nunique())
    parts = {
        "validation": everything.of_split(VALIDATION),
        "test": judged,
        "test_song": test.where(~one_shot),
    }
    for name, part in parts.items():
        if not len(part):
            continue
        likely = trained.probabilities(part.pictures)
        heard = metrics.decide(likely, trained.threshold)
        common = metrics.majority(learnt.truth, len(part))
        figures |= {
            f"{name}_events": float(len(part)),
            f"{name}_macro_f1": metrics.macro_f1(part.truth, heard),
            f"{name}_majority_macro_f1": metrics.macro_f1(part.truth, common),
            f"{name}_micro_f1": metrics.micro_f1(part.truth, heard),
            f"{name}_exact": metrics.exact(part.truth, heard),
            f"{name}_ece": metrics.expected_calibration_error(likely, part.truth),
        }
        if name != "validation":
            figures |= _by_class(name, part.truth, metrics.f1_by_class(part.truth, heard))
    headline = Headline(
        "test_macro_f1",
        figures["test_macro_f1"],
        "majority class",
        figures["test_majority_macro_f1"],
        higher_is_better=True,
    )
    return figures, headline, int(judged.events["split_group"].nunique())


def _by_class(name: str, truth: Any, f1: Any) -> dict[str, float]:
    """Return F1 and count of the classes that were struck."""
    counts = truth.sum(axis=0)
    found: dict[str, float] = {}
    for label, value, count in zip(CLASSES, f1.tolist(), counts.tolist(), strict=True):
        if count:
            found[f"{name}_f1_{label}"] = value
            found[f"{name}_count_{label}"] = float(count)
    return found


def _evenly(count: int, most: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return marks of at most ``most`` of ``count`` places, evenly spread."""
    chosen = np.zeros(count, dtype=bool)
    chosen[np.linspace(0, count - 1, min(count, most)).round().astype(int)] = True
    return chosen
