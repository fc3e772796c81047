"""Learning curves.

What belongs here: figures over epochs. What does not: pictures of music.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from groove.plots.figure import png


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
        axes = figure.subplots(1, max(1, len(families)), squeeze=False)[0]
        for axis, (family, members) in zip(axes, sorted(families.items()), strict=False):
            for name in members:
                points = [(epoch["epoch"], epoch[name]) for epoch in history if name in epoch]
                axis.plot(*zip(*points, strict=True), marker=".", label=name)
            axis.set(title=family.replace("_", " "), xlabel="epoch")
            axis.legend(fontsize="small")
            axis.grid(alpha=0.3)

    return png(draw, width=4.0 * max(1, len(families)) + 1)
