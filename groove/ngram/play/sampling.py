"""Drawing grooves from the model.

A groove is led in by two bars of the style that are not part of it (:mod:`groove.ngram.language.forms`).
Steps are drawn one after the other from the model's probabilities given all earlier ones: raised
to ``1 / temperature`` and scaled, then cut to the ``top_k`` likeliest, then to the fewest that
hold ``top_p`` (the one that crosses it stays). Only sets of labels heard in training are drawn.
Then every hit gets a velocity and a micro-timing, drawn from what was learnt at its place.

What belongs here: drawing. What does not: scoring (:mod:`groove.ngram.language.model`), MIDI
(:mod:`groove.ngram.play.render`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from groove.ngram.language.context import (
    FEATURE_BITS,
    FEATURES,
    first_bar_feature,
    place_feature,
    position_feature,
)
from groove.ngram.language.model import Floats, GrooveModel, Level
from groove.ngram.play.render import OFFSET_TICKS, Bar

_ATTEMPTS = 16
_FLAM_TICKS = 12


class SampleError(ValueError):
    """A groove that cannot be drawn. The message says why."""


@dataclass(frozen=True)
class Form:
    """The form of every bar of a groove."""

    numerator: int
    denominator: int
    resolution: int

    @property
    def quarters(self) -> float:
        """Quarter notes in a bar."""
        return 4.0 * self.numerator / self.denominator

    @property
    def steps(self) -> int:
        """Steps in a bar."""
        return max(1, int(np.ceil(self.quarters * self.resolution - 1e-6)))


@dataclass(frozen=True)
class Heat:
    """How freely to draw.

    Parameters
    ----------
    temperature, end
        At the first and the last step, linear between; above 0.
    top_k, top_p
        Cuts; 0 and 1 cut nothing.
    """

    temperature: float = 1.0
    end: float | None = None
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        ends = [self.temperature, *([] if self.end is None else [self.end])]
        if not all(math.isfinite(end) and end > 0 for end in ends):
            raise SampleError("a temperature must be above 0, and a number")
        if self.top_k < 0 or not 0 < self.top_p <= 1:
            raise SampleError("top-k must be 0 or more and top-p above 0 and at most 1")

    def at(self, steps: int) -> Floats:
        """Return the temperature of each of ``steps`` steps."""
        return np.linspace(self.temperature, self.end or self.temperature, steps)


@dataclass(frozen=True)
class Groove:
    """A drawn groove: its bars, and its symbols step by step."""

    bars: tuple[Bar, ...]
    symbols: NDArray[np.int64]

    @property
    def hits(self) -> int:
        """Number of hits."""
        return sum(len(bar.step) for bar in self.bars)


@dataclass
class Sampler:
    """Draws from one model; keeps what it has looked up, so that long grooves are cheap.

    Parameters
    ----------
    model
        What to draw from.
    """

    model: GrooveModel
    _vectors: dict[tuple[int, int, int, int], Floats] = field(default_factory=dict, repr=False)

    def draw(self, style: str | None, form: Form, bars: int, heat: Heat, seed: int) -> Groove:
        """Return a groove; the same arguments give the same one.

        Parameters
        ----------
        style
            A style of the model; empty or ``None`` for any.
        form
            Meter and grid.
        bars
            How many bars.
        heat
            Temperature and cuts.
        seed
            Of every draw.

        Raises
        ------
        KeyError
            If the model has never heard the style.
        SampleError
            If sixteen grooves in a row had no hit (they are drawn again).
        """
        number = self.model.style_number(style)
        random = np.random.default_rng(seed)
        leads = self.model.leads(style, (form.numerator, form.denominator, form.resolution))
        for _ in range(_ATTEMPTS):
            lead: list[int] = leads[int(random.integers(len(leads)))].tolist() if len(leads) else []
            symbols = self._symbols(number, form, bars, heat, lead, random)
            if symbols.any():
                return Groove(self._play(symbols, form, random), symbols)
        raise SampleError("nothing but silence was drawn: raise the temperature, top-k or top-p")

    def _symbols(
        self,
        style: int,
        form: Form,
        bars: int,
        heat: Heat,
        lead: list[int],
        random: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Return the symbols that follow a lead-in of whole bars."""
        known = self.model.symbols
        steps = form.steps
        total = bars * steps
        static = _static_features(form)
        uniform = random.random(total)
        temperatures = heat.at(total)
        cuts: dict[tuple[float, ...], tuple[NDArray[np.int64], Floats]] = {}
        columns = sorted(
            {c for chain in self.model.chains for c in chain.columns[: self.model.order]}
        )
        drawn = list(lead)
        for index in range(total):
            now = len(drawn)
            context = {c: _feature(FEATURES[c], drawn, now, steps, static) for c in columns}
            temperature = float(temperatures[index])
            key = (temperature, *context.values())
            if key not in cuts:
                cuts[key] = _cut(self._distribution(context, style), temperature, heat)
            outcomes, cumulative = cuts[key]
            place = int(np.searchsorted(cumulative, uniform[index] * cumulative[-1], side="right"))
            drawn.append(int(known[outcomes[min(place, len(outcomes) - 1)]]))
        return np.array(drawn[len(lead) :], dtype=np.int64)

    def _distribution(self, context: Mapping[int, int], style: int) -> Floats:
        """Return the probability of every known symbol; ``context`` is by column of features."""
        vectors = [
            chain.weight * self._along(number, context, style)
            for number, chain in enumerate(self.model.chains)
        ]
        return np.asarray(np.sum(vectors, axis=0))

    def _along(self, number: int, context: Mapping[int, int], style: int) -> Floats:
        """Return one chain's probability of every known symbol."""
        chain, share, node = self.model.chains[number], self.model.share, 0
        general = self._vector(number, 0, 0, -1, self._base)
        styled = general
        if style >= 0:
            mixed = share * self._base + (1 - share) * general
            styled = self._vector(number, 0, 0, style, mixed)
        for k, column in enumerate(chain.columns[: self.model.order], start=1):
            node = _child(chain.any_style[k], node << FEATURE_BITS | context[column])
            if node < 0:
                break
            general = self._vector(number, k, node, -1, general)
            if style >= 0:
                mixed = share * styled + (1 - share) * general
                styled = self._vector(number, k, node, style, mixed)
        return styled if style >= 0 else general

    @property
    def _base(self) -> Floats:
        key = (-1, 0, 0, 0)
        if key not in self._vectors:
            self._vectors[key] = self.model.unseen(self.model.symbols)
        return self._vectors[key]

    def _vector(self, number: int, k: int, node: int, style: int, shorter: Floats) -> Floats:
        """Return the distribution at a context, given the one it backs off to."""
        key = (number, k, node, style)
        if key not in self._vectors:
            chain = self.model.chains[number]
            level, at = chain.any_style[k], node
            if style >= 0:
                level = chain.by_style[k]
                at = _child(level, node << FEATURE_BITS | style)
            if at < 0:
                return shorter
            mine = slice(int(level.first[at]), int(level.first[at + 1]))
            vector = level.rest[at] * shorter
            places = self.model.symbols.searchsorted(level.symbol[mine])
            vector[places] += level.probability[mine]
            self._vectors[key] = vector
        return self._vectors[key]

    def _play(
        self, symbols: NDArray[np.int64], form: Form, random: np.random.Generator
    ) -> tuple[Bar, ...]:
        """Return bars with velocities and micro-timing."""
        expression = self.model.expression
        at, label = np.nonzero(symbols[:, None] >> np.arange(len(self.model.labels)) & 1)
        again = np.flatnonzero(random.random(len(at)) < expression.flam[label])
        first = np.concatenate([np.arange(len(at)), again])
        at, label = at[first], label[first]
        step = at % form.steps
        size = np.full_like(step, form.resolution)
        numerator, denominator = (
            np.full_like(step, form.numerator),
            np.full_like(step, form.denominator),
        )
        row = expression.row(position_feature(step, size, numerator, denominator))
        velocity, offset = expression.draw(row, label, random)
        half = OFFSET_TICKS / form.resolution / 2
        offset = np.clip(offset, -half, half)
        # The second stroke of a flam is only heard as one at a distance.
        near = np.abs(offset - offset[first]) < _FLAM_TICKS
        kept = np.flatnonzero((np.arange(len(at)) == first) | ~near)
        order = kept[np.lexsort((offset[kept], label[kept], at[kept]))]
        bar = at[order] // form.steps
        edges = np.searchsorted(bar, np.arange(len(symbols) // form.steps + 1))
        return tuple(
            Bar(
                numerator=form.numerator,
                denominator=form.denominator,
                quarters=form.quarters,
                resolution=form.resolution,
                step=step[part],
                label=label[part],
                velocity=velocity[part],
                offset_ticks=offset[part],
            )
            for part in (order[a:b] for a, b in itertools.pairwise(edges))
        )


def _child(level: Level, key: int) -> int:
    at = int(level.keys.searchsorted(key))
    return at if at < len(level.keys) and level.keys[at] == key else -1


def _static_features(form: Form) -> dict[str, list[int]]:
    """Return the features that hang on the step alone."""
    step = np.arange(form.steps)
    rest = (
        np.full_like(step, form.resolution),
        np.full_like(step, form.numerator),
        np.full_like(step, form.denominator),
    )
    return {
        "place": place_feature(step, rest[0]).tolist(),
        "position": position_feature(step, *rest).tolist(),
        "bar": first_bar_feature(step, *rest).tolist(),
    }


def _feature(
    name: str, drawn: list[int], index: int, steps: int, static: dict[str, list[int]]
) -> int:
    """Return one context feature; the counterpart of :func:`context.features_of`."""
    step = index % steps
    if name in ("place", "position"):
        return static[name][step]
    if name == "bar":
        return drawn[index - steps] + 1 if index >= steps else static[name][step]
    if name == "bar2":
        return drawn[index - 2 * steps] + 1 if index >= 2 * steps else 0
    back = int(name.removeprefix("back"))
    return drawn[index - back] + 1 if index >= back else 0


def _cut(probability: Floats, temperature: float, heat: Heat) -> tuple[NDArray[np.int64], Floats]:
    """Return (outcomes that may be drawn, their cumulative weights)."""
    if temperature != 1.0:
        probability = (probability / probability.max()) ** (1.0 / temperature)
    probability = probability / probability.sum()
    outcomes = np.arange(len(probability))
    if heat.top_k and heat.top_k < len(outcomes):
        outcomes = np.argsort(-probability, kind="stable")[: heat.top_k]
    if heat.top_p < 1:
        kept = probability[outcomes]
        # What is smaller than this can hold no more than 1 - top_p altogether.
        large = kept >= (1 - heat.top_p) / len(outcomes) * kept.sum()
        outcomes, whole = outcomes[large], kept.sum()
        outcomes = outcomes[np.argsort(-probability[outcomes], kind="stable")]
        held = np.cumsum(probability[outcomes])
        outcomes = outcomes[: int(np.searchsorted(held, heat.top_p * whole)) + 1]
    return outcomes, np.cumsum(probability[outcomes])
