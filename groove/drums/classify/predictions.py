"""Predictions: what the classifier says about every event of the test split.

What belongs here: rows of ``drum_predictions``. What does not: figures over them
(:mod:`groove.drums.quality`), which are computed from this table alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from groove.core.splits import TEST
from groove.core.store import Store
from groove.midi.taxonomy import CLASSES

VERSION = "1"

_CARRIED = (
    "sample_id", "session_id", "kit_id", "origin", "path", "sha256", "source", "license",
    "onset_s", "unseen_kit", "split_group", "split",
)  # fmt: skip


def predict(
    drum_events: pd.DataFrame,
    drum_clips: pd.DataFrame,
    drum_classifier: pd.DataFrame,
    spec: None,  # noqa: ARG001  # the model carries its settings
    store: Store,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``drum_predictions``, in the order of the events.

    Raises
    ------
    groove.drums.corpus.loading.CorpusError
        If there are no usable events.
    groove.core.models.ModelError
        If the model is not a drum classifier.
    """
    from groove.drums.classify import metrics, model
    from groove.drums.corpus import loading

    classifier = model.from_bytes(store.read(drum_classifier.iloc[0]["blob"]))
    test = loading.load(drum_events, drum_clips, store).of_split(TEST)
    likely = classifier.probabilities(test.pictures)
    heard = metrics.decide(likely, classifier.threshold)
    loss = metrics.cross_entropy(likely, test.truth)
    for place, event in enumerate(test.events.to_dict(orient="records")):
        best = int(np.argmax(likely[place]))
        yield {
            **{name: event[name] for name in _CARRIED},
            "true_classes": loading.names_of(test.truth[place : place + 1])[0],
            "predicted_classes": loading.names_of(heard[place : place + 1])[0],
            "probabilities": likely[place].tolist(),
            "confidence": float(likely[place, best]),
            "likeliest": CLASSES[best],
            "likeliest_is_true": bool(test.truth[place, best]),
            "correct": bool((heard[place] == test.truth[place]).all()),
            "loss": float(loss[place]),
            "model_id": drum_classifier.iloc[0]["model_id"],
        }
