"""Pictures of a search: what was tried, and how it did.

What belongs here: figures of trials. What does not: trials.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from groove.plots.figure import png

_COLOURS = {"kneser_ney": "tab:blue", "witten_bell": "tab:orange", "absolute": "tab:green"}


def trials(table: pd.DataFrame) -> bytes:
    """Return a PNG: objective by trial, temperature, top-p and order, coloured by smoothing.

    Parameters
    ----------
    table
        Rows of ``groove_search``.
    """

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, 4, sharey=True)
        for axis, name in zip(panels, ("trial", "temperature", "top_p", "order"), strict=True):
            for smoothing, rows in table.groupby("smoothing", sort=True):
                colour = _COLOURS.get(str(smoothing), "tab:grey")
                axis.scatter(rows[name], rows["objective"], s=18, color=colour, label=smoothing)
            axis.set_xlabel(name.replace("_", "-"))
        best = table.loc[table["objective"].cummin() == table["objective"]]
        panels[0].step(best["trial"], best["objective"], where="post", color="black", linewidth=1)
        panels[0].set_ylabel("distance from held-out grooves")
        panels[-1].legend(fontsize="x-small")

    return png(draw, width=11.0, height=3.0)
