"""Hard negatives: what a model was sure of and wrong about, the worst first and no two alike.

A candidate is a class that was predicted with confidence and not struck. Its loss is what it costs
the model, ``-log(1 - confidence)``. Of each class the costliest comes first; each next one is the
candidate with the best mix of loss and distance from all chosen before (farthest-point order,
Gonzalez 1985), so that a hundred takes of one mistake do not crowd out the others.

What belongs here: choosing. What does not: predicting, what a reviewer sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.columns import KEY
from groove.core.store import Store
from groove.core.tables import Column, Table
from groove.drums.manifest.spec import NegativeSpec
from groove.midi.taxonomy import CLASSES

VERSION = "1"

Floats = NDArray[np.float64]

DRUM_HARD_NEGATIVES = Table(
    "drum_hard_negatives",
    "A class that was predicted with confidence and not struck, worth a look",
    (
        KEY,
        Column("rank", "int", "Place among the negatives of its class, 1 first", at_least=1),
        Column("predicted", "string", "Class that was heard and not struck", one_of=CLASSES),
        Column("sample_id", "string", "Event, or place in the audio"),
        Column("session_id", "string", "What was played in one go"),
        Column("path", "string", "Audio file"),
        Column("onset_s", "float", "Time in it, s", at_least=0),
        Column("true_classes", "strings", "What was struck", one_of=CLASSES),
        Column("confidence", "float", "In the wrong class", at_least=0, at_most=1),
        Column("loss", "float", "What it costs the model, nats", at_least=0),
        Column("novelty", "float", "Distance to the nearest negative ranked before", at_least=0),
    ),
    unique=("sample_id", "predicted"),
)

_LEAST = 1e-6
#: How much another session counts beside features of unit scale; the time (s) in a file that
#: counts half as much.
_SESSION_DISTANCE = 1.0
_TIME_S = 60.0


def candidates(predictions: pd.DataFrame, spec: NegativeSpec) -> pd.DataFrame:
    """Return every confident mistake: one row per event and wrong class.

    Parameters
    ----------
    predictions
        One row per event: ``sample_id``, ``session_id``, ``path``, ``onset_s``,
        ``true_classes`` and ``probabilities`` by class in the taxonomy's order (as in
        ``drum_predictions``).
    spec
        Least confidence.
    """
    columns = ["predicted", "sample_id", "session_id", "path", "onset_s", "true_classes",
               "confidence", "loss", "row"]  # fmt: skip
    if not len(predictions):
        return pd.DataFrame(columns=columns)
    likely = np.stack([np.asarray(p, dtype=np.float64) for p in predictions["probabilities"]])
    if likely.shape[1] != len(CLASSES):
        raise ValueError(f"probabilities of {likely.shape[1]} classes; there are {len(CLASSES)}")
    true = np.array([[name in found for name in CLASSES] for found in predictions["true_classes"]])
    row, klass = np.nonzero((likely >= spec.confidence) & ~true)
    confidence = np.clip(likely[row, klass], 0.0, 1.0)
    about = predictions[["sample_id", "session_id", "path", "onset_s", "true_classes"]]
    found = about.iloc[row].reset_index(drop=True)
    found.insert(0, "predicted", np.array(CLASSES, dtype=object)[klass])
    found["confidence"] = confidence
    found["loss"] = -np.log(np.maximum(1.0 - confidence, _LEAST))
    found["row"] = row
    return found[columns]


def hard_negatives(
    predictions: pd.DataFrame,
    spec: NegativeSpec | None = None,
    features: NDArray[np.floating[Any]] | None = None,
) -> pd.DataFrame:
    """Return the hard negatives of each class, ranked, at most ``per_label`` of each.

    Parameters
    ----------
    predictions
        As in :func:`candidates`.
    spec
        Confidence, caps, and loss against diversity.
    features
        ``(events, d)`` of what each event sounds like; None compares the probabilities of all
        classes. Session and time count beside them.
    """
    spec = spec or NegativeSpec()
    found = candidates(predictions, spec)
    if features is None and len(found):
        features = np.stack([np.asarray(p, dtype=np.float64) for p in predictions["probabilities"]])
    parts = []
    for name in CLASSES:
        part = found[found["predicted"] == name]
        # A stable order, so that equal losses rank alike on every run.
        part = part.sort_values(["loss", "sample_id"], ascending=[False, True], kind="stable")
        part = part.head(spec.pool).reset_index(drop=True)
        if features is None or not len(part):
            continue
        space = space_of(np.asarray(features, dtype=np.float64)[part["row"].to_numpy()], part)
        order, novelty = ranked(part["loss"].to_numpy(), space, spec.per_label, spec.diversity)
        chosen = part.iloc[order].reset_index(drop=True)
        parts.append(chosen.assign(rank=np.arange(1, len(order) + 1), novelty=novelty))
    columns = DRUM_HARD_NEGATIVES.names[1:]
    if not parts:
        return DRUM_HARD_NEGATIVES.empty()[columns]
    return pd.concat(parts, ignore_index=True)[columns]


def ranked(
    loss: Floats, space: Floats, at_most: int, diversity: float
) -> tuple[NDArray[np.int64], Floats]:
    """Return places in the order of choice, and each one's distance to those before.

    The first is of the greatest loss. Each next one has the greatest
    ``(1 - diversity) * loss / greatest loss + diversity * distance / greatest distance``.

    Parameters
    ----------
    loss
        ``(n,)``, 0 or more.
    space
        ``(n, d)``: near points are alike.
    at_most
        How many to choose.
    diversity
        0..1.
    """
    share = loss / max(float(loss.max(initial=0.0)), _LEAST)

    def score(distance: Floats | None) -> Floats:
        return share if distance is None else (1 - diversity) * share + diversity * distance

    return chosen_apart(space, at_most, score)


def chosen_apart(
    space: Floats, at_most: int, score: Callable[[Floats | None], Floats]
) -> tuple[NDArray[np.int64], Floats]:
    """Return places in the order of choice, and each one's distance to those before.

    Parameters
    ----------
    space
        ``(n, d)``: near points are alike.
    at_most
        How many to choose.
    score
        The scores ``(n,)`` of a turn, the greatest of which is chosen, by the distance of each
        point to the nearest one chosen before, as a share of the greatest distance to the first;
        None is the first turn.
    """
    count = min(at_most, len(space))
    nearest = np.full(len(space), np.inf)
    free = np.ones(len(space), dtype=bool)
    order, novelty = np.empty(count, dtype=np.int64), np.zeros(count)
    scale = 1.0
    for turn in range(count):
        scores = score(nearest / scale if turn else None)
        chosen = int(np.argmax(np.where(free, scores, -np.inf)))
        order[turn] = chosen
        novelty[turn] = nearest[chosen] if turn else 0.0
        free[chosen] = False
        np.minimum(nearest, np.linalg.norm(space - space[chosen], axis=1), out=nearest)
        if turn == 0:
            scale = max(float(nearest.max()), _LEAST)
    return order, novelty


def rows_of(
    drum_predictions: pd.DataFrame,
    spec: NegativeSpec,
    store: Store,  # noqa: ARG001  # every whole-table function is handed one
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``drum_hard_negatives``."""
    for row in hard_negatives(drum_predictions, spec).to_dict(orient="records"):
        yield {str(name): value for name, value in row.items()}


