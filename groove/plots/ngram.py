"""Pictures of grooves: what follows what, where each drum falls, when it is struck.

What belongs here: figures of steps and hits. What does not: choosing and adding up what they show
(:mod:`groove.ngram.pictures`, :mod:`groove.ngram.summary`), one groove as it is played
(:mod:`groove.plots.rolls`).

The ``draw_*`` functions put one picture on a figure or on a part of one; the others return a PNG.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from numpy.typing import NDArray

from groove.plots.figure import png

_PANELS = 6
_TIMED = 8

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class NgramCounts:
    """What a heat map shows of a model.

    Parameters
    ----------
    labels
        Names, by bit.
    follows
        ``float64[labels, labels]``: of what is struck on the next step that has a hit, the share
        of each label (column) after each label (row).
    struck
        ``float64[labels, steps]``: share of bars with each label on each step.
    steps_per_beat
        Steps from one beat to the next.
    contexts
        Chain to its contexts and n-grams per order: ``int64[orders, 2]``.
    """

    labels: Sequence[str]
    follows: Floats
    struck: Floats
    steps_per_beat: float
    contexts: Mapping[str, Ints]


@dataclass(frozen=True)
class Timing:
    """Micro-timing of a label: arrays with one entry per step on which it is struck at all.

    Parameters
    ----------
    step
        In the bar.
    mean_ms, spread_ms
        Mean and standard deviation of how late it is struck.
    hits
        Number of hits.
    """

    step: Ints
    mean_ms: Floats
    spread_ms: Floats
    hits: Ints


def step_histograms(
    shares: Mapping[str, Floats],
    labels: Sequence[str],
    steps_per_beat: Mapping[str, float] | None = None,
) -> bytes:
    """Return a PNG: per style, the share of bars in which each label is struck on each step.

    Parameters
    ----------
    shares
        Style to ``float64[labels, steps]``; the first six are shown.
    labels
        Names of the rows.
    steps_per_beat
        Style to the steps from one beat to the next, where numbers go; 4 where it is missing.
    """
    rows = max(1, -(-min(len(shares), _PANELS) // 3))
    return png(
        lambda figure: draw_step_histograms(figure, shares, labels, steps_per_beat or {}),
        width=11.0,
        height=0.6 + 2.9 * rows,
    )


def draw_step_histograms(
    figure: FigureBase,
    shares: Mapping[str, Floats],
    labels: Sequence[str],
    steps_per_beat: Mapping[str, float],
) -> None:
    """Draw :func:`step_histograms`."""
    shown = list(shares.items())[:_PANELS]
    struck = np.array([share.max(axis=1) > 0 for _, share in shown]).any(axis=0)
    used: list[int] = np.flatnonzero(struck).tolist() if shown else []
    columns = min(3, max(1, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for panel in panels[len(shown) :]:
        panel.set_axis_off()
    picture = None
    for number, (panel, (style, share)) in enumerate(zip(panels, shown, strict=False)):
        picture = panel.imshow(
            share[used], aspect="auto", origin="lower", cmap="magma", vmin=0, vmax=1
        )
        panel.set_title(style or "any style", fontsize="medium")
        _beats(panel, share.shape[1], steps_per_beat.get(style, 4.0))
        panel.set_yticks(range(len(used)), [named(labels[i]) for i in used], fontsize="x-small")
        if number >= len(shown) - columns:
            panel.set_xlabel("beat of the bar", fontsize="small")
    if picture is not None:
        figure.colorbar(picture, ax=list(panels), label="share of bars struck", shrink=0.8)


def ngram_heatmap(counts: NgramCounts, title: str = "") -> bytes:
    """Return a PNG: which label follows which, which falls on which step, contexts per order."""
    return png(lambda figure: draw_ngram_heatmap(figure, counts, title), width=12.5, height=7.5)


def draw_ngram_heatmap(figure: FigureBase, counts: NgramCounts, title: str = "") -> None:
    """Draw :func:`ngram_heatmap`."""
    used: list[int] = np.flatnonzero(
        counts.struck.any(axis=1) | counts.follows.any(axis=1)
    ).tolist()
    names = [named(counts.labels[i]) for i in used]
    grid = figure.add_gridspec(2, 2, height_ratios=(2.6, 1), width_ratios=(1, 1.25))
    follows = figure.add_subplot(grid[0, 0])
    picture = follows.imshow(
        counts.follows[np.ix_(used, used)], aspect="auto", origin="lower", cmap="magma", vmin=0
    )
    follows.set_xticks(range(len(used)), names, rotation=60, ha="right", fontsize="x-small")
    follows.set_yticks(range(len(used)), names, fontsize="x-small")
    follows.set_title("what follows what", fontsize="medium")
    follows.set_xlabel("on the next step with a hit", fontsize="small")
    follows.set_ylabel("after", fontsize="small")
    figure.colorbar(picture, ax=follows, label="share of the hits that follow")
    struck = figure.add_subplot(grid[0, 1])
    picture = struck.imshow(
        counts.struck[used], aspect="auto", origin="lower", cmap="magma", vmin=0
    )
    _beats(struck, counts.struck.shape[1], counts.steps_per_beat)
    struck.set_yticks(range(len(used)), names, fontsize="x-small")
    struck.set_title("what falls where", fontsize="medium")
    struck.set_xlabel("beat of the bar", fontsize="small")
    figure.colorbar(picture, ax=struck, label="share of bars struck")
    below = grid[1, :].subgridspec(1, max(1, len(counts.contexts)))
    first: Axes | None = None
    for number, (chain, orders) in enumerate(counts.contexts.items()):
        axis = figure.add_subplot(below[0, number], sharey=first)
        first = first or axis
        _orders(axis, chain, orders)
    figure.suptitle(title)


def microtiming(
    timings: Mapping[str, Timing], steps: int, steps_per_beat: float, title: str = ""
) -> bytes:
    """Return a PNG: how late each label is struck on each step, mean and standard deviation.

    Parameters
    ----------
    timings
        Label to its timing; the eight with most hits are shown, in the order given.
    steps, steps_per_beat
        Of a bar, and from one beat to the next.
    title
        Above.
    """
    rows = max(1, -(-min(len(timings), _TIMED) // 2))
    return png(
        lambda figure: draw_microtiming(figure, timings, steps, steps_per_beat, title),
        width=11.0,
        height=1.0 + 1.6 * rows,
    )


def draw_microtiming(
    figure: FigureBase,
    timings: Mapping[str, Timing],
    steps: int,
    steps_per_beat: float,
    title: str = "",
) -> None:
    """Draw :func:`microtiming`."""
    most = sorted(timings, key=lambda name: -int(timings[name].hits.sum()))[:_TIMED]
    shown = [name for name in timings if name in most]
    rows = max(1, -(-len(shown) // 2))
    panels = figure.subplots(rows, 2, squeeze=False, sharex=True, sharey=True).ravel()
    for panel in panels[len(shown) :]:
        panel.set_axis_off()
    for panel, name in zip(panels, shown, strict=False):
        timing = timings[name]
        panel.axhline(0, color="0.6", linewidth=0.8)
        panel.errorbar(
            timing.step, timing.mean_ms, timing.spread_ms, fmt="none", ecolor="tab:blue", alpha=0.45
        )
        # The area of a dot is the number of its hits.
        size = 60 * timing.hits / max(1, timing.hits.max(initial=1))
        panel.scatter(
            timing.step, timing.mean_ms, s=np.maximum(size, 4), color="tab:blue", zorder=3
        )
        panel.set_title(
            f"{named(name)} ({int(timing.hits.sum())} hits)", fontsize="small", loc="left"
        )
        panel.grid(axis="x", alpha=0.3)
        panel.set_xlim(-0.7, steps - 0.3)
        _beats(panel, steps, steps_per_beat)
    for panel in panels[max(0, len(shown) - 2) : len(shown)]:
        panel.tick_params(labelbottom=True)
        panel.set_xlabel("beat of the bar", fontsize="small")
    figure.supylabel("ms late (mean ± one standard deviation)", fontsize="small")
    figure.suptitle(title)


def named(label: str) -> str:
    """Return a label as it is read: ``hihat closed`` of ``hihat_closed``."""
    return label.replace("_", " ")


def _beats(axis: Axes, steps: int, steps_per_beat: float) -> None:
    """Number the beats below their steps, with a small mark at every other step."""
    beats = np.arange(0, steps, steps_per_beat)
    axis.set_xticks(beats, [str(number + 1) for number in range(len(beats))], fontsize="small")
    axis.set_xticks(np.arange(steps), minor=True)


def _orders(axis: Axes, chain: str, orders: Ints) -> None:
    """Draw contexts and n-grams of each order as bars with their numbers on a logarithmic axis."""
    places = np.arange(len(orders))
    for shift, column, name in ((-0.2, 0, "contexts"), (0.2, 1, "n-grams")):
        values = np.maximum(orders[:, column], 1)
        bars = axis.bar(places + shift, values, width=0.38, label=name)
        axis.bar_label(bars, [_short(value) for value in orders[:, column].tolist()], fontsize=6)
    axis.set_yscale("log")
    axis.set_ylim(0.8, max(10.0, float(orders.max(initial=1))) * 8)
    axis.set_xticks(places, [str(place) for place in places], fontsize="small")
    axis.set_title(f"chain {chain!r}: n-grams by length of context", fontsize="small")
    axis.set_xlabel("context features", fontsize="small")
    axis.set_ylabel("number", fontsize="small")
    axis.legend(fontsize="x-small", loc="upper left")


def _short(value: int) -> str:
    for size, unit in ((10**6, "M"), (10**3, "k")):
        if value >= size:
            return f"{value / size:.1f}{unit}" if value < 10 * size else f"{value // size}{unit}"
    return str(value)
