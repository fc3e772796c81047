"""Playing hit by hit: velocities and micro-timing drawn from what was learnt.

A player remembers how the groove was played so far, as :mod:`groove.ngram.play.expression`
describes it, and draws each next hit in that context. How far it lets go is *humanise*:

    velocity = steady + humanise * (drawn - steady)
    offset   = humanise * drawn

where ``steady`` is the label's mean velocity under the condition. At 0 every hit is on the grid
and as loud as its label's others, at 1 it is as learnt, at 2 twice as uneven. What is heard stays
within limits of what its context expects; the memory goes on from what was drawn, so limits and
*humanise* don't build up from hit to hit.

What belongs here: the memory of one performance. What does not: what was learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from groove.ngram.play.expression import (
    LOUDNESSES,
    NEIGHBOURS,
    OFFSET_BINS,
    OFFSET_LEVELS,
    OFFSET_MEMORY,
    OFFSET_TABLES,
    OFFSET_WIDTH,
    PACES,
    VELOCITY_LEVELS,
    VELOCITY_MEMORY,
    VELOCITY_TABLES,
    VELOCITY_WIDTH,
    Expression,
)
from groove.ngram.play.hits import Floats, Hits, Ints, previous
from groove.ngram.play.usual import usual

#: Uniform numbers that one hit takes.
DRAWS = 6
_FAR = 4096
_FARTHEST = 59.9


@dataclass(frozen=True)
class Humanise:
    """How unevenly hits are played.

    Parameters
    ----------
    amount
        0 (quantised, steady) to 2; 1 is as learnt.
    velocity_limit
        Farthest that a velocity is drawn from what its context expects.
    offset_limit_ticks
        The same of an offset, in ticks at 480 to the quarter.

    Raises
    ------
    ValueError
        If a value is out of range, or no number.
    """

    amount: float = 1.0
    velocity_limit: float = 45.0
    offset_limit_ticks: float = 30.0

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= 2:
            raise ValueError("humanise must be between 0 and 2")
        if not (0 <= self.velocity_limit <= 127 and 0 <= self.offset_limit_ticks <= 480):
            raise ValueError("limits of velocity are 0 to 127, those of offsets 0 to 480 ticks")


@dataclass
class Player:
    """One performance.

    Parameters
    ----------
    expression
        What was learnt.
    conditions
        Numbers of the conditions played under; none is any.
    humanise
        How unevenly.
    """

    expression: Expression
    conditions: Sequence[int] = ()
    humanise: Humanise = field(default_factory=Humanise)
    _loud: list[dict[int, list[float]]] = field(default_factory=list, repr=False)
    _late: list[dict[int, list[float]]] = field(default_factory=list, repr=False)
    #: Time and velocity of each label's last hit.
    _last: dict[int, tuple[int, int]] = field(default_factory=dict, repr=False)
    #: Time, velocity, and deviation from the expected offset of the last hit.
    _before: tuple[int, int, float] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._loud = [{} for _ in VELOCITY_MEMORY]
        self._late = [{} for _ in OFFSET_MEMORY]

    def hear(self, hits: Hits) -> None:
        """Take in hits that were played, so that what follows goes on from them."""
        loud, late = self._usual(hits)
        columns = (hits.time, hits.in_bar, hits.label, hits.velocity, hits.offset, loud, late)
        for time, in_bar, label, velocity, offset, base, base_late in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            keys, keys_late = _keys(label, in_bar)
            expected = _expected(self._late, keys_late, OFFSET_MEMORY)
            _remember(self._loud, keys, VELOCITY_MEMORY, velocity - base)
            _remember(self._late, keys_late, OFFSET_MEMORY, offset - base_late)
            self._last[label] = (time, velocity)
            self._before = (time, velocity, offset - base_late - expected)

    def play(self, hits: Hits, random: np.random.Generator) -> tuple[Ints, Floats]:
        """Return (velocity 1..127, offset in ticks) of hits; their own are not looked at."""
        if not len(hits):
            return np.zeros(0, np.int64), np.zeros(0)
        amount = self.humanise.amount
        reach = self.humanise.velocity_limit / max(amount, 1e-6)
        reach_late = self.humanise.offset_limit_ticks / max(amount, 1e-6)
        loud, late = self._usual(hits)
        steady = usual(
            self.expression.velocity_mean, self._served(hits), hits.label, np.full(len(hits), -1)
        )
        tables, means = self.expression.tables, self.expression.means
        by_velocity = [(tables[name], means[name]) for name in VELOCITY_TABLES]
        by_offset = [(tables[name], means[name]) for name in OFFSET_TABLES]
        labels = len(self.expression.flam)
        drawn_velocity, drawn_offset = [], []
        columns = (hits.time, hits.in_bar, hits.place, hits.label, _gap_after(hits), loud, late)
        uniform = random.random((len(hits), DRAWS)).tolist()
        rows = zip(*(column.tolist() for column in columns), uniform, strict=True)
        for time, in_bar, place, label, after, base, base_late, dice in rows:
            keys, keys_late = _keys(label, in_bar)
            before, last = self._last.get(label), self._before
            expected = base + _expected(self._loud, keys, VELOCITY_MEMORY)
            at = label * VELOCITY_LEVELS + int(min(max(expected, 0.0), 127.9)) // 8
            pace = _pace(time - before[0]) * 4 if before else 12
            company = last[1] // 16 + 1 if last and last[0] == time else 0
            contexts = (
                at * PACES + pace + _pace(after),
                at * LOUDNESSES + (before[1] // 16 + 1 if before else 0),
                at * LOUDNESSES + company,
            )
            bin_, centre = _drawn(by_velocity, contexts, dice[0], dice[1])
            velocity = max(bin_ * VELOCITY_WIDTH + int(dice[2] * VELOCITY_WIDTH), 1)
            drawn_velocity.append(min(max(velocity, centre - reach), centre + reach))

            expected = base_late + _expected(self._late, keys_late, OFFSET_MEMORY)
            level = int(min(max(expected, -_FARTHEST), _FARTHEST) + 60) // 8
            neighbour = NEIGHBOURS - 1
            if last:
                off = int(min(max(last[2], -_FARTHEST), _FARTHEST) + 60)
                neighbour = off // 8 + 1 if last[0] == time else 16 + off // 12
            contexts_late = (
                (neighbour * OFFSET_LEVELS + level) * labels + label,
                (place * OFFSET_LEVELS + level) * NEIGHBOURS + neighbour,
            )
            bin_, centre = _drawn(by_offset, contexts_late, dice[3], dice[4])
            offset = (bin_ - OFFSET_BINS // 2 + dice[5] - 0.5) * OFFSET_WIDTH
            drawn_offset.append(min(max(offset, centre - reach_late), centre + reach_late))

            _remember(self._loud, keys, VELOCITY_MEMORY, velocity - base)
            _remember(self._late, keys_late, OFFSET_MEMORY, offset - base_late)
            self._last[label] = (time, velocity)
            self._before = (time, velocity, offset - expected)
        played = steady + amount * (np.array(drawn_velocity) - steady)
        offsets = np.rint(amount * np.array(drawn_offset)) + 0.0
        return np.clip(np.rint(played), 1, 127).astype(np.int64), offsets

    def _served(self, hits: Hits) -> Ints:
        given = [number for number in self.conditions if number > 0] or [-1]
        return np.tile(np.array(given, dtype=np.int64), (len(hits), 1))

    def _usual(self, hits: Hits) -> tuple[Floats, Floats]:
        served = self._served(hits)
        return (
            usual(self.expression.velocity_mean, served, hits.label, hits.place),
            usual(self.expression.offset_mean, served, hits.label, hits.place),
        )


def _keys(label: int, in_bar: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the keys of the running means of velocity and of offset."""
    in_quarter = in_bar % 48
    of_label = label << 24
    return (0, of_label, of_label | in_quarter, of_label | in_bar), (
        0,
        in_quarter,
        of_label | in_quarter,
    )


