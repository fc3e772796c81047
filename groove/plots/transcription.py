"""Pictures of transcriptions.

What belongs here: drawing. What does not: figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from groove.plots.figure import png

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def f_by_class(figures: Mapping[str, Sequence[float]], classes: Sequence[str]) -> bytes:
    """Return bars of F-measures as PNG: a group for each class, a bar for each method.

    Parameters
    ----------
    figures
        Method -> F-measure of each class; nan where the class was neither struck nor found.
    classes
        Their names.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        place = np.arange(len(classes))
        width = 0.8 / max(1, len(figures))
        for number, (method, values) in enumerate(figures.items()):
            shown = np.nan_to_num(np.asarray(values, dtype=np.float64))
            axes.bar(place + (number - (len(figures) - 1) / 2) * width, shown, width, label=method)
        axes.set_xticks(
            place, [name.replace("_", " ") for name in classes], rotation=35, ha="right"
        )
        axes.set_ylim(0, 1)
        axes.set_ylabel("F-measure, 50 ms")
        axes.legend()

    return png(draw, width=8.0, height=3.6)
