"""The order of the queue: loss x diversity x effect on the gates, greedily.

========  =========================================================================================
loss      What the clip costs the model or may cost it, in nats: the greater of its cross-entropy
          under the label it has, and of the entropy of its probabilities, which is the
          cross-entropy to expect if the label were drawn from them. Summed over the classes.
diversity Distance to the nearest clip queued before, as a share of the greatest distance to the
          first, to the power of ``diversity`` (farthest-point order, Gonzalez 1985; as k-center in
          active learning, Sener and Savarese 2018). The first clip's is 1.
effect    ``1 + gate_weight * max over classes of (part of the class in the clip * its need)``. The
          part is 1 for a class of the label, else its probability; the need is the sum over red
          gates of what the class lacks there (:mod:`groove.drums.label_queue.needs`).
========  =========================================================================================

A product of informativeness and of how a clip lies among the others is Settles and Craven's
information density (2008), here with distance from what is queued for density; the effect on the
gates is our own factor. Each next clip is the one with the greatest product.

Only clips that say something are queued: *hard_negative*, a class heard with confidence and not
struck; *missed*, a class struck and with confidence not heard; *uncertain*, a class near the
threshold, or nothing heard at all.

What belongs here: pure functions of probabilities and labels. What does not: files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.drums.classify.metrics import Marks, cross_entropy, decide
from groove.drums.corpus.loading import names_of, truth_of
from groove.drums.label_queue.needs import Needs
from groove.drums.label_queue.spec import QueueSpec
from groove.drums.label_queue.table import REASONS
from groove.drums.manifest.negatives import chosen_apart, space_of
from groove.midi.taxonomy import CLASSES

Floats = NDArray[np.float64]

#: Columns of a queue, in order.
COLUMNS = (
    "rank", "why", "asked", "score", "loss", "entropy", "margin", "diversity", "effect", "gates",
    "true_classes", "predicted_classes", "probabilities", "sample_id", "session_id", "path",
    "onset_s",
)  # fmt: skip


@dataclass(frozen=True)
class Doubts:
    """What speaks for a look at each event, ``(n,)`` each.

    Attributes
    ----------
    why
        Place in :data:`REASONS`; -1 for an event that is not queued.
    asked
        The class that the doubt is about.
    loss, entropy
        Nats, summed over the classes.
    margin
        Distance of the nearest probability to the threshold.
    """

    why: NDArray[np.int64]
    asked: NDArray[np.int64]
    loss: Floats
    entropy: Floats
    margin: Floats


def entropy(probabilities: Floats) -> Floats:
    """Return the binary entropy of each event's probabilities, summed over the classes, nats."""
    inner = np.clip(probabilities, 1e-12, 1 - 1e-12)
    return np.asarray(-(inner * np.log(inner) + (1 - inner) * np.log1p(-inner)).sum(axis=1))


def doubts(probabilities: Floats, truth: Marks, spec: QueueSpec) -> Doubts:
    """Return what speaks for a look at each event.

    Parameters
    ----------
    probabilities, truth
        ``(events, classes)``.
    spec
        Confidence, threshold and margin.
    """
    wrong = np.where(truth, -1.0, probabilities)
    unheard = np.where(truth, 1 - probabilities, -1.0)
    near = np.abs(probabilities - spec.threshold)
    margin = near.min(axis=1)
    found = (
        wrong.max(axis=1) >= spec.confidence,
        unheard.max(axis=1) >= spec.confidence,
        (margin <= spec.margin) | (probabilities.max(axis=1) < spec.threshold),
    )
    places = (wrong.argmax(axis=1), unheard.argmax(axis=1), near.argmin(axis=1))
    disorder = entropy(probabilities)
    return Doubts(
        why=np.select(found, range(len(REASONS)), -1).astype(np.int64),
        asked=np.select(found, places, 0).astype(np.int64),
        loss=np.maximum(cross_entropy(probabilities, truth), disorder),
        entropy=disorder,
        margin=margin,
    )


def effect(probabilities: Floats, truth: Marks, need: Floats, weight: float) -> Floats:
    """Return how much more an event is worth for what it may do to the gates, 1 or more.

    Parameters
    ----------
    probabilities, truth
        ``(events, classes)``.
    need
        ``(classes,)``, 0 for a class that no gate lacks.
    weight
        Of a need of 1.
    """
    part = np.maximum(probabilities, truth)
    return np.asarray(1.0 + weight * (part * need).max(axis=1, initial=0.0))


