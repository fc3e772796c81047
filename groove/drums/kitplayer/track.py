"""Hits to play: times, labels, strengths; from MIDI notes.

What belongs here: what is struck when. What does not: its sound
(:mod:`~groove.drums.kitplayer.player`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from groove.drums.kitplayer.kit import KitError
from groove.midi.song import Song
from groove.midi.taxonomy import Mapped, label_of_note

_TWICE_S = 0.01
#: Keys of a TD-11 that are no drum of a General MIDI kit: the hi-hat's edges, the floor tom's rim.
_TD11_ONLY = (22, 26, 58)


@dataclass(frozen=True)
class DrumTrack:
    """Hits to play.

    Attributes
    ----------
    time_s
        float64 ``(n,)``, at least 0.
    label
        Of the taxonomy, ``n`` of them.
    velocity
        float ``(n,)``, above 0, at most 1.
    variant
        int ``(n,)``: which drum of the label, counted from 0; beyond what a kit has, they are
        counted round. None: the main one.
    """

    time_s: NDArray[np.float64]
    label: Sequence[str]
    velocity: NDArray[np.float64]
    variant: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        n = len(self.time_s)
        if not (len(self.label) == len(self.velocity) == n):
            raise KitError("times, labels and velocities differ in number")
        if n and not (np.isfinite(self.time_s).all() and float(np.min(self.time_s)) >= 0):
            raise KitError("a hit's time is negative or no number")
        if n and not ((self.velocity > 0) & (self.velocity <= 1)).all():
            raise KitError("a velocity lies outside 0..1")

    def between(self, start_s: float, end_s: float) -> DrumTrack:
        """Return the hits in ``[start_s, end_s)``, with times from ``start_s``."""
        kept = np.flatnonzero((self.time_s >= start_s) & (self.time_s < end_s))
        return DrumTrack(
            self.time_s[kept] - start_s,
            [self.label[int(place)] for place in kept],
            self.velocity[kept],
            None if self.variant is None else self.variant[kept],
        )


def track_of_notes(
    time_s: NDArray[np.float64],
    note: NDArray[np.int16],
    velocity: NDArray[np.int16],
    mapping: Mapped = "gm",
) -> DrumTrack:
    """Return MIDI percussion notes as hits, in order of time; unknown keys are left out.

    Different keys of one label are different drums of it: the commonest is the main one. Of notes
    of one label within 10 ms the hardest is the hit: one drum cannot be struck twice so soon.
    """
    labels = [label_of_note(int(key), mapping) for key in note]
    kept = np.array([place for place, name in enumerate(labels) if name], dtype=np.int64)
    kept = kept[np.argsort(time_s[kept], kind="stable")] if len(kept) else kept
    kept = kept[_separate(time_s[kept], [str(labels[place]) for place in kept], velocity[kept])]
    known = [str(labels[place]) for place in kept]
    counts: dict[str, dict[int, int]] = {}
    for name, key in zip(known, note[kept].tolist(), strict=True):
        keys = counts.setdefault(name, {})
        keys[key] = keys.get(key, 0) + 1
    ranks = {
        (name, key): rank
        for name, keys in counts.items()
        for rank, key in enumerate(sorted(keys, key=lambda k: (-keys[k], k)))
    }
    variant = [ranks[name, key] for name, key in zip(known, note[kept].tolist(), strict=True)]
    loud = np.clip(velocity[kept].astype(np.float64) / 127.0, 1 / 127, 1.0)
    starts = np.maximum(time_s[kept].astype(np.float64), 0.0)
    return DrumTrack(starts, known, loud, np.array(variant, dtype=np.int64))


def _separate(
    time_s: NDArray[np.float64], label: list[str], velocity: NDArray[np.int16]
) -> NDArray[np.int64]:
    """Return the places of hits (in order of time) that are not one stroke noted twice."""
    last: dict[str, int] = {}
    kept: dict[int, int] = {}
    for place, (at, name) in enumerate(zip(time_s.tolist(), label, strict=True)):
        first = last.get(name)
        if first is not None and at - time_s[first] < _TWICE_S:
            if velocity[place] > velocity[kept[first]]:
                kept[first] = place
        else:
            last[name] = place
            kept[place] = place
    return np.array(sorted(kept.values()), dtype=np.int64)


def track_of_song(
    song: Song, mapping: Mapped | Literal["auto"] = "auto"
) -> tuple[NDArray[np.float64], DrumTrack]:
    """Return when a song's drum notes begin, s, and the hits that they are.

    Parameters
    ----------
    song
        What is on its drum channel counts; a file whose notes are all elsewhere has none.
    mapping
        As in :func:`track_of_notes`; ``auto``: TD-11 if there is a key that only it has.
    """
    drum = song.drum
    meant: Mapped = "gm"
    if mapping == "td11" or (mapping == "auto" and np.isin(_TD11_ONLY, song.pitch[drum]).any()):
        meant = "td11"
    starts = song.start_s[drum]
    return starts, track_of_notes(starts, song.pitch[drum], song.velocity[drum], meant)
