"""Pictures of a report.

What belongs here: which of its figures are drawn. What does not: drawing
(:mod:`groove.plots.grooves`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def shown(report: Mapping[str, Any]) -> dict[str, bytes]:
    """Return PNGs by name of what a report of the evaluation has."""
    from groove.plots import grooves

    found = {}
    if report["distance"] is not None:
        found["distances"] = grooves.distances(report["distance"], report["distance_anchors"])
    if report["conditioning"] is not None:
        named = report["conditioning"]
        found["styles_named"] = grooves.confusion(named["styles"], named["confusion"])
    return found
