"""Training the loop rankers, and measuring them on tracks they have not seen.

A track gives one list, so a held-out tenth of a small collection is one or two lists: too few
to tell a ranker from luck. The headline is therefore *cross-fitted*: groups of tracks are
dealt into folds; each fold's lists are scored by a model that saw them neither in training
nor in early stopping (the next fold stops it), so every list is held out exactly once. The
model that is kept is trained on the split's training groups and stopped by its validation
groups, like every other model of the house; its own figure on the test groups is
``split_test_ndcg``.

What belongs here: ``loop_ranker``. What does not: the models (:mod:`groove.loops.rankers`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.digest import digest, table_digest
from groove.core.models import Headline, model_row
from groove.core.splits import TEST, TRAIN, VALIDATION
from groove.core.store import Store
from groove.core.tracking import Tracker
from groove.loops.metrics import figures, grades, mean_random_ndcg
from groove.loops.rankers import Lists, inputs_of, score, train_torch, train_xgboost
from groove.loops.spec import RankerSpec
from groove.loops.tables import LOOP_FEATURES, LOOP_LABELS

VERSION = "1"

_TRAINERS = {"xgboost": (train_xgboost, ".json"), "torch": (train_torch, ".safetensors")}
_FILES = {"xgboost": "model.json", "torch": "model.safetensors"}
_IDENTITY = ["path", "start_bar", "bars"]

Floats = NDArray[np.float64]


class RankerError(ValueError):
    """The tables do not suffice to train a ranker. The message says what is missing."""


def lists_of(joined: pd.DataFrame) -> Lists:
    """Return the ranking data of features joined with labels, in row order."""
    track = pd.factorize(joined["path"], sort=True)[0].astype(np.int64)
    features = np.stack([np.asarray(row, dtype=np.float32) for row in joined["features"]])
    bars = joined["bars"].to_numpy(dtype=np.int64)
    inputs = np.zeros((len(joined), features.shape[1] + 1), dtype=np.float32)
    for number in np.unique(track):
        rows = np.flatnonzero(track == number)
        inputs[rows] = inputs_of(features[rows], bars[rows])
    weight = joined["weight"].to_numpy(dtype=np.float64)
    return Lists(inputs, weight, grades(weight), track)


def folds_of(groups: list[str], count: int, seed: int) -> dict[str, int]:
    """Return the fold of each group, dealt in an order that only names and seed decide."""
    names = sorted(set(groups), key=lambda name: digest("loop_ranker", seed, name))
    return {name: place % min(count, len(names)) for place, name in enumerate(names)}


def ranker_of(
    loop_features: pd.DataFrame,
    loop_labels: pd.DataFrame,
    spec: RankerSpec,
    store: Store,
    tracker: Tracker,
) -> Iterator[dict[str, Any]]:
    """Yield the ``loop_ranker`` rows: one per kind of model.

    Raises
    ------
    RankerError
        If there are fewer than three groups, or a side of the split is empty.
    """
    wanted = [*_IDENTITY, "weight"]
    joined = loop_features.merge(
        loop_labels[wanted], on=_IDENTITY, how="inner", validate="one_to_one"
    )
    groups = joined["split_group"].tolist()
    split = joined["split"].to_numpy(dtype=object)
    if len(set(groups)) < 3 or not all((split == side).any() for side in (TRAIN, VALIDATION)):
        raise RankerError(
            f"{len(set(groups))} groups of tracks: at least 3 are needed, with some to train on "
            "and some to stop by: add tracks"
        )
    lists = lists_of(joined)
    baselines = _baselines(joined, lists, spec.top)
    inputs = {
        "loop_features": table_digest(loop_features, LOOP_FEATURES),
        "loop_labels": table_digest(loop_labels, LOOP_LABELS),
    }
    fold_of = folds_of(groups, spec.folds, spec.seed)
    fold = np.array([fold_of[group] for group in groups])
    for kind, (trainer, suffix) in _TRAINERS.items():
        started = time.monotonic()
        with tracker.run("loop_ranker", {"ranker": kind, **spec.model_dump()}, inputs) as run:
            data, history = trainer(
                lists.where(split == TRAIN), lists.where(split == VALIDATION), spec, run
            )
            found = _measured(kind, lists, split, fold, data, spec)
            metrics = {**found, **baselines}
            final = {name: value for name, value in metrics.items() if np.isfinite(value)}
            run.log(final, step=int(history[-1]["epoch"]))
            run.model(f"loop_ranker_{kind}", {_FILES[kind]: data})
            run_id = run.id
        baseline = max(("random_ndcg", "loudest_ndcg"), key=lambda name: baselines[name])
        yield {
            **model_row(
                spec=spec.model_dump(),
                headline=Headline(
                    "cross_fitted_ndcg",
                    metrics["cross_fitted_ndcg"],
                    baseline,
                    baselines[baseline],
                    True,
                ),
                metrics=final,
                history=history,
                data=data,
                blob=store.write(data, suffix),
                groups=(joined.loc[split == TRAIN, "split_group"].nunique(), len(set(groups))),
                inputs=inputs,
                licenses=sorted(set(joined["license"])),
                run_id=run_id,
                train_seconds=time.monotonic() - started,
            ),
            "ranker": kind,
        }


def _measured(
    kind: str,
    lists: Lists,
    split: NDArray[np.object_],
    fold: NDArray[np.int64],
    data: bytes,
    spec: RankerSpec,
) -> dict[str, float]:
    """Return the cross-fitted figures, and the kept model's own on validation and test."""
    trainer, _ = _TRAINERS[kind]
    held_out = np.zeros(len(fold))
    count = int(fold.max()) + 1
    for number in range(count):
        test, stop = fold == number, fold == (number + 1) % count
        model, _ = trainer(lists.where(~test & ~stop), lists.where(stop), spec)
        held_out[test] = score(model, lists.inputs[test])
    found = figures(held_out, lists.grade, lists.track, spec.top)
    result = {f"cross_fitted_{name}": value for name, value in found.items()}
    for side, name in ((VALIDATION, "validation_ndcg"), (TEST, "split_test_ndcg")):
        part = lists.where(split == side)
        if len(part.track):
            own = figures(score(data, part.inputs), part.grade, part.track, spec.top)
            result[name] = own["ndcg"]
    return result


def _baselines(joined: pd.DataFrame, lists: Lists, top: int) -> dict[str, float]:
    """Return the NDCG of orders that need no training, over all lists."""
    orders: Mapping[str, Floats] = {
        "loudest": joined["rms"].to_numpy(dtype=np.float64),
        "shortest": -joined["bars"].to_numpy(dtype=np.float64),
        "seam": joined["seam"].to_numpy(dtype=np.float64),
    }
    found = {
        f"{name}_ndcg": figures(values, lists.grade, lists.track, top)["ndcg"]
        for name, values in orders.items()
    }
    return {"random_ndcg": mean_random_ndcg(lists.grade, lists.track, top), **found}


def best_ranker(loop_ranker: pd.DataFrame, wanted: str) -> pd.Series:
    """Return the row of the ranker to use; ``best`` is by validation, never by test figures.

    Raises
    ------
    RankerError
        If the table has no such ranker.
    """
    import json

    rows = loop_ranker if wanted == "best" else loop_ranker[loop_ranker["ranker"] == wanted]
    if not len(rows):
        raise RankerError(f"no trained ranker {wanted!r}")
    values = [json.loads(text).get("validation_ndcg", -1.0) for text in rows["metrics_json"]]
    return rows.iloc[int(np.argmax(values))]
