"""Training on sound: hits of data sets and kits are composed to clips, clips train a network.

What belongs here: the order of work from hits to a model file, calibration on kits that a network
never met, figures. What does not: gathering hits (:mod:`groove.drums.classify.gather`), composing
(:mod:`groove.drums.classify.compose`), the loop (:mod:`groove.drums.classify.learning`).

Conventions
-----------
* Early stopping sees composed clips of validation kits.
* Calibration and the threshold of unknown sounds see clips of one hit each, of kits that the
  network heard never met: those of the validation split, or with ``folds`` those of all training
  kits of real sound, each heard by a network that was trained without it (cross-fitting).
* Figures are of single hits of the test split, of mixtures of two, and of sounds that are no drum.
  Without a test split they are of the validation split and named so.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.core.digest import digest
from groove.core.files import write_whole
from groove.core.resuming import Checkpoint
from groove.core.splits import TEST, TRAIN, VALIDATION
from groove.core.tracking import Run
from groove.drums.classify import calibration, judge, metrics, model, negatives, unknown
from groove.drums.classify.batches import Material
from groove.drums.classify.compose import Composed, Composer
from groove.drums.classify.features import pictures
from groove.drums.classify.gather import folds_of
from groove.drums.classify.learning import learn
from groove.drums.classify.sounds import COMPUTED, DatasetError, Sounds
from groove.drums.classify.variation import Sound
from groove.drums.spec import ClipSpec, TeachSpec
from groove.midi.taxonomy import CLASSES

VERSION = "2"
#: Negatives of each side, at most.
_NEGATIVES = 240
#: Single hits of a fold that calibration hears, at most.
_CALIBRATING = 1500


@dataclass(frozen=True)
class Taught:
    """A trained classifier, its file, and how it came about."""

    model: model.DrumModel
    data: bytes
    figures: dict[str, float]
    history: list[dict[str, float]]
    licenses: list[str]


def teach(
    sounds: Sounds,
    beds: Sequence[Sound],
    spec: TeachSpec,
    *,
    run: Run | None = None,
    start: model.DrumModel | None = None,
    scratch: Path | None = None,
    weights: Mapping[str, float] | None = None,
) -> Taught:
    """Train a classifier.

    Parameters
    ----------
    sounds
        Hits on their sides of the split.
    beds
        Other instruments that play under them.
    spec
        The whole training.
    run
        Is told each epoch and the figures.
    start
        A trained model to go on from.
    scratch
        Folder for composed clips and the state after each epoch; a training that is started
        again with the same folder, sounds and settings goes on from there.
    weights
        How often each session of recorded hits is drawn, as ``groove drums manifest weights``
        says; none: by how many hits it has. Sessions of the training side need one.

    Raises
    ------
    groove.drums.manifest.weights.WeightError
        If a session of recorded hits to learn from has no weight.
    groove.drums.classify.sounds.DatasetError
        If there is nothing to learn from, or to stop early by.
    """
    clip = spec.clip
    sides = {name: sounds.of_split(name) for name in (TRAIN, VALIDATION, TEST)}
    for name in (TRAIN, VALIDATION):
        if not sides[name].marks().any():
            raise DatasetError(
                f"no {name} clip of a drum: clips of at least two kits, or computed ones, are needed"
            )
    folds = folds_of(sides[TRAIN], spec.folds) if start is None else []
    identity = _identity(sounds, beds, spec, start, weights)
    composed = {
        name: _composed(
            Composer(
                sides[name],
                beds,
                spec.compose,
                clip,
                negatives.SEEN,
                folds,
                weights if name == TRAIN else None,
            ),
            count,
            name,
            spec,
            None if scratch is None else scratch / f"{name}-{identity[0]}.npz",
        )
        for name, count in (
            (TRAIN, spec.compose.clips),
            (VALIDATION, spec.compose.checked_clips),
        )
    }

    def trained_on(
        material: Material, settings: TeachSpec, name: str, told: Run | None
    ) -> tuple[Any, ...]:
        place = None if scratch is None else scratch / f"{name}.training.safetensors"
        kept = None if place is None else Checkpoint(place, digest(identity, name))
        watched = Material(composed[VALIDATION].pictures, composed[VALIDATION].truth)
        return learn(material, watched, clip, settings, run=told, start=start, checkpoint=kept)

    network, shape, fitted = trained_on(
        Material(composed[TRAIN].pictures, composed[TRAIN].truth), spec, "network", run
    )
    quick = spec.model_copy(update={"epochs": spec.fold_epochs})
    heard: list[tuple[NDArray[np.float32], NDArray[np.bool_], list[str]]] = []
    for number, fold in enumerate(folds):
        other = trained_on(composed[TRAIN].without(number), quick, f"fold{number}", None)[0]
        held = sides[TRAIN].where([kit in fold for kit in sides[TRAIN].kits])
        heard.append(_single(other, _few(held, _CALIBRATING), clip))
    if not heard:
        heard.append(_single(network, sides[VALIDATION], clip))
    fitting, below = _calibrated(heard)
    trained = model.DrumModel(network, shape, CLASSES, clip, fitting, spec.threshold, below)
    figures = _figures(trained, sides, clip) | {
        "train_sounds": float(len(sides[TRAIN])),
        "train_kits": float(len(set(sides[TRAIN].kits))),
        "train_clips": float(len(composed[TRAIN])),
        "best_epoch": float(fitted.best_epoch),
        "parameters": float(sum(p.numel() for p in network.parameters())),
        "calibration_scale": fitting.scale,
        "calibration_bias": fitting.bias,
        "unknown_below": below,
    }
    data = trained.to_bytes()
    if run is not None:
        run.log(figures, step=len(fitted.history))
        run.model("drum_classifier", {"model.safetensors": data})
    learnt_from = {*sides[TRAIN].licenses, *sides[VALIDATION].licenses}
    return Taught(trained, data, figures, fitted.history, sorted(learnt_from))


def alone(sounds: Sounds, clip: ClipSpec) -> NDArray[np.float32]:
    """Return the picture of each hit by itself, as a one-shot's is."""
    length = clip.clip_samples - clip.pre_samples
    clips = np.zeros((len(sounds), clip.clip_samples), dtype=np.float32)
    for row, samples in zip(clips, sounds.samples, strict=True):
        part = samples[:length]
        row[clip.pre_samples : clip.pre_samples + len(part)] = part
    return pictures(clips, clip)


