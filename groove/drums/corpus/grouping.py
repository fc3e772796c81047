"""Hits that sound as one: simultaneous hits become one event with several labels.

What belongs here: times, notes and velocities of hits to events, by number alone. What does
not: files and tables (:mod:`groove.drums.corpus.events`).

Conventions
-----------
* Hits are sorted by time. An event starts at its first hit and takes every hit that follows
  within ``simultaneous_s`` of it: a roll does not grow into one long event.
* The same label twice in an event is a flam; it counts once, with the louder velocity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.midi.taxonomy import LABELS, class_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CYMBALS = frozenset(label for label in LABELS if class_of(label) == "crash")
_CLOSING = frozenset({"hihat_closed", "hihat_pedal"})


@dataclass(frozen=True)
class Event:
    """One audible onset.

    Attributes
    ----------
    onset_s
        Time of its first hit.
    labels
        What was struck, each once, in order of the taxonomy.
    velocities
        Of each label, 0..1.
    techniques
        Ways of playing that its hits show, in alphabetic order.
    unknown
        Hits without a label.
    """

    onset_s: float
    labels: tuple[str, ...]
    velocities: tuple[float, ...]
    techniques: tuple[str, ...]
    unknown: int

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes of the labels, each once, in order of the labels."""
        return tuple(dict.fromkeys(class_of(label) for label in self.labels))


def starts_of_events(times_s: Floats, simultaneous_s: float) -> Ints:
    """Return the index of each event's first hit.

    >>> starts_of_events(np.array([0.0, 0.01, 0.02, 0.03, 0.5]), 0.015).tolist()
    [0, 2, 4]
    """
    starts = []
    place = 0
    while place < len(times_s):
        starts.append(place)
        # Float noise must not part what is exactly simultaneous_s apart.
        limit = times_s[place] + simultaneous_s + 1e-9
        place = int(np.searchsorted(times_s, limit, side="right"))
    return np.array(starts, dtype=np.int64)


def events_of_hits(
    times_s: Floats,
    labels: list[str | None],
    velocities: Floats,
    simultaneous_s: float,
    bark_s: float,
) -> list[Event]:
    """Return the events of a performance.

    Parameters
    ----------
    times_s
        Onset of each hit, in any order.
    labels
        Label of each hit; None where there is none.
    velocities
        Of each hit, 0..1.
    simultaneous_s
        Greatest distance from an event's first hit to its last.
    bark_s
        An open hi-hat that is closed again within this time is a bark.
    """
    order = np.argsort(times_s, kind="stable")
    times = np.asarray(times_s, dtype=np.float64)[order]
    names = [labels[place] for place in order]
    loudness = np.asarray(velocities, dtype=np.float64)[order]
    barks = _barks(times, names, bark_s)
    starts = starts_of_events(times, simultaneous_s)
    ends = np.append(starts[1:], len(times))
    return [
        _event(float(times[a]), names[a:b], loudness[a:b].tolist(), bool(barks[a:b].any()))
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
    ]


def _event(onset_s: float, names: list[str | None], velocities: list[float], bark: bool) -> Event:
    known: dict[str, float] = {}
    techniques = {"hihat_bark"} if bark else set()
    for name, velocity in zip(names, velocities, strict=True):
        if name is None:
            continue
        if name in known:
            techniques.add("flam")
        known[name] = max(velocity, known.get(name, 0.0))
    if len(_CYMBALS & known.keys()) > 1:
        techniques.add("multi_cymbal_same_class")
    labels = tuple(label for label in LABELS if label in known)
    return Event(
        onset_s,
        labels,
        tuple(known[label] for label in labels),
        tuple(sorted(techniques)),
        sum(name is None for name in names),
    )


def _barks(times: Floats, names: list[str | None], bark_s: float) -> NDArray[np.bool_]:
    """Return which hits are an open hi-hat that is choked soon after."""
    closing = times[np.array([name in _CLOSING for name in names], dtype=bool)]
    is_open = np.array([name == "hihat_open" for name in names], dtype=bool)
    if not len(closing):
        return np.zeros(len(times), dtype=bool)
    following = np.searchsorted(closing, times, side="right")
    closed_at = closing[np.minimum(following, len(closing) - 1)]
    soon = (following < len(closing)) & (closed_at - times <= bark_s)
    return np.asarray(is_open & soon)
