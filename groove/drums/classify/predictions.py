"""Predictions: what the classifier says about every event of the test split, and about no drum.

The last rows are of sounds that are no drum (origin ``other``), of families that training never
met: their ``true_classes`` are empty, and ``known`` should be false.

What belongs here: rows of ``drum_predictions``. What does not: figures over them
(:mod:`groove.drums.quality`), which are computed from this table alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.digest import digest, sha256
from groove.core.splits import TEST
from groove.core.store import Store
from groove.midi.taxonomy import CLASSES

VERSION = "2"

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
    from groove.drums.classify import metrics, model, negatives
    from groove.drums.corpus import loading

    row = drum_classifier.iloc[0]
    classifier = model.from_bytes(store.read(row["blob"]))
    test = loading.load(drum_events, drum_clips, store).of_split(TEST)
    strange = negatives.material(TEST, negatives.TESTED, classifier.clip, negatives.TESTED)
    about = [
        *({name: event[name] for name in _CARRIED} for event in test.events.to_dict("records")),
        *_others(negatives.names(TEST, len(strange)), strange.pictures, classifier.clip.pre_s),
    ]
    truth = np.concatenate([test.truth, strange.truth])
    likely = classifier.probabilities(np.concatenate([test.pictures, strange.pictures]))
    heard, known = classifier.heard(likely), classifier.known(likely)
    loss = metrics.cross_entropy(likely, truth)
    for place, carried in enumerate(about):
        best = int(np.argmax(likely[place]))
        yield {
            **carried,
            "true_classes": loading.names_of(truth[place : place + 1])[0],
            "predicted_classes": loading.names_of(heard[place : place + 1])[0],
            "probabilities": likely[place].tolist(),
            "confidence": float(likely[place, best]),
            "likeliest": CLASSES[best],
            "likeliest_is_true": bool(truth[place, best]),
            "known": bool(known[place]),
            "correct": bool((heard[place] == truth[place]).all()),
            "loss": float(loss[place]),
            "model_id": row["model_id"],
        }


def _others(
    families: list[str], seen: NDArray[np.float16], onset_s: float
) -> Iterator[dict[str, Any]]:
    """Yield what is known of each sound that is no drum."""
    for place, family in enumerate(families):
        name = f"other/{family}/{place}"
        yield {
            "sample_id": digest(name)[:16],
            "session_id": name,
            "kit_id": f"no drum: {family}",
            "origin": "other",
            "path": name,
            "sha256": sha256(seen[place].tobytes()),
            "source": "computed" if family != "notes" else "TimGM6mb",
            "license": "CC0-1.0" if family != "notes" else "GPL-2.0",
            "onset_s": onset_s,
            "unseen_kit": True,
            "split_group": name,
            "split": TEST,
        }
