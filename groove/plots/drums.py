"""Pictures of the drum classifier: confusion, F1, reliability, thresholds, what a class looks like.

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

from groove.core.calibration_error import Reliability
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


def reliability(after: Reliability, before: Reliability | None = None) -> bytes:
    """Return a PNG of confidence against the share of right answers, and of the bins' sizes.

    Parameters
    ----------
    after
        With calibration.
    before
        Without it; None leaves it out.
    """

    def draw(figure: Figure) -> None:
        axis, below = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        axis.plot([0, 1], [0, 1], color="0.6", linestyle=":", linewidth=1)
        named = (("without calibration", before, "C1"), ("as it is", after, "C0"))
        for name, found, color in named:
            if found is None or not len(found.sizes):
                continue
            # 95 % of a bin whose events are each right or wrong on their own.
            half = 1.96 * np.sqrt(found.right * (1 - found.right) / found.sizes)
            axis.errorbar(
                found.confidence,
                found.right,
                yerr=half,
                marker="o",
                markersize=4,
                linewidth=1,
                color=color,
                label=f"{name}: ECE {found.error:.3f}",
            )
        if len(after.sizes):
            below.vlines(after.confidence, 0, after.sizes, color="C0", linewidth=4)
            axis.legend(fontsize="small", loc="upper left")
        axis.set(ylabel="share right", xlim=(0, 1), ylim=(0, 1))
        below.set(xlabel="confidence in the likeliest class", ylabel="events")
        axis.grid(alpha=0.3)

    return png(draw, width=4.5, height=5.0)


def threshold_curves(curves: pd.DataFrame) -> bytes:
    """Return a PNG of precision, recall and F1 by threshold, a panel per class.

    Parameters
    ----------
    curves
        ``klass``, ``threshold``, ``precision``, ``recall``, ``f1``; a class that was never struck
        has no panel.
    """
    shown = [(name, part) for name, part in curves.groupby("klass", sort=False)
             if part["recall"].notna().any()]  # fmt: skip

    def draw(figure: Figure) -> None:
        columns = 4
        rows = max(1, -(-len(shown) // columns))
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axis in axes.flat[len(shown) :]:
            axis.set_axis_off()
        for axis, (name, part) in zip(axes.flat, shown, strict=False):
            axis.set_title(str(name), fontsize="small")
            for column, color in (("precision", "C1"), ("recall", "C2"), ("f1", "C0")):
                axis.plot(part["threshold"], part[column], color=color, linewidth=1, label=column)
            axis.set(xlim=(0, 1), ylim=(0, 1.02))
            axis.grid(alpha=0.3)
        if shown:
            axes.flat[0].legend(fontsize="x-small")
        figure.supxlabel("threshold", fontsize="small")

    return png(draw, width=9.0, height=1.0 + 1.7 * max(1, -(-len(shown) // 4)))


def recall_bars(table: pd.DataFrame) -> bytes:
    """Return a PNG of recall by class, with its interval over kits, or over hits where grey.

    Parameters
    ----------
    table
        ``klass``, ``support``, ``recall``, ``recall_low``, ``recall_high``, ``wilson_low``,
        ``wilson_high``; a class never struck has no bar.
    """
    struck = table[table["support"] > 0]

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        places = np.arange(len(struck))
        axis.bar(places, struck["recall"], width=0.6, color="C0", alpha=0.6)
        wilson = struck["recall_low"].isna().to_numpy()
        ends = {
            "0.45": (wilson, "wilson_low", "wilson_high"),
            "0.1": (~wilson, "recall_low", "recall_high"),
        }
        for color, (chosen, low, high) in ends.items():
            axis.vlines(places[chosen], struck[low][chosen], struck[high][chosen], color=color)
        names = [
            f"{name} ({n})" for name, n in zip(struck["klass"], struck["support"], strict=True)
        ]
        axis.set_xticks(places, names, rotation=45, ha="right")
        axis.set(ylabel="recall", ylim=(0, 1.02))
        axis.grid(axis="y", alpha=0.3)

    return png(draw, width=8.0, height=3.5)
