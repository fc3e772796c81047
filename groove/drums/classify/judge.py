"""Figures of a trained classifier on clips that it never met.

What belongs here: which figures a set of pictures gets. What does not: a figure's formula
(:mod:`groove.drums.classify.metrics`, :mod:`groove.drums.classify.unknown`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from groove.drums.classify import metrics
from groove.drums.classify.batches import Material
from groove.drums.classify.features import nepers
from groove.drums.classify.metrics import Marks
from groove.drums.classify.model import DrumModel
from groove.drums.spec import ClipSpec
from groove.midi.taxonomy import CLASSES

#: Hits that are struck together more than any others.
PAIRS = (
    ("kick", "hihat_closed"), ("kick", "hihat_open"), ("kick", "crash"), ("kick", "ride"),
    ("snare", "crash"), ("snare", "hihat_closed"), ("snare", "ride"), ("tom_low", "crash"),
)  # fmt: skip
#: Fewer clips of a class than this say little about it.
LEAST_SUPPORT = 10
_MIXED = 400


def figures(name: str, trained: DrumModel, part: Material, common: Marks) -> dict[str, float]:
    """Return the figures of one set of clips, by name.

    Parameters
    ----------
    name
        Put before each.
    trained
        The classifier.
    part
        Clips with drums.
    common
        Decisions of the baseline for them.
    """
    likely = trained.probabilities(part.pictures)
    heard = trained.heard(likely)
    truth = part.truth
    return {
        f"{name}_events": float(len(part)),
        f"{name}_accuracy": accuracy(likely, truth, LEAST_SUPPORT),
        f"{name}_macro_f1": metrics.macro_f1(truth, heard),
        f"{name}_majority_macro_f1": metrics.macro_f1(truth, common),
        f"{name}_micro_f1": metrics.micro_f1(truth, heard),
        f"{name}_exact": metrics.exact(truth, heard),
        f"{name}_ece": metrics.expected_calibration_error(likely, truth),
    }


def accuracy(likely: NDArray[np.float32], truth: Marks, support: int = 1) -> float:
    """Return the share of clips whose likeliest class was struck.

    Parameters
    ----------
    likely, truth
        ``(clips, classes)``.
    support
        Clips of a class below which they do not count.
    """
    enough = truth.sum(axis=0) >= support
    counted = (truth & enough).any(axis=1)
    right = truth[np.arange(len(truth)), likely.argmax(axis=1)]
    return float(right[counted].mean()) if counted.any() else float("nan")


def by_class(name: str, truth: Marks, heard: Marks) -> dict[str, float]:
    """Return F1, recall and count of the classes that were struck."""
    f1 = metrics.f1_by_class(truth, heard)
    counts = truth.sum(axis=0)
    found: dict[str, float] = {}
    for place, label in enumerate(CLASSES):
        if counts[place]:
            found[f"{name}_f1_{label}"] = float(f1[place])
            found[f"{name}_recall_{label}"] = float(heard[truth[:, place], place].mean())
            found[f"{name}_count_{label}"] = float(counts[place])
    return found


def mixed(part: Material, kits: Sequence[str], clip: ClipSpec, most: int = _MIXED) -> Material:
    """Return clips of two hits of a kit at once, as loud as each other at their peaks.

    Pictures are mixed as powers: what the sounds' phases would add or take is left out.

    Parameters
    ----------
    part
        Clips of one hit each; those of several are left out.
    kits
        The kit of each.
    clip
        What the pictures show.
    most
        Mixtures at most, spread evenly over pairs and kits.
    """
    single = part.truth.sum(axis=1) == 1
    named = np.array(kits)
    pairs: list[tuple[int, int]] = []
    for kit in sorted(set(kits)):
        own = single & (named == kit)
        for one, other in PAIRS:
            first, second = (
                np.flatnonzero(own & part.truth[:, CLASSES.index(label)]) for label in (one, other)
            )
            pairs += list(product(first.tolist(), second.tolist()))
    chosen = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(most, len(chosen))).astype(np.int64)]
    depth = nepers(clip.range_db)
    both = part.pictures[chosen].astype(np.float32) * depth
    summed = np.logaddexp(both[:, 0], both[:, 1]) / depth
    summed += 1.0 - summed.max(axis=(1, 2), keepdims=True, initial=0.0)
    truth = np.asarray(part.truth[chosen].any(axis=1))
    return Material(np.clip(summed, 0.0, 1.0).astype(np.float16), truth)


def mixed_figures(name: str, trained: DrumModel, part: Material) -> dict[str, float]:
    """Return how well both of two hits are found."""
    if not len(part):
        return {}
    heard = trained.heard(trained.probabilities(part.pictures))
    both = (heard | ~part.truth).all(axis=1)
    return {
        f"{name}_events": float(len(part)),
        f"{name}_micro_f1": metrics.micro_f1(part.truth, heard),
        f"{name}_macro_f1": metrics.macro_f1(part.truth, heard),
        f"{name}_both_found": float(both.mean()),
    }


def intervals(
    right: NDArray[np.bool_], groups: Sequence[str], *, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of a share, resampling whole groups (kits), not single sounds."""
    names, place = np.unique(np.array(groups), return_inverse=True)
    hits = np.bincount(place, weights=right.astype(np.float64))
    sizes = np.bincount(place).astype(np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(names), (resamples, len(names)))
    shares = hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)
