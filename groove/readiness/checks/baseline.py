"""The blessed baseline: what a report may not lose against the last one that was approved.

Both reports are those of a run (:mod:`groove.readiness.run.reports`): their gates, and the health
of their manifest. A class may lose hits only so far, no gate that was green may be red, and there
may be no more unknown labels.

What belongs here: comparing two reports. What does not: reading and blessing files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from groove.core.gates import Gate
from groove.readiness.checks.spec import BaselineSpec
from groove.readiness.checks.verdict import Panel, gate

STAGE = "baseline"
_NAMED = 6


def measure(
    blessed: Mapping[str, Any], candidate: Mapping[str, Any], spec: BaselineSpec
) -> dict[str, Any]:
    """Return what changed since the blessed report.

    Parameters
    ----------
    blessed, candidate
        Reports with ``gates`` and ``figures.health``. Verdicts are derived again from value and
        threshold, not believed.
    spec
        Classes that are left out.

    Returns
    -------
    dict
        ``classes`` (before, after, drop in per cent), ``newly_failing`` gates, ``unknown_labels``
        (before, after). A part that one of the reports lacks is None.
    """
    before, after = (report.get("figures", {}).get("health") for report in (blessed, candidate))
    old, new = _verdicts(blessed), _verdicts(candidate)
    # A gate that was green and is no longer measured fails, too.
    failing = [name for name, green in old.items() if green and not new.get(name, False)]
    failing += [name for name, green in new.items() if name not in old and not green]
    return {
        "classes": _classes(before, after, spec) if before and after else None,
        "newly_failing": sorted(failing) if old else None,
        "unknown_labels": (
            {"before": _unknown(before), "after": _unknown(after)} if before and after else None
        ),
    }


def _classes(
    before: Mapping[str, Any], after: Mapping[str, Any], spec: BaselineSpec
) -> dict[str, dict[str, float]]:
    found = {}
    for name, counted in sorted(before["by_class"].items()):
        if name in spec.ignore_labels or not counted["total"]:
            continue
        now = after["by_class"].get(name, {"total": 0})["total"]
        drop = 100.0 * (counted["total"] - now) / counted["total"]
        found[name] = {"before": counted["total"], "after": now, "drop_percent": max(0.0, drop)}
    return found


def _unknown(health: Mapping[str, Any]) -> int:
    return int(sum(health["unknown_labels"].values()))


def _verdicts(report: Mapping[str, Any]) -> dict[str, bool]:
    gates = []
    for row in report.get("gates", []):
        if row["name"].startswith("required_") and row.get("count") == 0:
            continue  # older reports call it green where nothing was required
        fields = {name: row[name] for name in ("name", "stage", "value", "threshold", "direction")}
        gates.append(Gate(**fields))
    return {f"{one.stage}.{one.name}": one.passed for one in gates if one.stage != STAGE}


def gates(found: Mapping[str, Any] | None, spec: BaselineSpec, missing: str = "") -> list[Gate]:
    """Return the verdicts on what changed."""
    classes = found["classes"] if found else None
    failing = found["newly_failing"] if found else None
    unknown = found["unknown_labels"] if found else None
    lacking = missing or "one of the reports has no health: run it with a health section"
    worst = max(classes, key=lambda name: classes[name]["drop_percent"]) if classes else None
    drop = None if classes is None else (classes[worst]["drop_percent"] if worst else 0.0)
    note = lacking
    if classes and worst:
        counts = classes[worst]
        note = f"most: {worst}, {counts['before']} to {counts['after']}"
    return [
        gate(
            STAGE, "class_drop", drop, spec.max_drop_percent, "at_most", unit="%",
            count=None if classes is None else len(classes), note=note,
        ),
        gate(
            STAGE, "newly_failing_gates", None if failing is None else float(len(failing)), 0,
            "at_most", unit="gates",
            note=_some(failing) if failing else missing or "gates that were green",
        ),
        gate(
            STAGE, "more_unknown_labels",
            float(max(0, unknown["after"] - unknown["before"])) if unknown else None, 0, "at_most",
            unit="hits",
            note=f"{unknown['before']} to {unknown['after']}" if unknown else lacking,
        ),
    ]  # fmt: skip


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def panels(found: Mapping[str, Any]) -> list[Panel]:
    """Return the classes that lost hits."""
    rows = [
        (name, of["before"], of["after"], of["drop_percent"])
        for name, of in (found["classes"] or {}).items()
        if of["drop_percent"] > 0
    ]
    head = ("class", "before", "after", "drop, %")
    return [Panel("Fewer hits than in the baseline", head, rows)] if rows else []
