"""A model in pictures: what it learnt, and what it plays.

What belongs here: which picture shows what of a model. What does not: adding up
(:mod:`groove.ngram.pictures`), drawing (:mod:`groove.plots.ngram`, :mod:`groove.plots.rolls`).

The heat map shows the training loops and the n-grams that the model keeps of them. A model keeps
no velocities, timing or styles of its loops: the other pictures show grooves drawn from it. Those
that are added up are many short ones, at temperature 1 and with nothing cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import pandas as pd
from matplotlib.figure import Figure, FigureBase

from groove.core.digest import seed_of
from groove.ngram import pictures
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.arrangement import usual_form
from groove.ngram.play.output import bars_frame
from groove.ngram.play.sampling import Groove, Heat, Sampler
from groove.ngram.summary import step_shares
from groove.plots import ngram as plots
from groove.plots import rolls
from groove.plots.figure import png

Kind = Literal["heatmap", "histogram", "microtiming", "roll", "all"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_STYLES = 6
_GROOVE_BARS = 8
_STYLE_GROOVES = 8
_TIMED_GROOVES = 32
_ROLL_HEAT = Heat(temperature=0.9, top_p=0.98)
"""What `groove sample` draws with unless it is told otherwise."""


@dataclass(frozen=True)
class _Panel:
    """A picture that has not been drawn yet: its size in inches, and what draws it."""

    width: float
    height: float
    draw: Callable[[FigureBase], None]


def portrait(
    model: GrooveModel,
    kind: Kind,
    *,
    cond: Mapping[str, str] | None = None,
    meter: str | None = None,
    bars: int = 8,
    seed: int = 0,
) -> bytes:
    """Return a picture of a model as a PNG.

    Parameters
    ----------
    model
        What to show.
    kind
        ``heatmap``: which label follows which, which falls where, contexts per order;
        ``histogram``: steps by style; ``microtiming``: how late labels are struck;
        ``roll``: a groove; ``all``: one above the other.
    cond, meter
        What micro-timing and roll are drawn under; by default any, in its commonest meter.
    bars, seed
        Of the roll; seed of every draw.

    Raises
    ------
    groove.ngram.play.sampling.SampleError
        If the model knows no such meter.
    """
    panels: dict[Kind, Callable[[], _Panel]] = {
        "heatmap": partial(_heatmap, model),
        "histogram": partial(_histogram, model, seed),
        "microtiming": partial(_microtiming, model, cond or {}, meter, seed),
        "roll": partial(_roll, model, cond or {}, meter, bars, seed),
    }
    wanted = [panel() for name, panel in panels.items() if kind in (name, "all")]

    def draw(figure: Figure) -> None:
        if len(wanted) == 1:
            wanted[0].draw(figure)
            return
        heights = [panel.height for panel in wanted]
        parts = figure.subfigures(len(wanted), 1, squeeze=False, height_ratios=heights, hspace=0.04)
        for part, panel in zip(parts[:, 0], wanted, strict=True):
            panel.draw(part)

    return png(draw, max(p.width for p in wanted), sum(p.height for p in wanted))


def _heatmap(model: GrooveModel) -> _Panel:
    bars = model.loops.bars()
    shown = pictures.counts_shown(bars, model.labels, pictures.contexts_of(model))
    title = f"{len(bars):,} training bars of {len(model.loops):,} loops"
    return _Panel(12.5, 7.5, lambda figure: plots.draw_ngram_heatmap(figure, shown, title))


def _histogram(model: GrooveModel, seed: int) -> _Panel:
    forms = model.card["forms"]
    sizes = {
        name.removeprefix("style="): sum(int(form["bars"]) for form in listed)
        for name, listed in forms.items()
        if name.startswith("style=") and "&" not in name
    }
    styles = sorted(sizes, key=lambda name: (-sizes[name], name))[:_STYLES]
    drawn = []
    for style in styles or [""]:
        cond = {"style": style} if style else {}
        grooves, tempo_bpm = _many(model, cond, None, _STYLE_GROOVES, seed)
        drawn.append(bars_frame(grooves, f"{style} ", tempo_bpm).assign(style=style))
    bars = pd.concat(drawn, ignore_index=True)
    shares, beats = step_shares(bars, _STYLES, model.labels), pictures.beats_by_style(bars)
    shares = {style: shares[style] for style in styles or [""]}
    rows = -(-len(shares) // 3)

    def draw(figure: FigureBase) -> None:
        figure.suptitle(f"steps by style, {_STYLE_GROOVES * _GROOVE_BARS} drawn bars each")
        plots.draw_step_histograms(figure, shares, model.labels, beats)

    return _Panel(12.5, 1.0 + 2.9 * rows, draw)


def _microtiming(
    model: GrooveModel, cond: Mapping[str, str], meter: str | None, seed: int
) -> _Panel:
    grooves, tempo_bpm = _many(model, cond, meter, _TIMED_GROOVES, seed)
    form, bars = grooves[0].form, [bar for groove in grooves for bar in groove.bars]
    timings = pictures.timings_of_bars(bars, tempo_bpm, model.labels)
    beat = form.resolution * 4 / form.denominator
    title = f"micro-timing of {len(bars)} drawn bars: {_about(grooves[0], tempo_bpm)}"
    rows = max(1, -(-min(8, len(timings)) // 2))
    return _Panel(
        12.5,
        1.0 + 1.6 * rows,
        lambda figure: plots.draw_microtiming(figure, timings, form.steps, beat, title),
    )


def _roll(
    model: GrooveModel, cond: Mapping[str, str], meter: str | None, bars: int, seed: int
) -> _Panel:
    form, tempo_bpm = usual_form(model, cond, meter)
    groove = Sampler(model).draw(form, bars, _ROLL_HEAT, seed, condition=cond)
    roll = pictures.roll_of(groove.bars)
    title = f"a drawn groove: {_about(groove, tempo_bpm)}, seed {seed}"
    return _Panel(
        12.5,
        rolls.height_of(roll),
        lambda figure: rolls.draw_piano_roll(figure, roll, model.labels, title),
    )


def _many(
    model: GrooveModel, cond: Mapping[str, str], meter: str | None, grooves: int, seed: int
) -> tuple[list[Groove], float]:
    """Return (short grooves, their tempo): one long groove would show one idea only."""
    form, tempo_bpm = usual_form(model, cond, meter)
    sampler = Sampler(model)
    seeds = [seed_of("portrait", seed, number) for number in range(grooves)]
    drawn = [sampler.draw(form, _GROOVE_BARS, Heat(), one, condition=cond) for one in seeds]
    return drawn, tempo_bpm


def _about(groove: Groove, tempo_bpm: float) -> str:
    under = ", ".join(groove.conditions) or "any style"
    return f"{under}, {groove.form.meter}, {tempo_bpm:.0f} bpm"
