"""Pictures of the drum classifier: confusion, F1 by class, what each class looks like.

What belongs here: drawing. What does not: the numbers drawn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from groove.plots.figure import png


def confusion(counts: NDArray[np.int64], classes: Sequence[str]) -> bytes:
    """Return a PNG of a confusion matrix: struck by row, heard by column, shares of the row.

    Parameters
    ----------
    counts
        ``(classes, classes)``.
    classes
        Names, in order.
    """
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axis.set_xticks(range(len(classes)), classes, rotation=60, ha="right")
        axis.set_yticks(
            range(len(classes)),
            [f"{name} ({int(n)})" for name, n in zip(classes, totals[:, 0], strict=True)],
        )
        axis.set(xlabel="likeliest class", ylabel="struck")
        for row, column in np.argwhere(counts > 0):
            axis.text(
                column,
                row,
                str(counts[row, column]),
                ha="center",
                va="center",
                fontsize="x-small",
                color="white" if shares[row, column] > 0.5 else "black",
            )

    return png(draw, width=7.0, height=6.0)


def f1_bars(metrics_json: str, classes: Sequence[str]) -> bytes:
    """Return a PNG of F1 by class, on one-shots of kits not seen and on songs not seen.

    Parameters
    ----------
    metrics_json
        Of a row of ``drum_classifier``.
    classes
        Names, in order; one without examples has no bar.
    """
    figures: dict[str, float] = json.loads(metrics_json)

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        places = np.arange(len(classes))
        for offset, (prefix, label) in enumerate((("test", "one-shots"), ("test_song", "songs"))):
            values = [figures.get(f"{prefix}_f1_{name}", np.nan) for name in classes]
            axis.bar(places + 0.4 * offset - 0.2, values, width=0.4, label=label)
        axis.set_xticks(places, classes, rotation=45, ha="right")
        axis.set(ylabel="F1, not seen in training", ylim=(0, 1))
        axis.legend(fontsize="small")
        axis.grid(axis="y", alpha=0.3)

    return png(draw, width=8.0, height=3.5)


def montage(pictures: NDArray[Any], truth: NDArray[np.bool_], classes: Sequence[str]) -> bytes:
    """Return a PNG with the mean log-mel picture of each class.

    Parameters
    ----------
    pictures
        ``(events, frames, mels)`` in 0..1.
    truth
        ``(events, classes)``.
    classes
        Names, in order.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots(2, -(-len(classes) // 2), sharex=True, sharey=True, squeeze=False)
        for axis, name, struck in zip(axes.flat, classes, truth.T, strict=False):
            axis.set_title(f"{name} ({int(struck.sum())})", fontsize="x-small")
            if struck.any():
                mean = pictures[struck].astype(np.float32).mean(axis=0)
                axis.imshow(mean.T, origin="lower", aspect="auto", cmap="magma", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
        figure.supxlabel("frames from the onset", fontsize="small")
        figure.supylabel("mel bands", fontsize="small")

    return png(draw, width=9.0, height=4.0)


def counts_bars(counts: pd.DataFrame) -> bytes:
    """Return a PNG of the events by class (row) and split (column)."""

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        below = np.zeros(len(counts))
        for split in counts.columns:
            axis.bar(counts.index, counts[split], bottom=below, label=str(split))
            below += counts[split].to_numpy(dtype=float)
        axis.tick_params(axis="x", rotation=45)
        axis.set(ylabel="events")
        axis.legend(fontsize="small")

    return png(draw, width=8.0, height=3.5)