def confusions(drum_hard_negatives: pd.DataFrame) -> pd.DataFrame:
    """Return how often what was struck (row) was taken for what was not (column)."""
    long = drum_hard_negatives.explode("true_classes")
    struck = long["true_classes"].fillna("nothing known").astype(str)
    return pd.crosstab(struck.rename("struck"), long["predicted"].rename("heard"))


def matched(
    predicted: Sequence[Mapping[str, Any]], truth: pd.DataFrame, window_s: float
) -> pd.DataFrame:
    """Return predictions as the rows that :func:`candidates` takes, with what was struck there.

    Parameters
    ----------
    predicted
        ``probabilities`` (class to probability), and either ``sample_id`` of an event, or
        ``audio_path`` and ``onset_s``.
    truth
        A manifest table. At an onset, everything struck within ``window_s`` of it counts.
    window_s
        Tolerance, s.

    Raises
    ------
    ValueError
        If a prediction is of an event that the manifest does not have.
    """
    by_id = {name: place for place, name in enumerate(truth["sample_id"].tolist())}
    by_file = {
        path: (rows["onset_s"].to_numpy(dtype=np.float64), rows)
        for path, rows in truth.sort_values("onset_s", kind="stable").groupby("audio_path")
    }
    rows = []
    for number, one in enumerate(predicted, 1):
        likely = one["probabilities"]
        name = one.get("sample_id")
        if name in by_id:
            event = truth.iloc[by_id[name]]
            path, onset, session = event["audio_path"], event["onset_s"], event["session_id"]
        elif one.get("audio_path") is not None and one.get("onset_s") is not None:
            path, onset, session = one["audio_path"], one["onset_s"], one["audio_path"]
            name = name or f"{path}@{onset:.4f}"
        else:
            raise ValueError(f"prediction {number}: {name!r} is no event of the manifest")
        struck: set[str] = set()
        if path in by_file:
            times, there = by_file[path]
            first = int(np.searchsorted(times, onset - window_s, side="left"))
            near = there.iloc[first : int(np.searchsorted(times, onset + window_s, side="right"))]
            struck = {k for classes in near["classes"] for k in classes}
            session = near["session_id"].iloc[0] if len(near) else there["session_id"].iloc[0]
        rows.append(
            {
                "sample_id": name,
                "session_id": session,
                "path": path,
                "onset_s": float(onset),
                "true_classes": [klass for klass in CLASSES if klass in struck],
                "probabilities": [float(likely.get(klass, 0.0)) for klass in CLASSES],
            }
        )
    return pd.DataFrame(rows)


def space_of(features: Floats, part: pd.DataFrame) -> Floats:
    """Return features of unit scale, with the session and the time in it as further axes.

    Parameters
    ----------
    features
        ``(n, d)`` of what each event sounds like.
    part
        The same events: ``session_id`` and ``onset_s``.
    """
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > _LEAST, spread, 1.0)
    scaled /= np.sqrt(max(features.shape[1], 1))
    codes = pd.factorize(part["session_id"])[0]
    # Sessions as corners of a simplex are all alike far apart; a random sign code of few axes is
    # near enough to that, and needs no axis for each of thousands.
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(int(codes.max()) + 1, 16))
    session = signs[codes] * (_SESSION_DISTANCE / np.sqrt(32))
    onset = part["onset_s"].to_numpy(dtype=np.float64)[:, None]
    return np.asarray(np.hstack([scaled, session, onset / (onset + _TIME_S)]))