def order_of(
    worth: Floats, space: Floats, count: int, diversity: float
) -> tuple[NDArray[np.int64], Floats]:
    """Return places in the order of the queue, and the diversity of each when it was chosen.

    Parameters
    ----------
    worth
        ``(n,)``: loss x effect.
    space
        ``(n, d)``: near points are alike.
    count
        How many to choose.
    diversity
        Exponent of the relative distance.
    """

    def score(distance: Floats | None) -> Floats:
        return worth if distance is None else worth * distance**diversity

    order, distance = chosen_apart(space, count, score)
    relative = np.ones(len(order))
    if len(order) > 1:
        from_first = np.linalg.norm(space - space[order[0]], axis=1).max()
        relative[1:] = distance[1:] / max(float(from_first), 1e-6)
    return order, relative**diversity


def queue(
    predictions: pd.DataFrame,
    needs: Needs,
    spec: QueueSpec,
    features: NDArray[np.floating[Any]] | None = None,
) -> pd.DataFrame:
    """Return the queue, best first: :data:`COLUMNS`.

    Parameters
    ----------
    predictions
        One row per event: ``sample_id``, ``session_id``, ``path``, ``onset_s``, ``true_classes``
        and ``probabilities`` by class in the taxonomy's order; where there is
        ``predicted_classes``, that is what was heard.
    needs
        By gate.
    spec
        What is queued, and weights.
    features
        ``(events, d)`` of what each event sounds like, such as its picture; None compares the
        probabilities. Session and time count beside them.
    """
    if not len(predictions):
        return pd.DataFrame(columns=list(COLUMNS))
    likely = np.stack([np.asarray(p, dtype=np.float64) for p in predictions["probabilities"]])
    if likely.shape[1] != len(CLASSES):
        raise ValueError(f"probabilities of {likely.shape[1]} classes; there are {len(CLASSES)}")
    truth = truth_of(predictions["true_classes"])
    found = doubts(likely, truth, spec)
    need = np.sum([np.zeros(len(CLASSES)), *needs.values()], axis=0)
    weight = effect(likely, truth, need, spec.gate_weight)
    worth = found.loss * weight
    # By name where the worth is equal, so that the order of the input decides nothing.
    ordered = np.lexsort((predictions["sample_id"].to_numpy(dtype=str), -worth))
    pool = ordered[found.why[ordered] >= 0][: spec.pool]
    if not len(pool):
        return pd.DataFrame(columns=list(COLUMNS))
    about = predictions.iloc[pool]
    space = space_of((likely if features is None else np.asarray(features, float))[pool], about)
    order, diversity = order_of(worth[pool], space, spec.count, spec.diversity)
    rows = pool[order]
    part = np.maximum(likely, truth)[rows]
    made = {
        "rank": np.arange(1, len(rows) + 1),
        "why": np.array(REASONS, dtype=object)[found.why[rows]],
        "asked": np.array(CLASSES, dtype=object)[found.asked[rows]],
        "score": worth[rows] * diversity,
        "loss": found.loss[rows],
        "entropy": found.entropy[rows],
        "margin": found.margin[rows],
        "diversity": diversity,
        "effect": weight[rows],
        "gates": _gates(part, needs),
        "true_classes": names_of(truth[rows]),
        "predicted_classes": (
            [list(predictions["predicted_classes"].iloc[row]) for row in rows]
            if "predicted_classes" in predictions
            else names_of(decide(likely[rows], spec.threshold))
        ),
        "probabilities": [row.tolist() for row in likely[rows]],
    }
    about = predictions.iloc[rows]
    made |= {name: about[name].to_numpy() for name in COLUMNS if name not in made}
    return pd.DataFrame(made, columns=list(COLUMNS))


def _gates(part: Floats, needs: Mapping[str, Floats]) -> list[list[str]]:
    """Return the gates that each clip may move: those that a class likely in it holds up."""
    names = list(needs)
    if not names:
        return [[] for _ in part]
    moved = np.stack([(part * need).max(axis=1) for need in needs.values()], axis=1) >= 0.1
    return [[names[place] for place in np.flatnonzero(row)] for row in moved]
