"""Training of the drum classifier, and its figures on kits and songs that it never met.

What belongs here: splits, calibration, figures, the tracker, the row of ``drum_classifier``. What
does not: the loop (:mod:`groove.drums.classify.learning`), and what a figure is.

Conventions
-----------
* Early stopping and calibration see the validation split; calibration its one-shots of unseen
  kits, where there are enough. The headline figure is on one-shots
  of the test split whose kits no training event is of.
* Songs of the test split have figures of their own, ``test_song_*``; two hits of a kit at once,
  ``test_mixed_*``; sounds that are no drum, ``test_unknown_*``.
* Sessions are drawn by the weights of ``drum_session_weights``, classes by
  :mod:`groove.drums.classify.balance`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from groove.core.digest import table_digest
from groove.core.models import Headline, model_row
from groove.core.splits import TEST, TRAIN, VALIDATION
from groove.core.store import Store
from groove.core.tracking import Tracker
from groove.drums.manifest.weights import DRUM_SESSION_WEIGHTS
from groove.drums.spec import ClassifierSpec
from groove.drums.tables import DRUM_CLIPS, DRUM_EVENTS
from groove.midi.taxonomy import CLASSES

VERSION = "5"

#: Fewer one-shots than this say too little about calibration.
_LEAST_CALIBRATING = 50
#: Validation events at most that are measured after each epoch.
_WATCHED = 2048
#: Sounds without a drum, at most, on each of the sides that training sees.
_OUTSIDERS = 96


def train(
    drum_events: pd.DataFrame,
    drum_clips: pd.DataFrame,
    drum_session_weights: pd.DataFrame,
    spec: ClassifierSpec,
    store: Store,
    tracker: Tracker,
) -> Iterator[dict[str, Any]]:
    """Yield the row of ``drum_classifier``.

    Raises
    ------
    groove.drums.corpus.loading.CorpusError
        If a split has no event that may be used.
    groove.drums.manifest.weights.WeightError
        If a session to learn from has no weight.
    """
    from groove.drums.classify import calibration, model, negatives, unknown
    from groove.drums.classify.balance import chances
    from groove.drums.classify.batches import Material
    from groove.drums.classify.learning import learn
    from groove.drums.corpus import loading

    everything = loading.load(drum_events, drum_clips, store)
    loading.require_splits(everything)
    learnt, checked = everything.of_split(TRAIN), everything.of_split(VALIDATION)
    clip = everything.clip
    drums = Material(learnt.pictures, learnt.truth)
    without = negatives.material(TRAIN, round(len(learnt) * spec.outsiders), clip, _OUTSIDERS)
    kept = _evenly(len(checked), _WATCHED)
    strange = negatives.material(VALIDATION, _OUTSIDERS, clip, _OUTSIDERS)
    watched = Material(checked.pictures[kept], checked.truth[kept])
    # Sounds that are no drum are drawn as often as their share says, whatever their number.
    sessions = learnt.events["session_id"].tolist()
    weights = dict(
        zip(drum_session_weights["session_id"], drum_session_weights["weight"], strict=True)
    )
    chance = chances(learnt.truth, sessions, spec.balance, weights)
    chance = np.concatenate([chance * (1.0 - spec.outsiders), _even(len(without), spec.outsiders)])
    settings = spec.model_dump()
    inputs = {
        "drum_events": table_digest(drum_events, DRUM_EVENTS),
        "drum_clips": table_digest(drum_clips, DRUM_CLIPS),
        "drum_session_weights": table_digest(drum_session_weights, DRUM_SESSION_WEIGHTS),
    }
    with tracker.run("drum_classifier", settings, inputs) as run:
        started = time.monotonic()
        network, shape, fitted = learn(
            drums + without,
            watched + strange if len(without) else watched,
            clip,
            spec,
            run=run,
            chance=chance / chance.sum(),
        )
        seconds = time.monotonic() - started
        new = _new_sounds(checked)
        scores = model.logits(network, new.pictures)
        fitting = calibration.calibrate(scores, new.truth)
        below = unknown.threshold_for(unknown.scores(calibration.probabilities(scores, fitting)))
        trained = model.DrumModel(network, shape, CLASSES, clip, fitting, spec.threshold, below)
        figures, headline, groups = _figures(trained, everything, learnt)
        figures["best_epoch"] = float(fitted.best_epoch)
        figures["parameters"] = float(sum(p.numel() for p in network.parameters()))
        run.log(figures, step=len(fitted.history))
        data = trained.to_bytes()
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


def _even(count: int, share: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return ``share`` in equal parts."""
    return np.full(count, share / max(count, 1))


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
    from groove.drums.classify import judge, metrics, negatives, unknown
    from groove.drums.classify.batches import Material

    figures: dict[str, float] = {
        "train_events": float(len(learnt)),
        "calibration_scale": trained.calibration.scale,
        "calibration_bias": trained.calibration.bias,
        "unknown_below": trained.unknown_below,
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
        material = Material(part.pictures, part.truth)
        common = metrics.majority(learnt.truth, len(part))
        figures |= judge.figures(name, trained, material, common)
        if name != "validation":
            heard = trained.heard(trained.probabilities(part.pictures))
            figures |= judge.by_class(name, part.truth, heard)
    material = Material(judged.pictures, judged.truth)
    pairs = judge.mixed(material, judged.events["kit_id"].tolist(), everything.clip)
    figures |= judge.mixed_figures("test_mixed", trained, pairs)
    strange = negatives.material(TEST, negatives.TESTED, everything.clip, negatives.TESTED)
    figures |= unknown.figures(
        "test_unknown",
        trained.probabilities(judged.pictures),
        trained.probabilities(strange.pictures),
        trained.unknown_below,
    )
    headline = Headline(
        "test_macro_f1",
        figures["test_macro_f1"],
        "majority class",
        figures["test_majority_macro_f1"],
        higher_is_better=True,
    )
    return figures, headline, int(judged.events["split_group"].nunique())


def _evenly(count: int, most: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return marks of at most ``most`` of ``count`` places, evenly spread."""
    chosen = np.zeros(count, dtype=bool)
    chosen[np.linspace(0, count - 1, min(count, most)).round().astype(int)] = True
    return chosen
