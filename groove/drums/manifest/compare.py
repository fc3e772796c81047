"""Two manifests held against each other: what came, went and changed.

What belongs here: counts and their differences. What does not: whether a difference is allowed
(gates of the readiness report).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.drums.manifest.reading import short_hash
from groove.drums.manifest.schema import Event
from groove.midi.taxonomy import class_of

#: What is counted, each by name.
ASPECTS: tuple[str, ...] = (
    "sessions", "components", "classes", "techniques", "sources", "kits", "unknown_labels",
)  # fmt: skip

_LISTED = 1000


@dataclass
class Summary:
    """What a manifest holds, in counts; events are remembered by 16 bytes each."""

    events: int = 0
    synthetic: int = 0
    negative: int = 0
    counts: dict[str, Counter[str]] = field(
        default_factory=lambda: {name: Counter() for name in ASPECTS}
    )
    identities: array[int] = field(default_factory=lambda: array("Q"))
    contents: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, event: Event) -> None:
        """Count one event."""
        self.events += 1
        self.synthetic += event.is_synthetic
        self.negative += event.negative_example
        self.identities.append(short_hash(event.sample_id))
        self.contents.append(short_hash(event.model_dump_json(exclude_none=True)))
        counts = self.counts
        counts["sessions"][event.session_id] += 1
        counts["sources"][event.source_set or "unknown"] += 1
        counts["kits"][event.kit_id or "unknown"] += 1
        counts["techniques"].update(dict.fromkeys(event.techniques, 1))
        for component in event.components:
            label = component.known
            counts["components"][label or component.label] += 1
            if label is None:
                counts["unknown_labels"][component.label] += 1
            else:
                counts["classes"][class_of(label)] += 1


def summarise(events: Iterable[Event]) -> Summary:
    """Return the counts of a manifest."""
    summary = Summary()
    for event in events:
        summary.add(event)
    return summary


def compare(before: Summary, after: Summary) -> dict[str, Any]:
    """Return the differences between two manifests, ready for JSON.

    ``events``: totals, and how many identities were added, removed, and kept with other contents.
    For each of :data:`ASPECTS`: ``added``, ``removed`` and ``changed`` names with their counts
    (``[before, after]`` for what changed; 1,000 names of each at most, the largest changes
    first), and ``totals``.
    """
    return {
        "schema": 1,
        "events": {
            "before": before.events,
            "after": after.events,
            "delta": after.events - before.events,
            **_identities(before, after),
        },
        "synthetic": [before.synthetic, after.synthetic],
        "negative_examples": [before.negative, after.negative],
        **{name: _delta(before.counts[name], after.counts[name]) for name in ASPECTS},
    }


def as_text(found: dict[str, Any], lines: int = 8) -> str:
    """Return a comparison in words, with the largest ``lines`` changes of each kind."""
    events = found["events"]
    out = [
        f"events  {events['before']} -> {events['after']} ({events['delta']:+d})",
        f"  {events['added']} added, {events['removed']} removed, {events['changed']} changed",
    ]
    for name in ASPECTS:
        part = found[name]
        shown = [
            *((key, 0, count) for key, count in part["added"].items()),
            *((key, count, 0) for key, count in part["removed"].items()),
            *((key, *pair) for key, pair in part["changed"].items()),
        ]
        shown.sort(key=lambda item: (-abs(item[2] - item[1]), item[0]))
        totals = part["totals"]
        out.append(f"{name}  {totals['before']} -> {totals['after']}, {len(shown)} differ")
        out += [f"  {key}  {old} -> {new} ({new - old:+d})" for key, old, new in shown[:lines]]
    return "\n".join(out)


def _delta(before: Counter[str], after: Counter[str]) -> dict[str, Any]:
    names = sorted(
        before.keys() | after.keys(), key=lambda name: (-abs(after[name] - before[name]), name)
    )
    return {
        "totals": {"before": len(before), "after": len(after)},
        "added": _some({name: after[name] for name in names if name not in before}),
        "removed": _some({name: before[name] for name in names if name not in after}),
        "changed": _some(
            {
                name: [before[name], after[name]]
                for name in names
                if name in before and name in after and before[name] != after[name]
            }
        ),
    }


def _some(found: dict[str, Any]) -> dict[str, Any]:
    return dict(list(found.items())[:_LISTED])


def _identities(before: Summary, after: Summary) -> dict[str, int]:
    old, old_says = _sorted(before)
    new, new_says = _sorted(after)
    kept, in_old, in_new = np.intersect1d(old, new, assume_unique=True, return_indices=True)
    return {
        "added": len(new) - len(kept),
        "removed": len(old) - len(kept),
        "changed": int((old_says[in_old] != new_says[in_new]).sum()),
    }


def _sorted(summary: Summary) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    marks = np.frombuffer(summary.identities, dtype=np.uint64)
    says = np.frombuffer(summary.contents, dtype=np.uint64)
    if not len(marks):
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64)
    found, first = np.unique(marks, return_index=True)
    return found, says[first]
