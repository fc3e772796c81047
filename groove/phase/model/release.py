"""A trained model as it is given to others: its file says what it is, and so does its ONNX file.

Everything that the ONNX file's card says lies in the safetensors file already: spec, figures, training,
licences. So the ONNX file can be made anew from it at any time, and says the same.

What belongs here: files that describe themselves. What does not: the card's form
(:mod:`groove.phase.model.card`), the graph (:mod:`groove.export.onnx`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from groove.core.digest import sha256
from groove.core.models import ModelError, pack, unpack
from groove.phase.model.card import card, with_card
from groove.phase.model.registry import PhaseModel, load
from groove.phase.spec import NetworkSpec, PointerSpec

#: What a file may say of itself besides stage and spec.
_ABOUT = ("model_id", "figures", "training", "licenses", "notes")


def described(data: bytes, **about: Any) -> bytes:
    """Return a model file that says more of itself; what it said before stays unless said anew.

    Parameters
    ----------
    data
        A model file (safetensors).
    about
        ``figures`` (held-out ones by name), ``training`` (how it was trained), ``licenses`` (of what
        it was trained on), ``notes``, ``model_id``; all JSON-able.

    Raises
    ------
    ModelError
        If it is no such file, or something else is to be said.
    """
    if unknown := sorted(set(about) - set(_ABOUT)):
        raise ModelError(f"a model file says nothing of {', '.join(unknown)}")
    model, held = load(data), unpack(data)[1]
    # Named by its weights as they were trained: what is said of a model makes no other one of it.
    held.setdefault("model_id", sha256(data)[:16])
    return pack(model.network, {**held, **about})


def with_filter(data: bytes, settings: Mapping[str, Any]) -> bytes:
    """Return a model file with other settings of its filter, such as a confidence chosen anew.

    Raises
    ------
    ModelError
        If they are no settings of the filter, or the filter has no such values.
    """
    if unknown := sorted(set(settings) - set(PointerSpec.model_fields)):
        raise ModelError(f"no settings of the filter: {', '.join(unknown)}")
    model, held = load(data), unpack(data)[1]
    changed = pack(model.network, {**held, "spec": {**held["spec"], **settings}})
    load(changed)
    return changed


def exported(data: bytes) -> bytes:
    """Return the streaming step of a model file as ONNX, with all that the file says on its card.

    Raises
    ------
    ModelError
        If it is no such file.
    """
    from groove.export.onnx import export
    from groove.phase.model.streaming import step_case

    model = load(data)
    return with_card(export(step_case(model)), card_of_file(data, model))


def card_of_file(data: bytes, model: PhaseModel) -> dict[str, Any]:
    """Return the card that belongs to a model file."""
    held = unpack(data)[1]
    about = {name: held[name] for name in _ABOUT if name in held}
    return card(model.spec, **{"model_id": sha256(data)[:16], **about})


def training_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a model was trained, from its row of ``phase_model``."""
    settings = json.loads(row["spec_json"])
    return {
        "settings": {k: v for k, v in settings.items() if k not in NetworkSpec.model_fields},
        "epochs": len(json.loads(row["history_json"])),
        "groups_of_songs": row["train_groups"],
        "groups_held_out": row["test_groups"],
        "inputs": json.loads(row["inputs_json"]),
    }
