"""Gates of the MIDI index tables.

What belongs here: verdicts on ``song_index`` and ``loop_index``. What does not: those that all
indices share (:mod:`groove.core.index_gates`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from groove.core import index_gates
from groove.core.gates import Gate


def song_content_on_two_sides(song_index: pd.DataFrame) -> Gate:
    """No song's content or group is on two sides of the split."""
    return index_gates.content_crossing(song_index, "song_index")


def song_split_groups(song_index: pd.DataFrame) -> Gate:
    """Songs fill training, validation and test."""
    return index_gates.split_groups(song_index, "song_index")


def song_originals(song_index: pd.DataFrame) -> Gate:
    """Most songs are not copies of another one."""
    return index_gates.originals_share(song_index, "song_index")


def song_licenses_known(song_index: pd.DataFrame) -> Gate:
    """Nearly every song names its licence."""
    return index_gates.known_licenses(song_index, "song_index")


def loop_content_on_two_sides(loop_index: pd.DataFrame) -> Gate:
    """No loop's content or group is on two sides of the split."""
    return index_gates.content_crossing(loop_index, "loop_index")


def loop_split_groups(loop_index: pd.DataFrame) -> Gate:
    """Loops fill training, validation and test."""
    return index_gates.split_groups(loop_index, "loop_index")


def loop_originals(loop_index: pd.DataFrame) -> Gate:
    """Most loops are not copies of another one."""
    return index_gates.originals_share(loop_index, "loop_index")


def loop_licenses_known(loop_index: pd.DataFrame) -> Gate:
    """Nearly every loop names its licence."""
    return index_gates.known_licenses(loop_index, "loop_index")


def loop_drums_kept(loop_index: pd.DataFrame) -> Gate:
    """Most loops with drums pass the length filters: else the filters or the folder are wrong."""
    drums = loop_index[loop_index["drum"].astype(bool)]
    return Gate(
        name="loop_index_drums_kept",
        stage="loop_index",
        value=float(drums["keep_drum"].mean()) if len(drums) else None,
        threshold=0.5,
        direction="at_least",
        count=len(drums),
        note="" if len(drums) else "no loop has drums on MIDI channel 10",
    )


def loop_tempo_stated(loop_index: pd.DataFrame) -> Gate:
    """Most loops state a usable tempo: the fallback is for the odd one out."""
    stated = ~loop_index["tempo_source"].isin(["fallback", "skipped"])
    return Gate(
        name="loop_index_tempo_stated",
        stage="loop_index",
        value=float(stated.mean()) if len(loop_index) else None,
        threshold=0.5,
        direction="at_least",
        count=len(loop_index),
    )


GATES: Mapping[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "song_index": (
        song_content_on_two_sides,
        song_split_groups,
        song_originals,
        song_licenses_known,
    ),
    "loop_index": (
        loop_content_on_two_sides,
        loop_split_groups,
        loop_originals,
        loop_licenses_known,
        loop_drums_kept,
        loop_tempo_stated,
    ),
}
