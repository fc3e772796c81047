"""Drawing grooves from the model.

A groove is led in by bars that are not part of it: those of a given loop, or two bars that were
heard under the condition (:mod:`groove.ngram.language.forms`). Steps are drawn one after the
other from the model's probabilities given all earlier ones, tempered and cut
(:mod:`groove.ngram.play.heat`). Only sets of labels heard in training are drawn. Then every hit
gets a velocity and a micro-timing (:mod:`groove.ngram.play.player`).

What belongs here: drawing. What does not: probabilities
(:mod:`groove.ngram.play.distribution`), MIDI (:mod:`groove.ngram.play.output`).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.ngram.language.model import GrooveModel
from groove.ngram.language.walk import Walk
from groove.ngram.play.distribution import Outlook
from groove.ngram.play.heat import Form, Heat, SampleError, cut
from groove.ngram.play.hits import Floats, Ints
from groove.ngram.play.lead import lead_of
from groove.ngram.play.performance import ATTEMPTS, check_length, perform
from groove.ngram.play.plan import FILL_TOP_P, Plan, plan_of
from groove.ngram.play.player import Humanise, Player
from groove.ngram.play.render import Bar

__all__ = ["Form", "Groove", "Heat", "Humanise", "SampleError", "Sampler"]

#: Bars after which a groove goes back to its theme, as drummers do. A model is asked about what it
#: played itself: without a return, each hit left out by chance is a habit some bars later, and a
#: long groove thins out.
PHRASE_BARS = 4
_THEME_BARS = 2
_FILL_MEMORY_BARS = 12


@dataclass(frozen=True)
class Groove:
    """A drawn groove.

    Parameters
    ----------
    form
        Of every bar.
    bars
        Bars of hits.
    symbols
        ``int64[steps]``: set of labels on each step, as a bit mask.
    conditions
        Names of the conditions that it was drawn under; none is any.
    ignored
        Tags asked for that the model does not know.
    fills
        Numbers of the bars, from 0, that were drawn as fills.
    remarks
        What else was done or not done of what was asked for.
    """

    form: Form
    bars: tuple[Bar, ...]
    symbols: NDArray[np.int64]
    conditions: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    fills: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def hits(self) -> int:
        """Number of hits."""
        return sum(len(bar.step) for bar in self.bars)


@dataclass
class _Dice:
    """Draws of single steps. Bars repeat themselves, and with them what is drawn from."""

    outlook: Outlook
    symbols: list[int]
    vectors: dict[tuple[object, ...], Floats] = field(default_factory=dict)
    cuts: dict[tuple[object, ...], tuple[list[int], Floats]] = field(default_factory=dict)

    def throw(
        self,
        walk: Walk,
        conditions: tuple[int, ...],
        temperature: float,
        heat: Heat,
        uniform: float,
    ) -> None:
        """Add the next step to a walk."""
        context = walk.context()
        where = (conditions, *context)
        key = (temperature, heat.top_p, where)
        if key not in self.cuts:
            if where not in self.vectors:
                self.vectors[where] = self.outlook.of(context, conditions)
            outcomes, cumulative = cut(self.vectors[where], temperature, heat)
            self.cuts[key] = outcomes.tolist(), cumulative
        chosen, cumulative = self.cuts[key]
        place = int(cumulative.searchsorted(uniform * cumulative[-1], side="right"))
        walk.push(self.symbols[chosen[min(place, len(chosen) - 1)]])


@dataclass
class Sampler:
    """Draws from one model; keeps what it has looked up, so that long grooves are cheap.

    Parameters
    ----------
    model
        What to draw from.
    """

    model: GrooveModel
    _outlook: Outlook = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._outlook = Outlook(self.model)

    def draw(
        self,
        form: Form,
        bars: int,
        heat: Heat,
        seed: int,
        *,
        condition: Mapping[str, str | None] | None = None,
        like: pd.DataFrame | None = None,
        fill_every: int = 0,
        swing: float | None = None,
        humanise: float | Humanise = 1.0,
    ) -> Groove:
        """Return a groove; the same arguments give the same one.

        Parameters
        ----------
        form
            Meter and grid.
        bars
            How many bars.
        heat
            Temperature and cuts.
        seed
            Of every draw.
        condition
            Tags to play under (:data:`groove.ngram.corpus.conditions.KEYS`). ``None`` takes
            those of the loop that is continued.
        like
            Rows of ``groove_events`` of one loop: the groove goes on from its last bars.
        fill_every
            Every so many bars is a fill; 0 leaves fills to the model.
        swing
            0 (straight) to 1 (triplets); ``None`` as learnt.
        humanise
            0 (quantised) to 2; 1 is as learnt.

        Raises
        ------
        SampleError
            If a value is out of range, the loop has another form, or sixteen grooves in a row
            had no hit (they are drawn again).
        """
        check_length(form, bars)
        lead = lead_of(like, form, self.model.labels) if like is not None else None
        if condition is None:
            condition = lead.tags if lead else {}
        plan = plan_of(self.model, condition, bars, fill_every)
        human = _humanise(humanise)
        random = np.random.default_rng(seed)
        leads = self.model.leads(plan.groove, _triple(form))
        for _ in range(ATTEMPTS):
            before = lead.symbols if lead else _one_of(leads, random)
            symbols = self._symbols(plan, form, heat, before, random)
            if symbols.any():
                break
        else:
            raise SampleError("only silence was drawn: raise the temperature, top-k or top-p")
        player = Player(self.model.expression, plan.groove, human)
        if lead is not None:
            player.hear(lead.hits)
        played, remarks = perform(symbols, form, self.model.labels, player, random, swing)
        names = (self.model.conditions[n] for n in dict.fromkeys(itertools.chain(*plan.conditions)))
        return Groove(
            form=form,
            bars=played,
            symbols=symbols,
            conditions=tuple(names),
            ignored=plan.ignored,
            fills=plan.fills,
            remarks=(*plan.remarks, *remarks),
        )

    def _symbols(
        self, plan: Plan, form: Form, heat: Heat, lead: list[int], random: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return the symbols that follow a lead-in of whole bars."""
        steps = form.steps
        total = len(plan.conditions) * steps
        uniform, other = random.random((2, total)).tolist()
        temperatures = (heat.at(total) * np.repeat(plan.warmth, steps)).tolist()
        fill_heat = dataclasses.replace(heat, top_p=max(heat.top_p, FILL_TOP_P))
        shape = (form.numerator, form.denominator, form.resolution, steps)
        groove = Walk(*shape, lead)
        dice = _Dice(self._outlook, self.model.symbols.tolist())
        drawn: list[int] = []
        for bar, conditions in enumerate(plan.conditions):
            first = bar * steps
            here = range(first, first + steps)
            if bar and bar % PHRASE_BARS == 0:
                groove = Walk(*shape, lead or drawn[: _THEME_BARS * steps])
            if not plan.apart[bar]:
                for at in here:
                    dice.throw(groove, conditions, temperatures[at], heat, uniform[at])
                drawn += groove.symbols[-steps:]
                continue
            # A fill was heard by itself: it starts afresh, and the groove goes on from before it.
            fill = Walk(*shape, ())
            for at in here:
                dice.throw(fill, conditions, max(temperatures[at], 1.0), fill_heat, uniform[at])
            silent = next((i for i, symbol in enumerate(fill.symbols) if symbol), steps)
            # Until it sets in, the groove is played.
            before = Walk(*shape, groove.symbols[-_FILL_MEMORY_BARS * steps :])
            for at in here[:silent]:
                dice.throw(before, plan.groove, temperatures[at], heat, other[at])
            drawn += before.symbols[len(before.symbols) - silent :] + fill.symbols[silent:]
        return np.array(drawn, dtype=np.int64)


def _humanise(amount: float | Humanise) -> Humanise:
    try:
        return amount if isinstance(amount, Humanise) else Humanise(amount)
    except ValueError as error:
        raise SampleError(str(error)) from error


def _triple(form: Form) -> tuple[int, int, int]:
    return form.numerator, form.denominator, form.resolution


def _one_of(leads: Ints, random: np.random.Generator) -> list[int]:
    return list(leads[int(random.integers(len(leads)))].tolist()) if len(leads) else []
