"""From sets of labels to bars of hits: how what was drawn is played, whatever drew it.

What belongs here: strokes, flams, velocities and micro-timing of a groove, and its bars. What does
not: which labels are struck (:mod:`groove.ngram.play.sampling`, :mod:`groove.ngram.neural.sampling`),
where velocity and timing come from (:mod:`groove.ngram.play.player`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from groove.ngram.corpus.alphabets import alphabet_of
from groove.ngram.play.heat import Form, SampleError
from groove.ngram.play.hits import UNITS, Floats, Hits, Ints, places_of
from groove.ngram.play.player import Player
from groove.ngram.play.render import OFFSET_TICKS, Bar
from groove.ngram.play.swing import swung

#: Draws before a groove without a hit is given up.
ATTEMPTS = 16
MOST_STEPS = 1 << 20
_FLAM_TICKS = 12


def check_length(form: Form, bars: int) -> None:
    """Raise :class:`SampleError` unless a groove may have so many bars."""
    if bars < 1 or bars * form.steps > MOST_STEPS:
        raise SampleError(f"a groove has 1 to {MOST_STEPS // form.steps:,} bars of this meter")


def first_form(
    listings: Iterable[Sequence[Mapping[str, Any]]], meter: str | None = None
) -> tuple[Form, float]:
    """Return the first form of a meter, and its tempo in quarters a minute.

    Parameters
    ----------
    listings
        Forms of a card, those of the most specific condition first, those of any loop last.
    meter
        ``"3/4"``; ``None`` takes any.

    Raises
    ------
    SampleError
        If no training loop was in that meter.
    """
    known: list[str] = []
    for forms in listings:
        found = [Form(one["numerator"], one["denominator"], one["resolution"]) for one in forms]
        for form, one in zip(found, forms, strict=True):
            if meter in (None, form.meter):
                return form, float(one["tempo_bpm"])
        known = sorted({form.meter for form in found})
    raise SampleError(f"no training loop is in {meter}; the model knows {', '.join(known)}")


def perform(
    symbols: Ints,
    form: Form,
    labels: Sequence[str],
    player: Player,
    random: np.random.Generator,
    swing: float | None = None,
) -> tuple[tuple[Bar, ...], tuple[str, ...]]:
    """Return (bars with velocities, micro-timing and flams, remarks).

    Parameters
    ----------
    symbols
        Set of labels on each step of whole bars, as a bit mask.
    form
        Of every bar.
    labels
        Names by bit.
    player
        Who plays.
    random
        Of flams and of the player.
    swing
        0 (straight) to 1 (triplets); ``None`` as learnt.
    """
    at, label = np.nonzero(symbols[:, None] >> np.arange(len(labels)) & 1)
    times = 1 + (random.random(len(at)) < player.expression.flam[label])
    first = np.repeat(np.arange(len(at)), times)
    second = np.diff(first, prepend=-1) == 0
    at, label = at[first], label[first]
    velocity, offset = player.play(_hits(at, label, form), random)
    velocity = alphabet_of(labels).clipped(label, velocity)
    half = OFFSET_TICKS / form.resolution / 2
    offset = np.clip(offset, -half, half)
    # The second stroke of a flam is only heard as one at a distance.
    kept = ~(second & (np.abs(offset - np.roll(offset, 1)) < _FLAM_TICKS))
    at, label, velocity, offset = at[kept], label[kept], velocity[kept], offset[kept]
    remarks: tuple[str, ...] = ()
    if swing is not None:
        offset, done = swung(form, at, offset, swing)
        remarks = (done,)
    return _bars(at, label, velocity, offset, form, len(symbols) // form.steps), remarks


def _bars(
    at: Ints, label: Ints, velocity: Ints, offset: Floats, form: Form, bars: int
) -> tuple[Bar, ...]:
    order = np.lexsort((offset, label, at))
    edges = np.searchsorted(at[order], np.arange(bars + 1) * form.steps)
    return tuple(
        Bar(
            numerator=form.numerator,
            denominator=form.denominator,
            quarters=form.quarters,
            resolution=form.resolution,
            step=at[part] % form.steps,
            label=label[part],
            velocity=velocity[part],
            offset_ticks=offset[part],
        )
        for part in (order[a:b] for a, b in itertools.pairwise(edges))
    )


def _hits(at: Ints, label: Ints, form: Form) -> Hits:
    """Return strokes on steps of the groove as hits, not played yet."""
    in_bar, in_quarter, place = places_of(at % form.steps, np.full_like(at, form.resolution))
    bar = at // form.steps
    return Hits(
        loop=np.zeros_like(at),
        row=bar,
        time=bar * round(UNITS * form.quarters) + in_bar,
        in_bar=in_bar,
        in_quarter=in_quarter,
        place=place,
        label=label,
        velocity=np.zeros_like(at),
        offset=np.zeros(len(at)),
    )
