"""Comping: chords as blocks, strums, arpeggios, skanks, pads and stabs.

What belongs here: parts that play whole chords or break them. What does not: bass
(:mod:`groove.practice.bass`) and tunes (:mod:`groove.practice.melody`).
"""

from __future__ import annotations

from itertools import pairwise

from groove.practice.dice import Dice
from groove.practice.harmony import voiced
from groove.practice.meters import Meter
from groove.practice.score import Bar, Note, Section

Strokes = list[tuple[float, float, float]]
"""Position in the bar, length, level."""

BROKEN = frozenset({"arpeggio", "arpeggio16", "alberti", "picking", "ostinato"})
_PUSHING = frozenset({"block", "strum", "keys", "stabs", "charleston", "whole"})
#: Kinds that are never the same in two bars.
_VARIED = frozenset({"conversation"})
_STRUM_LAG = 0.018


def play_chords(section: Section, kind: str, centre: int, dice: Dice) -> list[Note]:
    """Return the notes of a section.

    Parameters
    ----------
    kind
        One of :data:`KINDS`.
    centre
        Pitch that chords lie around.
    """
    own = dice.fork("comp", kind, section.seed)
    push = kind in _PUSHING and own.chance(0.2)
    size = own.pick((3, 3, 4))
    depth = own.uniform(0.0, 0.3) if kind != "flat" else 0.0
    force = 52 + 34 * section.energy
    found: list[Note] = []
    rhythms: dict[str, Strokes] = {}
    for bar in section.bars:
        name = f"{bar.meter.name}{bar.meter.groups}"
        if kind in _VARIED:
            name += f" {bar.place}"
        if kind in BROKEN:
            found += _broken(bar, kind, centre, force, own.fork(name))
            continue
        if name not in rhythms:
            rhythms[name] = rhythm_of(kind, bar.meter, own.fork(name))
        strokes = _with_changes(rhythms[name], bar, kind)
        for position, length, level in strokes:
            chord = bar.chord_at(position)
            at = bar.start + position
            if push and position == 0 and bar.start >= 0.5 and bar.place > 0:
                at, length = at - 0.5, length + 0.5  # noqa: PLW2901  # the same stroke, early
            weight = 1 - depth + depth * bar.meter.weight(position)
            lag = _STRUM_LAG if kind == "strum" else 0.0
            for k, pitch in enumerate(voiced(chord, centre, size)):
                found.append((at + k * lag, length - k * lag, pitch, force * level * weight))
    return found


def _with_changes(strokes: Strokes, bar: Bar, kind: str) -> Strokes:
    """Return held chords cut where the bar's harmony changes, so that none is held on."""
    if kind not in {"whole", "swell"} or len(bar.chords) == 1:
        return strokes
    edges = [*(at for at, _ in bar.chords), bar.meter.quarters]
    return [(at, (end - at) * 0.97, 0.9) for at, end in pairwise(edges)]


def rhythm_of(kind: str, meter: Meter, dice: Dice) -> Strokes:
    """Return when a bar's chords are struck.

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    return _RHYTHMS[kind](meter, dice)


def _whole(meter: Meter, _: Dice) -> Strokes:
    return [(0.0, meter.quarters * 0.98, 0.9)]


def _swell(meter: Meter, _: Dice) -> Strokes:
    return [(0.0, meter.quarters * 1.02, 0.75)]


def _block(meter: Meter, dice: Dice) -> Strokes:
    places = meter.starts if dice.chance(0.7) else meter.strong_starts
    hold = dice.pick((0.4, 0.8, 0.95))
    return [(at, hold, 1.0 if at == 0 else 0.85) for at in places]


def _pulse(meter: Meter, dice: Dice) -> Strokes:
    hold = dice.pick((0.2, 0.4))
    return [(k * 0.5, hold, 0.85) for k in range(round(meter.quarters * 2))]


def _oompah(meter: Meter, _: Dice) -> Strokes:
    """Return chords on every group but the first of each half: oom-pah, oom-pah-pah."""
    light = [at for at in meter.starts if at not in meter.strong_starts] or [meter.starts[-1]]
    if meter.compound:
        return [(start + k * 0.5, 0.3, 0.8) for start in meter.starts for k in (1, 2)]
    return [(at, 0.45, 0.85) for at in light]


def _skank(meter: Meter, dice: Dice) -> Strokes:
    hold = dice.pick((0.15, 0.3))
    if not meter.simple:
        return [(at + 0.5, hold, 0.9) for at in meter.starts]
    places = [at + 0.5 for at in meter.starts]
    if dice.chance(0.4):
        places = list(meter.starts[1::2])  # on two and four, as one-drop guitars
    return [(at, hold, 0.95) for at in places]


def _strum(meter: Meter, dice: Dice) -> Strokes:
    """Return down strokes on beats and up strokes between, some left out, held over."""
    places = [(0.0, 1.0)] if dice.chance(0.95) else []
    for k in range(1, round(meter.quarters * 2)):
        at = k * 0.5
        on = at in meter.starts
        if dice.chance(0.75 if on else 0.55):
            places.append((at, 0.95 if on else 0.7))
    if dice.chance(0.25) and not meter.compound:
        places += [(at + 0.25, 0.5) for at, _ in places if dice.chance(0.3)]
    places = sorted(places) or [(0.0, 1.0)]
    ends = [*(at for at, _ in places[1:]), meter.quarters]
    return [(at, (end - at) * 0.95, level) for (at, level), end in zip(places, ends, strict=True)]


def _keys(meter: Meter, dice: Dice) -> Strokes:
    """Return a syncopated figure of a few chords."""
    step = dice.pick((0.5, 0.5, 0.25)) if not meter.compound else 0.5
    count = round(meter.quarters / step)
    places = {0} if dice.chance(0.7) else set()
    places |= {dice.integer(0, count - 1) for _ in range(dice.integer(2, 5))}
    hold = dice.uniform(0.3, 1.0)
    ordered = sorted(places)
    ends = [*ordered[1:], count]
    return [
        (a * step, max((b - a) * step * hold, 0.1), 0.9) for a, b in zip(ordered, ends, strict=True)
    ]


def _charleston(meter: Meter, dice: Dice) -> Strokes:
    shift = dice.pick((0.0, 0.0, 0.5, 1.0))
    spots = [(shift, 0.6, 0.9), (shift + 1.5, 0.35, 0.85)]
    return [spot for spot in spots if spot[0] < meter.quarters]


def _stabs(meter: Meter, dice: Dice) -> Strokes:
    places = {dice.pick((0.0, 0.0, 0.5, 0.75, 1.5)), dice.pick((1.5, 2.0, 2.5, 2.75, 3.5))}
    return [(at, 0.2, 1.0) for at in sorted(places) if at < meter.quarters] or [(0.0, 0.2, 1.0)]


def _flat(meter: Meter, dice: Dice) -> Strokes:
    """Return chords of one loudness throughout: where the bar starts their changes alone say."""
    step = dice.pick((0.5, 0.5, 1.0, 0.25)) if not meter.compound else 0.5
    hold = dice.pick((0.3, 0.6, 0.95))
    return [(k * step, step * hold, 0.9) for k in range(max(1, round(meter.quarters / step)))]


def _conversation(meter: Meter, dice: Dice) -> Strokes:
    """Return a pianist's answers: few, anywhere, short and long."""
    places = [k * 0.5 for k in range(round(meter.quarters * 2)) if dice.chance(0.22)]
    return [(at, dice.pick((0.2, 0.2, 0.45, 1.2)), dice.uniform(0.7, 1.0)) for at in places]


