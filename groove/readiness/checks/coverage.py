"""Coverage: classes from more than one kit, and techniques of the catalogue.

A class with a thousand hits of one snare is a class that knows one snare: what counts is how many
places (kits, unless said otherwise) it is from, and by default recorded ones only.

What belongs here: breadth. What does not: counts (:mod:`groove.readiness.checks.health`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from groove.core.gates import Gate
from groove.readiness.checks.spec import CoverageSpec
from groove.readiness.checks.verdict import Panel, gate

STAGE = "coverage"


def measure(events: pd.DataFrame, spec: CoverageSpec) -> dict[str, Any] | None:
    """Return groups by class, and hits by technique of the catalogue; None without events.

    Parameters
    ----------
    events
        ``klass``, ``techniques``, ``is_synthetic`` and the column that ``spec.group`` names. A hit
        without a group counts for none.
    spec
        What is to be covered.
    """
    if not len(events):
        return None
    counted = events[~events["is_synthetic"].astype(bool)] if spec.recorded_only else events
    groups = counted.dropna(subset=[spec.group]).groupby("klass")[spec.group].nunique()
    hits = events["techniques"].explode().dropna().astype(str).value_counts()
    return {
        "groups_by_class": {name: int(groups.get(name, 0)) for name in spec.classes},
        "hits_by_technique": {name: int(hits.get(name, 0)) for name in sorted(spec.techniques)},
        "events": len(events),
    }


def gates(found: Mapping[str, Any] | None, spec: CoverageSpec, missing: str = "") -> list[Gate]:
    """Return the verdicts on classes and, where a catalogue is given, on techniques."""
    by_class = found["groups_by_class"] if found else {}
    least = min(by_class, key=lambda name: by_class[name]) if by_class else None
    short = [name for name, count in by_class.items() if count < spec.groups_per_class]
    note = missing or ("" if found else "the manifest has no event")
    if short:
        note = f"from too few: {', '.join(short)}"
    listed = [
        gate(
            STAGE, "groups_per_class", float(by_class[least]) if least else None,
            spec.groups_per_class, "at_least", unit=spec.group.removesuffix("_id") + "s",
            count=found["events"] if found else None, note=note,
        )
    ]  # fmt: skip
    if spec.techniques or not found:
        hits = found["hits_by_technique"] if found else {}
        absent = [name for name, count in hits.items() if count < spec.per_technique]
        share = 1 - len(absent) / len(hits) if hits else None
        note = f"absent: {', '.join(absent[:8])}" if absent else missing
        listed.append(
            gate(
                STAGE, "technique_share", share, spec.technique_share, "at_least",
                count=len(hits) or None, note=note,
            )
        )  # fmt: skip
    return listed


def panels(found: Mapping[str, Any]) -> list[Panel]:
    """Return how many groups each class is from."""
    rows = list(found["groups_by_class"].items())
    listed = [Panel("Kits by class", ("class", "kits"), rows, bars=1)]
    if found["hits_by_technique"]:
        hits = list(found["hits_by_technique"].items())
        listed.append(Panel("Hits by technique", ("technique", "hits"), hits, bars=1))
    return listed
