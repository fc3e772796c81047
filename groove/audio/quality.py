"""Gates of the audio index tables.

What belongs here: verdicts on ``track_index`` and ``hit_index``. What does not: those that all
indices share (:mod:`groove.core.index_gates`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from groove.core import index_gates
from groove.core.gates import Gate
from groove.core.inputs import originals
from groove.core.splits import TEST, TRAIN


def track_content_on_two_sides(track_index: pd.DataFrame) -> Gate:
    """No track's content or group is on two sides of the split."""
    return index_gates.content_crossing(track_index, "track_index")


def track_split_groups(track_index: pd.DataFrame) -> Gate:
    """Tracks fill training, validation and test."""
    return index_gates.split_groups(track_index, "track_index")


def track_originals(track_index: pd.DataFrame) -> Gate:
    """Most tracks are not copies of another one."""
    return index_gates.originals_share(track_index, "track_index")


def track_licenses_known(track_index: pd.DataFrame) -> Gate:
    """Nearly every track names its licence."""
    return index_gates.known_licenses(track_index, "track_index")


def hit_content_on_two_sides(hit_index: pd.DataFrame) -> Gate:
    """No one-shot's content or kit is on two sides of the split."""
    return index_gates.content_crossing(hit_index, "hit_index")


def hit_split_groups(hit_index: pd.DataFrame) -> Gate:
    """Kits fill training, validation and test."""
    return index_gates.split_groups(hit_index, "hit_index")


def hit_originals(hit_index: pd.DataFrame) -> Gate:
    """Most one-shots are not copies of another one."""
    return index_gates.originals_share(hit_index, "hit_index")


def hit_licenses_known(hit_index: pd.DataFrame) -> Gate:
    """Nearly every one-shot names its licence."""
    return index_gates.known_licenses(hit_index, "hit_index")


def hit_classes_on_both_sides(hit_index: pd.DataFrame) -> Gate:
    """Classes that can be trained and tested: a class with no kit in test is not measured."""
    kept = originals(hit_index)
    sides = [set(kept.loc[kept["split"] == side, "drum_class"]) for side in (TRAIN, TEST)]
    return Gate(
        name="hit_index_classes_on_both_sides",
        stage="hit_index",
        value=float(len(sides[0] & sides[1])) if len(kept) else None,
        threshold=6,
        direction="at_least",
        unit="classes",
        count=len(kept),
        note=f"only in training: {', '.join(sorted(sides[0] - sides[1])) or 'none'}",
    )


GATES: Mapping[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "track_index": (
        track_content_on_two_sides,
        track_split_groups,
        track_originals,
        track_licenses_known,
    ),
    "hit_index": (
        hit_content_on_two_sides,
        hit_split_groups,
        hit_originals,
        hit_licenses_known,
        hit_classes_on_both_sides,
    ),
}
