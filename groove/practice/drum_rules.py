"""Drums by rule in any meter, made from its groups, or cut out of the written bars of 4/4.

What belongs here: patterns of meters that have no texts of their own. What does not: playing them
(:mod:`groove.practice.drums`).
"""

from __future__ import annotations

from groove.practice import drum_patterns as dp
from groove.practice.dice import Dice
from groove.practice.meters import STEP, Meter

Hits = list[tuple[float, int, float]]
"""Position in the bar, drum, level (a share of full force)."""

Lines = list[tuple[int, str]]
"""Drums and their texts."""


def written(lines: Lines, meter: Meter, dice: Dice) -> list[Hits]:
    """Return two bars of some texts, cut or repeated to a meter's length.

    Two bars of 2/4 are one text of 4/4. In compound meters a beat of the text is a dotted beat:
    its off-beat falls on the third eighth, its sixteenths are left out.
    """
    bars: list[Hits] = [[], []]
    same = dice.chance(0.5)
    count = len(meter.groups) * 4 if meter.compound else meter.steps
    for drum, text in lines:
        whole = text * 4
        for number, bar in enumerate(bars):
            turns = len(text) > 16 or meter.name == "2/4"
            start = number * count % len(text) if turns else 0
            drawn = dp.strokes(whole[start : start + count], dice)
            if number and same and not turns:
                drawn = [
                    (round(at / STEP), level) for at, struck, level in bars[0] if struck == drum
                ] if not meter.compound else drawn  # fmt: skip
            if meter.compound:
                bar += [
                    (step // 4 * 1.5 + (1.0 if step % 4 else 0.0), drum, level)
                    for step, level in drawn
                    if step % 2 == 0
                ]
            else:
                bar += [(step * STEP, drum, level) for step, level in drawn]
    return bars


def by_rule(meter: Meter, style: dp.DrumStyle, dice: Dice) -> list[Hits]:
    """Return two bars of a pattern in any meter, made from its groups."""
    recipe = dice.weighted({"plain": 5, "waltz": 4, "backs": 4, "free": 3, "bell": 1.5})
    starts, bar = meter.starts, meter.quarters
    heavy = list(meter.strong_starts) if len(meter.groups) > 2 else [0.0]
    light = [start for start in starts if start not in heavy] or [starts[-1]]
    kicks, snares = {0.0}, set(light)
    if recipe == "plain":
        kicks, snares = set(heavy), {dice.pick(light)} if dice.chance(0.4) else set(light[-1:])
    elif recipe == "backs":
        kicks = set(starts[::2])
        snares = set(starts[1::2]) or {starts[-1]}
    elif recipe == "free":
        grid = [step * 0.5 for step in range(int(bar / 0.5))]
        kicks |= {at for at in grid if dice.chance(0.12 + 0.3 * (meter.weight(at) > 0.5))}
        snares = {at for at in grid[1:] if dice.chance(0.06 + 0.3 * (at in light))}
    elif recipe == "bell":
        kicks, snares = {0.0}, set()
    if dice.chance(0.06):  # no bass drum on one
        kicks.discard(0.0)
    ghosts = [(at, style.backbeat, 0.35) for at in _between(meter, 0.25) if dice.chance(0.08)]
    extra_kicks = {at for at in _between(meter, 0.5) if dice.chance(0.12)}
    keeper = _keeper(meter, dice)
    if recipe == "bell":
        keeper += _bell(meter, dice)
    bars: list[Hits] = []
    for number in range(2):
        hits: Hits = [*keeper, *ghosts]
        hits += [(at, dp.KICK, 1.0 if at == 0 else 0.88) for at in sorted(kicks)]
        if number == 1 or dice.chance(0.5):
            hits += [(at, dp.KICK, 0.8) for at in sorted(extra_kicks - kicks)]
        hits += [(at, style.backbeat, 1.0 if recipe != "waltz" else 0.75) for at in sorted(snares)]
        bars.append(hits)
    return bars


def _between(meter: Meter, step: float) -> list[float]:
    count = round(meter.quarters / step)
    return [k * step for k in range(count) if k * step not in meter.starts]


def _keeper(meter: Meter, dice: Dice) -> Hits:
    """Return a timekeeper: on groups, eighths, sixteenths, or off the beat."""
    drum = dice.weighted(
        {dp.CLOSED: 6, dp.RIDE: 3, dp.SHAKER: 1.5, dp.TAMBOURINE: 1, dp.OPEN: 0.5, dp.CONGA: 1}
    )
    rate = dice.weighted(
        {"groups": 2, "eighths": 5, "sixteenths": 1.5, "off": 1, "ride": 1.5, "no": 1}
    )
    if rate == "no":
        return []
    if rate == "groups":
        return [(at, drum, 0.9 if at == 0 else 0.75) for at in meter.starts]
    if rate == "off":
        return [(at, drum, 0.85) for at in _between(meter, 0.5)]
    if rate == "ride":
        skipped = [
            start + group - 0.5 for start, group in zip(meter.starts, meter.groups, strict=True)
        ]
        return [(at, drum, 0.9) for at in meter.starts] + [(at, drum, 0.6) for at in skipped[1:]]
    step = 0.5 if rate == "eighths" else 0.25
    accent = dice.uniform(0.0, 0.4)
    return [
        (k * step, drum, 0.95 - accent * (k * step not in meter.starts))
        for k in range(round(meter.quarters / step))
    ]


def _bell(meter: Meter, dice: Dice) -> Hits:
    """Return an additive bell line of twos and threes in eighths, as of West Africa."""
    drum = dice.pick((dp.COWBELL, dp.AGOGO, dp.CLAVE, dp.BELL))
    at, hits = 0.0, []
    while at < meter.quarters - 1e-9:
        hits.append((at, drum, 1.0 if at == 0 else 0.8))
        at += dice.pick((0.5, 1.0, 1.0, 1.5))
    return hits