def _identity(
    sounds: Sounds,
    beds: Sequence[Sound],
    spec: TeachSpec,
    start: model.DrumModel | None,
    weights: Mapping[str, float] | None,
) -> tuple[str, str]:
    """Return what composed clips hang on, and what a training hangs on besides."""
    made = digest(
        VERSION,
        sounds.identity(),
        len(beds),
        spec.clip.model_dump_json(),
        spec.compose.model_dump_json(),
        spec.seed,
        spec.folds,
        {} if weights is None else dict(weights),
    )
    begun = "" if start is None else digest(start.to_bytes())
    return made[:24], digest(spec.model_dump_json(), begun)


def _composed(
    composer: Composer, count: int, name: str, spec: TeachSpec, kept: Path | None
) -> Composed:
    """Return composed clips, those of an earlier run if they were kept."""
    if kept is not None and kept.is_file():
        with np.load(kept, allow_pickle=False) as found:
            return Composed(found["pictures"], found["truth"], found["folds"])
    made = composer.clips(count, seed=spec.seed * 2 + (name == VALIDATION))
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        out = io.BytesIO()
        np.savez(out, pictures=made.pictures, truth=made.truth, folds=made.folds)
        write_whole(kept, out.getvalue())
    return made


def _few(sounds: Sounds, most: int) -> Sounds:
    """Return at most so many hits, evenly chosen."""
    chosen = np.zeros(len(sounds), dtype=bool)
    chosen[np.linspace(0, len(sounds) - 1, min(most, len(sounds))).round().astype(int)] = True
    return sounds.where(chosen)


def _single(
    network: Any, sounds: Sounds, clip: ClipSpec
) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[str]]:
    """Return logits, truth and kinds of hits by themselves; of drums only."""
    drums = sounds.drums()
    return model.logits(network, alone(drums, clip)), drums.marks(), drums.kinds


def _calibrated(
    heard: Sequence[tuple[NDArray[np.float32], NDArray[np.bool_], list[str]]],
) -> tuple[calibration.Calibration, float]:
    """Return the calibration and the threshold of unknown sounds.

    Each kind of sound counts the same, however many there are of it: recordings are few. Where
    there are others, computed ones do not count at all.
    """
    logits, truth = (np.concatenate([part[place] for part in heard]) for place in (0, 1))
    kinds = np.array([kind for part in heard for kind in part[2]])
    counts = {str(kind): int((kinds == kind).sum()) for kind in np.unique(kinds)}
    real = {kind: count for kind, count in counts.items() if kind != COMPUTED} or counts
    weights = np.array([1.0 / real[kind] if kind in real else 0.0 for kind in kinds.tolist()])
    used = weights > 0
    fitting = calibration.calibrate(logits[used], truth[used], weights[used])
    scores = unknown.scores(calibration.probabilities(logits[used], fitting))
    # Of every kind of sound, the stated share is let in.
    below = min(unknown.threshold_for(scores[kinds[used] == kind]) for kind in real)
    return fitting, below


def _figures(
    trained: model.DrumModel, sides: dict[str, Sounds], clip: ClipSpec
) -> dict[str, float]:
    common_of = sides[TRAIN].marks()
    figures: dict[str, float] = {}
    for name in (VALIDATION, TEST):
        part = sides[name].drums()
        if not len(part):
            continue
        material = Material(alone(part, clip).astype(np.float16), part.marks())
        common = metrics.majority(common_of, len(part))
        likely = trained.probabilities(material.pictures)
        right = material.truth[np.arange(len(part)), likely.argmax(axis=1)]
        low, high = judge.intervals(right, part.kits)
        figures |= judge.figures(name, trained, material, common)
        figures |= judge.by_class(name, material.truth, trained.heard(likely))
        figures |= {
            f"{name}_kits": float(len(set(part.kits))),
            f"{name}_right": float(right.mean()),
            f"{name}_right_low": low,
            f"{name}_right_high": high,
        }
        pairs = judge.mixed(material, part.kits, clip)
        figures |= judge.mixed_figures(f"{name}_mixed", trained, pairs)
        strange = negatives.material(TEST, _NEGATIVES, clip, _NEGATIVES)
        figures |= unknown.figures(
            f"{name}_unknown",
            likely,
            trained.probabilities(strange.pictures),
            trained.unknown_below,
        )
    return figures
