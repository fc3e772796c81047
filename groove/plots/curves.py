"""Learning curves.

What belongs here: figures over epochs. What does not: pictures of music.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from groove.plots.figure import png

#: Panels beside each other at most.
_COLUMNS = 4


def learning_curve(history: Sequence[Mapping[str, float]]) -> bytes:
    """Return a PNG with every logged figure by epoch, train and validation in one panel each.

    Parameters
    ----------
    history
        One mapping per epoch, with ``epoch`` and ``train_*`` / ``validation_*`` figures.
    """
    names = sorted({name for epoch in history for name in epoch} - {"epoch"})
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(name.split("_", 1)[-1], []).append(name)

    def draw(figure: Figure) -> None:
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for axis in axes[len(families) :]:
            axis.set_axis_off()
        for axis, (family, members) in zip(axes, sorted(families.items()), strict=False):
            for name in members:
                points = [(epoch["epoch"], epoch[name]) for epoch in history if name in epoch]
                axis.plot(*zip(*points, strict=True), marker=".", label=name)
            axis.set(title=family.replace("_", " "), xlabel="epoch")
            axis.legend(fontsize="small")
            axis.grid(alpha=0.3)

    columns = min(_COLUMNS, max(1, len(families)))
    rows = max(1, math.ceil(len(families) / columns))
    return png(draw, width=4.0 * columns + 1, height=3.0 * rows)