def _montuno(meter: Meter, _: Dice) -> Strokes:
    if meter.name != "4/4":
        return _skank(meter, _)
    return [(at, 0.4, 0.9) for at in (0.0, 0.5, 1.5, 2.5, 3.5)]


def _chug(meter: Meter, dice: Dice) -> Strokes:
    step = dice.pick((0.5, 0.5, 0.25))
    if meter.compound:
        step = 0.5
    return [
        (k * step, step * 0.8, 1.0 if k * step in meter.starts else 0.75)
        for k in range(round(meter.quarters / step))
        if k == 0 or dice.chance(0.85)
    ]


def _bars_rest(meter: Meter, dice: Dice) -> Strokes:
    """Return one chord late in the bar, or on two and four: no help on one."""
    back = list(meter.starts[1::2]) or [meter.starts[-1]]
    return [(at, dice.pick((0.3, 0.9)), 0.95) for at in back]


def _broken(bar: Bar, kind: str, centre: int, force: float, dice: Dice) -> list[Note]:
    """Return one bar of a broken chord."""
    meter = bar.meter
    step = 0.25 if kind == "arpeggio16" and not meter.compound else 0.5
    size = dice.pick((3, 4, 6))
    order = dice.pick(("up", "down", "updown", "mixed"))
    hold = dice.pick((0.9, 0.9, 2.0))
    found: list[Note] = []
    for k in range(round(meter.quarters / step)):
        at = k * step
        tones = voiced(bar.chord_at(at), centre, 4)
        tones = [*tones, *(tone + 12 for tone in tones)][: max(size, 3)]
        place = _place(kind, order, k, len(tones), meter, at)
        if place is None:
            continue
        level = 0.8 + 0.2 * meter.weight(at)
        found.append((bar.start + at, step * hold, tones[place % len(tones)], force * level))
    return found


def _place(kind: str, order: str, k: int, size: int, meter: Meter, at: float) -> int | None:
    """Return which tone comes ``k``-th, or None for a rest."""
    if kind == "ostinato":  # three against the bar: it comes round where bars don't
        return (0, 2, 1)[k % 3]
    start = max(s for s in meter.starts if s <= at + 1e-9)
    inside = round((at - start) * 2)
    if kind == "alberti":
        return (0, 2, 1, 2)[k % 4] if not meter.compound else (0, 1, 2)[inside % 3]
    if kind == "picking":
        return (0, 2, 1, 3)[k % 4] if inside % 2 == 0 or k % 3 else (2 if k % 2 else None)
    if order == "up":
        return k % size
    if order == "down":
        return size - 1 - k % size
    if order == "updown":
        turn = k % max(2 * size - 2, 1)
        return turn if turn < size else 2 * size - 2 - turn
    return (0, 2, 1, 3, 2, 1)[k % 6] % size


_RHYTHMS = {
    "whole": _whole, "swell": _swell, "block": _block, "pulse": _pulse, "oompah": _oompah,
    "skank": _skank, "strum": _strum, "keys": _keys, "charleston": _charleston, "stabs": _stabs,
    "montuno": _montuno, "chug": _chug, "backs": _bars_rest, "flat": _flat,
    "conversation": _conversation,
}  # fmt: skip
KINDS = (*_RHYTHMS, *sorted(BROKEN))
