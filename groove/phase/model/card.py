"""The card inside a model's ONNX file: what it is, what it was trained on, what it reaches.

What belongs here: reading and writing the card, as JSON in the file's own metadata. What does not:
running the file (:mod:`groove.phase.play.stepfile`), for which this needs no torch, writing graphs (:mod:`groove.export.onnx`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from groove.core.models import ModelError
from groove.phase.labels import DELAY, FRAME_RATE_HZ
from groove.phase.spec import NetworkSpec

STAGE = "phase_model"
"""What trains these models, and what their files say that they are of."""
_NAME = "groove"
_MOST_CHARACTERS = 1_000_000


def card(
    spec: NetworkSpec,
    *,
    model_id: str = "",
    figures: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    licenses: str = "",
    notes: str = "",
) -> dict[str, Any]:
    """Return the card of a model.

    Parameters
    ----------
    spec
        Everything that decides the graph.
    model_id
        Beginning of the hash of its weights.
    figures
        Held-out figures by name.
    training
        How it was trained: settings, epochs, and tables by their digests.
    licenses
        Of what it was trained on.
    notes
        Anything that a user should know.
    """
    return {
        "stage": STAGE,
        "network": spec.network,
        "spec": {name: getattr(spec, name) for name in NetworkSpec.model_fields},
        "delay_s": DELAY / FRAME_RATE_HZ,
        "meters": list(spec.meters),
        "model_id": model_id,
        "figures": dict(figures or {}),
        "training": dict(training or {}),
        "licenses": licenses,
        "notes": notes,
    }


def with_card(data: bytes, held: Mapping[str, Any]) -> bytes:
    """Return an ONNX file with the card in it."""
    import onnx

    proto = onnx.load_model_from_string(data)
    del proto.metadata_props[:]
    proto.metadata_props.add(key=_NAME, value=json.dumps(held, sort_keys=True))
    return bytes(proto.SerializeToString(deterministic=True))


def card_of(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return the card of a file's metadata, as onnxruntime gives it.

    Raises
    ------
    ModelError
        If there is none, or it is that of another kind of model.
    """
    text = metadata.get(_NAME, "")
    if not text or len(text) > _MOST_CHARACTERS:
        raise ModelError("an ONNX file without the card of a bar-phase model")
    try:
        held = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError("its card is not JSON") from error
    if not isinstance(held, dict) or held.get("stage") != STAGE:
        raise ModelError(f"the card of something else, not of a {STAGE}")
    return held
