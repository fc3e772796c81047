"""Bass lines: where the root falls, and what goes on between.

What belongs here: the lowest part's notes. What does not: chords (:mod:`groove.practice.harmony`).
"""

from __future__ import annotations

from itertools import pairwise

from groove.midi.theory import at_least
from groove.practice.dice import Dice
from groove.practice.harmony import Chord, Key
from groove.practice.meters import Meter
from groove.practice.score import Bar, Note, Section

Line = list[tuple[float, float, str]]
"""Position in the bar, length, and what: ``1`` root, ``5`` fifth, ``8`` octave, ``>`` on the way to
the next chord, ``+`` the coming root, ``3`` third, ``p`` the pedal."""


def line_of(kind: str, meter: Meter, dice: Dice) -> Line:
    """Return a bar's line of a kind.

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    return _KINDS[kind](meter, dice)


def play_bass(section: Section, kind: str, key: Key, low: int, dice: Dice) -> list[Note]:
    """Return the notes of a section.

    Parameters
    ----------
    low
        Lowest pitch.
    """
    lines: dict[str, list[Line]] = {}
    found: list[Note] = []
    force = 70 + 30 * section.energy
    turn = dice.fork("bass", section.bars[0].start)
    for bar in section.bars:
        name = f"{bar.meter.name}{bar.meter.groups}"
        if name not in lines:
            drawn = dice.fork("line", section.seed, name)
            first = line_of(kind, bar.meter, drawn)
            lines[name] = [first, first if drawn.chance(0.6) else line_of(kind, bar.meter, drawn)]
        line = lines[name][bar.place % 2]
        onsets = {position for position, _, _ in line}
        # A chord that changes where the line has nothing gets its root, but for lines that push.
        if kind not in {"tumbao", "offbeat", "pedal", "dub"}:
            line = line + [(at, 0.5, "1") for at, _ in bar.chords[1:] if at not in onsets]
        for position, length, what in line:
            pitch = _pitch(what, bar, position, key, low, turn)
            accent = 0.9 + 0.1 * bar.meter.weight(position)
            found.append((bar.start + position, length, pitch, force * accent))
    return found


def with_kick(section: Section, kicks: list[float], low: int, dice: Dice) -> list[Note]:
    """Return a bass that plays where the bass drum does, held to its next stroke or cut short.

    Parameters
    ----------
    kicks
        Where the bass drum is struck in the section, quarters from the song's start.
    """
    gate = dice.fork("gate", section.seed).pick((0.3, 0.6, 0.95))
    force = 70 + 30 * section.energy
    found: list[Note] = []
    for bar in section.bars:
        places = [at for at in kicks if bar.start - 0.01 <= at < bar.end - 0.01]
        for at, after in pairwise([*places, bar.end]):
            pitch = at_least(bar.chord_at(at - bar.start).bass, low)
            found.append((at, max((after - at) * gate, 0.1), pitch, force))
    return found


def _pitch(what: str, bar: Bar, position: float, key: Key, low: int, dice: Dice) -> int:
    chord = bar.chord_at(position)
    if what == "+":
        return at_least(bar.coming.bass, low)
    root = at_least(chord.bass, low)
    if what == "p":
        return at_least(key.tonic, low)
    if what == "5":
        return at_least(chord.fifth(), low)
    if what == "8":
        return root + 12
    if what == "3":
        return at_least(chord.classes[1 % len(chord.classes)], low)
    if what == ">":
        return _towards(bar.coming, low, dice)
    return root


def _towards(coming: Chord, low: int, dice: Dice) -> int:
    """Return a note a step under or over the coming root, or its fifth."""
    step = dice.pick((-1, 1, -2, 2, 7))
    return max(at_least(coming.bass, low) + step, low - 2)


def _whole(meter: Meter, _: Dice) -> Line:
    return [(0.0, meter.quarters * 0.95, "1")]


def _groups(meter: Meter, dice: Dice) -> Line:
    places = meter.starts if dice.chance(0.5) else meter.strong_starts
    edges = [*places, meter.quarters]
    return [(at, (end - at) * 0.9, "1") for at, end in pairwise(edges)]


def _fifths(meter: Meter, _: Dice) -> Line:
    if len(meter.strong) > 1:
        return [(at, 0.9, "5" if k % 2 else "1") for k, at in enumerate(meter.strong_starts)]
    if len(meter.groups) == 3:
        return [(0.0, 0.9, "1")]
    return [(at, 0.8, "5" if k % 2 else "1") for k, at in enumerate(meter.starts)]


def _eighths(meter: Meter, dice: Dice) -> Line:
    length = dice.pick((0.25, 0.42, 0.48))
    return [(k * 0.5, length, "1") for k in range(round(meter.quarters * 2))]


def _octaves(meter: Meter, _: Dice) -> Line:
    return [(k * 0.5, 0.35, "8" if k % 2 else "1") for k in range(round(meter.quarters * 2))]


def _offbeat(meter: Meter, dice: Dice) -> Line:
    if not meter.simple:
        return [(at, 0.4, "1") for at in _light(meter)]
    line = [(at + 0.5, 0.4, "1") for at in meter.starts]
    if dice.chance(0.3):
        line += [(at + 0.75, 0.2, "8") for at in meter.starts]
    return line


def _light(meter: Meter) -> list[float]:
    return [k * 0.5 for k in range(round(meter.quarters * 2)) if k * 0.5 not in meter.starts]


def _walking(meter: Meter, dice: Dice) -> Line:
    line: Line = []
    for k, at in enumerate(meter.starts):
        last = k == len(meter.starts) - 1
        what = "1" if k == 0 else ">" if last else dice.pick(("3", "5", "8", "5"))
        line.append((at, meter.groups[k] * 0.9, what))
        if dice.chance(0.07):
            line.append((at + meter.groups[k] - 0.5, 0.4, what))
    return line


def _syncopated(meter: Meter, dice: Dice) -> Line:
    """Return a line in sixteenths or eighths, on one most of the time."""
    step = 0.25 if dice.chance(0.5) and not meter.compound else 0.5
    line: Line = [(0.0, step * 1.5, "1")] if dice.chance(0.92) else []
    for k in range(1, round(meter.quarters / step)):
        at = k * step
        heavy = meter.weight(at) > 0.5
        if dice.chance(0.33 if heavy else 0.3 if step == 0.5 else 0.2):
            line.append(
                (at, step * dice.pick((0.6, 0.9, 1.6)), dice.pick(("1", "1", "5", "8", "3")))
            )
    if dice.chance(0.25):
        line.append((meter.quarters - 0.5, 0.45, ">"))
    return line


def _push(meter: Meter, dice: Dice) -> Line:
    """Return a line whose downbeat comes an eighth early, with the coming chord."""
    line: Line = [(meter.quarters - 0.5, 0.9, "+")]
    line += [(at, 0.4, "1") for at in meter.starts[1:] if dice.chance(0.6)]
    return line


def _tumbao(meter: Meter, _: Dice) -> Line:
    """Return the anticipated bass of son: never on one, and on the last beat the coming root."""
    if meter.name != "4/4":
        return [(meter.starts[-1] - 0.5, 0.9, "5"), (meter.starts[-1], 0.9, "+")]
    return [(1.5, 1.3, "5"), (3.0, 1.4, "+")]


def _pedal(meter: Meter, dice: Dice) -> Line:
    if dice.chance(0.5):
        return [(0.0, meter.quarters * 0.97, "p")]
    return [(k * 0.5, 0.4, "p") for k in range(round(meter.quarters * 2))]


def _dub(meter: Meter, dice: Dice) -> Line:
    """Return a reggae line: much air, often none on one."""
    line: Line = []
    for k in range(round(meter.quarters * 2)):
        at = k * 0.5
        odds = 0.4 if at == 0 else 0.5 if at in meter.starts else 0.3
        if dice.chance(odds):
            line.append((at, 0.45, dice.pick(("1", "1", "3", "5", "8"))))
    return line or [(0.0, 0.9, "1")]


def _sub(meter: Meter, dice: Dice) -> Line:
    """Return long notes in a trap rhythm."""
    spots = sorted({0.0, *(dice.pick((0.75, 1.5, 1.75, 2.5, 2.75, 3.5)) for _ in range(2))})
    spots = [at for at in spots if at < meter.quarters]
    edges = [*spots, meter.quarters]
    return [(at, (end - at) * 0.9, "1") for at, end in pairwise(edges)]


def _rolling(meter: Meter, _: Dice) -> Line:
    """Return three sixteenths after each beat, which the bass drum has to itself."""
    step = 0.25 if not meter.compound else 0.5
    return [
        (start + k * step, step * 0.8, "1")
        for start, group in zip(meter.starts, meter.groups, strict=True)
        for k in range(1, round(group / step))
    ]


def _arpeggio(meter: Meter, _: Dice) -> Line:
    turn = ("1", "5", "8", "5", "3", "5")
    return [(k * 0.5, 0.45, turn[k % len(turn)]) for k in range(round(meter.quarters * 2))]


def _dotted(meter: Meter, _: Dice) -> Line:
    """Return 3+3+2 eighths, as in tango, tresillo and half of pop."""
    places, at = [], 0.0
    while at < meter.quarters - 1e-9:
        places.append(at)
        at += 1.5 if len(places) % 3 else 1.0
    return [(place, 0.7, "5" if k % 3 == 2 else "1") for k, place in enumerate(places)]


_KINDS = {
    "whole": _whole, "groups": _groups, "fifths": _fifths, "eighths": _eighths, "octaves": _octaves,
    "offbeat": _offbeat, "walking": _walking, "syncopated": _syncopated, "push": _push,
    "tumbao": _tumbao, "pedal": _pedal, "dub": _dub, "sub": _sub, "arpeggio": _arpeggio, "rolling": _rolling, "dotted": _dotted,
}  # fmt: skip
KINDS = tuple(_KINDS)