def _expected(
    means: Sequence[dict[int, list[float]]],
    keys: Sequence[int],
    memory: Sequence[tuple[float, float]],
) -> float:
    """Return the running means stacked, each shrunk towards the one before."""
    expected = 0.0
    for place, key in enumerate(keys):
        found = means[place].get(key)
        if found is not None:
            strength = memory[place][1]
            expected = (found[0] + strength * expected) / (found[1] + strength)
    return expected


def _remember(
    means: Sequence[dict[int, list[float]]],
    keys: Sequence[int],
    memory: Sequence[tuple[float, float]],
    value: float,
) -> None:
    for place, key in enumerate(keys):
        found = means[place].get(key)
        if found is None:
            means[place][key] = [value, 1.0]
        else:
            decay = memory[place][0]
            found[0] = found[0] * decay + value
            found[1] = found[1] * decay + 1.0


def _drawn(
    pairs: Sequence[tuple[Floats, Floats]],
    rows: Sequence[int],
    choice: float,
    uniform: float,
) -> tuple[int, float]:
    """Return (a bin from one of the histograms, the mean of all of them)."""
    centre = 0.0
    for (_, means), row in zip(pairs, rows, strict=True):
        centre += means.item(row)
    which = int(choice * len(rows))
    shares = pairs[which][0][rows[which]]
    # The last share is 1 but for rounding.
    return min(int(shares.searchsorted(uniform, side="right")), len(shares) - 1), centre / len(rows)


def _pace(gap: int) -> int:
    return (gap >= 1) + (gap >= 13) + (gap >= 25)


def _gap_after(hits: Hits) -> Ints:
    before = previous(hits.label)
    gap = np.full(len(hits), _FAR, dtype=np.int64)
    known = np.flatnonzero(before >= 0)
    gap[before[known]] = hits.time[known] - hits.time[before[known]]
    return gap
