"""Several manifests as one: repeats left out, contradictions told.

An event repeats an earlier one when it has its identity, or when it says the same of the same
sound: same audio (by hash where it is given, else by path and source), same onset to 0.1 ms, same
labels. When the identity is the same and what is said differs, that is a *conflict*: the event
that came first stays, and the fields that differ are reported.

What belongs here: which events stay. What does not: reading and writing them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.drums.manifest.reading import short_hash
from groove.drums.manifest.schema import Event

#: Something that gives the same events each time it is called.
Events = Callable[[], Iterator[Event]]

_EXAMPLES = 100


@dataclass(frozen=True)
class MergePlan:
    """What stays of each source, and why the rest does not.

    Attributes
    ----------
    keep
        By source: one flag per event, in order.
    report
        ``events`` and ``kept`` by source, ``repeated_identity``, ``repeated_content``,
        ``conflicts`` (how many) and ``examples`` of conflicts.
    """

    keep: Mapping[str, NDArray[np.bool_]]
    report: Mapping[str, Any]


@dataclass
class _Marks:
    """64 bits each of every event's identity, of all it says, and of what it says of which sound."""

    identity: array[int] = field(default_factory=lambda: array("Q"))
    whole: array[int] = field(default_factory=lambda: array("Q"))
    content: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, event: Event) -> None:
        self.identity.append(short_hash(event.sample_id))
        self.whole.append(short_hash(event.model_dump_json(exclude_none=True)))
        self.content.append(short_hash(content_of(event)))


def content_of(event: Event) -> str:
    """Return what the event says of which sound, whatever it is called."""
    sound = event.audio_sha256 or f"{event.source_set or ''}:{event.audio_path}"
    labels = ",".join(sorted(c.known or c.label for c in event.components))
    return f"{sound}|{event.onset_time:.4f}|{labels}"


def plan_merge(sources: Mapping[str, Events]) -> MergePlan:
    """Return what stays when the sources are merged in their order (24 bytes an event).

    Parameters
    ----------
    sources
        Name to events; each is read once, and again where there are conflicts.
    """
    marks = _Marks()
    sizes: dict[str, int] = {}
    for name, events in sources.items():
        before = len(marks.identity)
        for event in events():
            marks.add(event)
        sizes[name] = len(marks.identity) - before
    identity = np.frombuffer(marks.identity, dtype=np.uint64)
    whole = np.frombuffer(marks.whole, dtype=np.uint64)
    content = np.frombuffer(marks.content, dtype=np.uint64)
    same_name, owner = _earlier(identity)
    conflict = same_name & (whole != whole[owner])
    # Content is held against what stays so far: a conflicting event vouches for nothing.
    candidates = np.flatnonzero(~same_name)
    same_content = np.zeros(len(identity), dtype=bool)
    same_content[candidates] = _earlier(content[candidates])[0]
    keep = ~(same_name | same_content)
    parts = np.split(keep, np.cumsum(list(sizes.values()))[:-1]) if sizes else []
    kept = dict(zip(sizes, parts, strict=True))
    report = {
        "events": sizes,
        "kept": {name: int(part.sum()) for name, part in kept.items()},
        "total": int(keep.sum()),
        "repeated_identity": int((same_name & ~conflict).sum()),
        "repeated_content": int(same_content.sum()),
        "conflicts": int(conflict.sum()),
        "examples": _examples(sources, conflict, owner),
    }
    return MergePlan(kept, report)


def merged(sources: Mapping[str, Events], plan: MergePlan) -> Iterator[Event]:
    """Yield the events that stay, source by source."""
    for name, events in sources.items():
        for event, keep in zip(events(), plan.keep[name].tolist(), strict=True):
            if keep:
                yield event


def _earlier(marks: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which marks came before, and where each was first."""
    if not len(marks):
        return np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64)
    _, first, member = np.unique(marks, return_index=True, return_inverse=True)
    owner = first[member]
    return owner != np.arange(len(marks)), owner


def _examples(
    sources: Mapping[str, Events], conflict: NDArray[np.bool_], owner: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """Return the first conflicts: identity, the two sources, the fields that differ."""
    chosen = np.flatnonzero(conflict)[:_EXAMPLES].tolist()
    wanted = {*chosen, *(int(owner[place]) for place in chosen)}
    if not wanted:
        return []
    found: dict[int, tuple[str, dict[str, Any]]] = {}
    place = 0
    for name, events in sources.items():
        for event in events():
            if place in wanted:
                found[place] = (name, event.model_dump(mode="json", exclude_none=True))
            place += 1
    listed = []
    for later in chosen:
        (first, one), (second, other) = found[int(owner[later])], found[later]
        names = [n for n in Event.model_fields if one.get(n) != other.get(n)]
        listed.append(
            {
                "sample_id": one["sample_id"],
                "kept": first,
                "left_out": second,
                "fields": {n: [one.get(n), other.get(n)] for n in names},
            }
        )
    return listed
