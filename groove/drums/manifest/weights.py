"""Sampling weights by session: long sessions do not drown short ones.

The weight of each event of a session is ``(events + smoothing) ** -power``, kept within bounds.
An event is drawn with a chance in proportion to it, so that at power ½ a session with four times
the events is drawn twice as often, not four times.

What belongs here: the weights and their file. What does not: drawing (the trainer).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.columns import KEY
from groove.core.store import Store
from groove.core.tables import Column, Table
from groove.drums.manifest.spec import WeightSpec

VERSION = "1"
_SCHEMA = 1

DRUM_SESSION_WEIGHTS = Table(
    "drum_session_weights",
    "How often the events of a session are drawn in training",
    (
        KEY,
        Column("session_id", "string", "What was played in one go"),
        Column("events", "int", "Events of the session", at_least=1),
        Column("weight", "float", "Weight of each of its events", at_least=0),
    ),
    unique=("session_id",),
)


class WeightError(ValueError):
    """Weights that cannot be used; the message says why."""


def weights_of(
    events: pd.DataFrame | Mapping[str, int] | Iterable[str], spec: WeightSpec | None = None
) -> dict[str, float]:
    """Return the weight of each session, by name.

    Parameters
    ----------
    events
        A table with ``session_id``, counts by session, or the session of each event.
    spec
        Smoothing, power and bounds.

    Raises
    ------
    WeightError
        If the bounds are the wrong way round.

    >>> weights_of({"long": 9999, "short": 8, "one": 1})
    {'long': 0.05, 'one': 0.5, 'short': 0.3333333333333333}
    """
    spec = spec or WeightSpec()
    if spec.lowest > spec.highest:
        raise WeightError(f"lowest weight {spec.lowest:g} is above the highest {spec.highest:g}")
    counts = _counts(events)
    return {name: _weight(counts[name], spec) for name in sorted(counts) if counts[name] > 0}


def event_chances(
    sessions: Iterable[str], weights: Mapping[str, float], missing: float | None = None
) -> NDArray[np.float64]:
    """Return each event's chance to be drawn, in order; they sum to 1.

    Parameters
    ----------
    sessions
        The session of each event.
    weights
        As :func:`weights_of` returns them.
    missing
        Weight of a session that has none; None refuses it.

    Raises
    ------
    WeightError
        If a session has no weight, or there is no event.
    """
    listed = [weights.get(name, missing) for name in sessions]
    if None in listed:
        raise WeightError("a session has no weight: derive the weights from this manifest")
    chances = np.array(listed, dtype=np.float64)
    if not len(chances) or not chances.sum() > 0:
        raise WeightError("no event has a weight")
    return np.asarray(chances / chances.sum())


def to_json(counts: Mapping[str, int], spec: WeightSpec | None = None) -> str:
    """Return the weights as the file that a trainer reads.

    ``weights`` is session to weight; ``events`` session to count; ``spec`` how they came about.
    """
    spec = spec or WeightSpec()
    weights = weights_of(counts, spec)
    content = {
        "schema": _SCHEMA,
        "spec": spec.model_dump(mode="json"),
        "sessions": len(weights),
        "counted_events": sum(counts[name] for name in weights),
        "weights": weights,
        "events": {name: counts[name] for name in weights},
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> dict[str, float]:
    """Return the weights of such a file.

    Raises
    ------
    WeightError
        If it is none.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WeightError(f"no file of weights: {error}") from error
    if not isinstance(content, dict) or content.get("schema") != _SCHEMA:
        raise WeightError(f"no file of weights of schema {_SCHEMA}")
    weights = content.get("weights")
    if not isinstance(weights, dict) or not all(map(_is_weight, weights.values())):
        raise WeightError("weights must be session names with positive numbers")
    return {name: float(value) for name, value in weights.items()}


def rows_of(
    drum_events: pd.DataFrame,
    spec: WeightSpec,
    store: Store,  # noqa: ARG001  # every whole-table function is handed one
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``drum_session_weights``, by name of the session."""
    counts = _counts(drum_events)
    for name, weight in weights_of(counts, spec).items():
        yield {"session_id": name, "events": counts[name], "weight": weight}


def shares(drum_session_weights: pd.DataFrame) -> pd.DataFrame:
    """Return the table with each session's share of the events and of what is drawn, largest first.

    Columns ``events_share`` and ``drawn_share`` sum to 1.
    """
    drawn = drum_session_weights["events"] * drum_session_weights["weight"]
    found = drum_session_weights.drop(columns="key").assign(
        events_share=drum_session_weights["events"] / drum_session_weights["events"].sum(),
        drawn_share=drawn / drawn.sum(),
    )
    return found.sort_values("drawn_share", ascending=False, kind="stable", ignore_index=True)


def summary(drum_session_weights: pd.DataFrame) -> dict[str, float]:
    """Return how many sessions there are, and how many equal ones training effectively draws from.

    The effective number is the inverse of the sum of squared shares (Kish 1965), without and with
    the weights.
    """
    found = shares(drum_session_weights)
    return {
        "sessions": len(found),
        "effective_sessions_unweighted": _effective(found["events_share"]),
        "effective_sessions": _effective(found["drawn_share"]),
        "largest_drawn_share": float(found["drawn_share"].max()) if len(found) else 0.0,
    }


def _effective(share: pd.Series) -> float:
    squares = float(np.square(share.to_numpy(dtype=np.float64)).sum())
    return 1.0 / squares if squares else 0.0


def _is_weight(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0


def _weight(count: int, spec: WeightSpec) -> float:
    return float(min(max((count + spec.smoothing) ** -spec.power, spec.lowest), spec.highest))


def _counts(events: pd.DataFrame | Mapping[str, int] | Iterable[str]) -> dict[str, int]:
    if isinstance(events, pd.DataFrame):
        found = events["session_id"].value_counts()
        return {str(name): int(count) for name, count in found.items()}
    return dict(events) if isinstance(events, Mapping) else dict(Counter(events))
