"""Pictures of how a groove model was judged: distances, and styles asked for and named.

What belongs here: figures of reports. What does not: measuring, pictures of single grooves
(:mod:`groove.plots.ngram`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from groove.plots.figure import png


def distances(distance: Mapping[str, Any], anchors: Mapping[str, Any]) -> bytes:
    """Return a PNG: distances of drawn from played bars, with 95 % intervals and anchors.

    Parameters
    ----------
    distance
        ``total``, ``joint`` and ``kinds``, each ``value``, ``low`` and ``high``.
    anchors
        Name to ``total`` and ``joint`` of bars to compare with; those that are ``None`` are left
        out.
    """

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, width_ratios=(3, 1))
        _intervals(left, {**distance["kinds"], "total": distance["total"]})
        _intervals(right, {"joint": distance["joint"]})
        for axis, name in ((left, "total"), (right, "joint")):
            for number, (anchor, values) in enumerate(sorted(anchors.items())):
                if values is not None:
                    style = {"color": f"C{number + 1}", "linestyle": "--", "linewidth": 1}
                    axis.axvline(values[name], label=anchor, **style)
            axis.set_xlim(left=0)
            axis.grid(alpha=0.3, axis="x")
        left.set(xlabel="distance (standard deviations)")
        right.set(xlabel="energy distance (0 to 1)")
        left.legend(fontsize="small", title="total of played bars")

    return png(draw, width=10.0, height=3.2)


def confusion(styles: Sequence[str], named: Sequence[Sequence[int]]) -> bytes:
    """Return a PNG: how often a style asked for (row) was named as which style (column)."""
    counts = np.asarray(named, dtype=np.int64)

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            dark = shares[row, column] > 0.5
            axis.text(column, row, str(count), ha="center", va="center", color="wk"[not dark])
        places = range(len(styles))
        axis.set_xticks(places, list(styles), rotation=45, ha="right")
        axis.set_yticks(places, list(styles))
        axis.set(xlabel="named", ylabel="asked for")

    size = 1.6 + 0.5 * len(styles)
    return png(draw, width=size + 0.6, height=size)


def _intervals(axis: Axes, estimates: Mapping[str, Mapping[str, float]]) -> None:
    """Draw a value with its interval in each row, the first on top."""
    names = list(estimates)
    rows = np.arange(len(names))[::-1]
    value, low, high = (
        np.array([estimates[name][part] for name in names]) for part in ("value", "low", "high")
    )
    axis.errorbar(value, rows, xerr=[value - low, high - value], fmt="o", capsize=3)
    axis.set_yticks(rows, names)
    axis.set_ylim(-0.6, len(names) - 0.4)
