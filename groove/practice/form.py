"""Form: sections, how full each is, their bars, meters and chords.

What belongs here: the plan of a song. What does not: notes (the players), tempo maps
(:mod:`groove.practice.tempo`).
"""

from __future__ import annotations

from dataclasses import dataclass

from groove.practice.dice import Dice
from groove.practice.harmony import Key, chord_named, draw_progression, mood_of, spread
from groove.practice.meters import Meter, meter_named
from groove.practice.score import Bar, Section
from groove.practice.spec import PracticeSpec

#: Energy of each kind of section: mean and spread.
_ENERGY = {
    "intro": (0.35, 0.2), "verse": (0.5, 0.12), "pre": (0.6, 0.12), "chorus": (0.85, 0.1),
    "bridge": (0.5, 0.25), "break": (0.25, 0.15), "solo": (0.75, 0.15), "drop": (1.0, 0.05), "rise": (0.7, 0.12),
    "outro": (0.4, 0.2),
}  # fmt: skip
_ORDERS = (
    "intro verse chorus verse chorus bridge chorus outro",
    "verse verse chorus verse chorus solo chorus",
    "intro verse pre chorus verse pre chorus break chorus outro",
    "intro break drop break drop outro",
    "chorus verse chorus verse bridge chorus",
    "verse solo verse solo verse outro",
    "intro verse verse bridge verse outro",
    "verse chorus",
    "drop break drop",
    "intro rise drop break rise drop outro",
    "intro drop rise drop break drop",
    "rise drop drop break rise drop",
)
_DRUMS: dict[str, dict[str, float]] = {
    "intro": {"none": 3, "hats": 2, "kick": 1, "full": 5},
    "verse": {"none": 0.5, "hats": 1, "half": 1, "full": 12},
    "pre": {"build": 3, "full": 6, "hats": 1, "kick": 1},
    "chorus": {"full": 1},
    "bridge": {"none": 2, "half": 2, "full": 5, "hats": 1},
    "break": {"none": 4, "hats": 3, "kick": 2, "build": 3},
    "solo": {"full": 1},
    "drop": {"full": 1},
    "rise": {"lift": 4, "build": 2, "none": 1, "hats": 1},
    "outro": {"none": 2, "full": 5, "hats": 1, "kick": 1},
}  # fmt: skip
_ROLES = ("bass", "comp", "comp2", "lead", "lead2")
_MOST_BARS = 400


@dataclass(frozen=True)
class Plan:
    """A song's sections, what comes before them, and how long it all is."""

    sections: tuple[Section, ...]
    lead_in: tuple[Bar, ...]
    """Bars of silence, upbeat or count-in."""
    opening: str
    """``none``, ``silence``, ``count`` or ``pickup``."""
    key: Key
    ending: tuple[Bar, ...]
    """Bars that hold the last chord; none where the song just stops."""

    @property
    def bars(self) -> list[Bar]:
        """Every bar in order."""
        played = (bar for section in self.sections for bar in section.bars)
        return [*self.lead_in, *played, *self.ending]


def draw_plan(
    meter: Meter,
    bar_s: float,
    palettes: tuple[str, ...],
    spec: PracticeSpec,
    dice: Dice,
    *,
    solo: bool,
    changes: bool,
) -> Plan:
    """Return a song's plan.

    Parameters
    ----------
    meter
        The main one.
    bar_s
        About how long one of its bars lasts, seconds.
    palettes
        Of progressions.
    solo
        Whether few players are there, who then hardly ever rest.
    changes
        Whether the meter changes on the way.
    """
    # A margin, because tempo drifts and the last section is whole.
    goal = dice.uniform(spec.min_duration_s, spec.max_duration_s) / bar_s
    most = max(4, int(min(goal, _MOST_BARS, 0.9 * spec.max_duration_s / bar_s)))
    least = spec.min_duration_s * 1.12 / bar_s
    most = max(most, int(least) + 1)
    order = dice.pick(_ORDERS).split()
    unit = dice.weighted({4: 2.0, 8: 8.0, 12: 0.7, 16: 1.0, 6: 0.5, 5: 0.2, 7: 0.2})
    other = _other_meter(meter, dice)
    progressions: dict[str, str] = {}
    key: Key | None = None
    odds = {"none": 70.0, "silence": 6.0, "count": 0.0 if solo else 14.0, "pickup": 15.0}
    opening = dice.weighted(odds)
    lead_in = _lead_in(opening, meter, dice)
    lengths = _lengths(order, unit, most - len(lead_in), dice)
    pattern = _change_pattern(changes, len(lengths), dice)
    drafts = []
    for number, (kind, count) in enumerate(lengths):
        if kind not in progressions:
            text = draw_progression(dice.pick(palettes), dice)
            progressions[kind] = text
        text = progressions[kind]
        key = key or _key(text, dice)
        meters = _meters(meter, other, pattern, number, count, dice)
        drafts.append((kind, text, meters))
    assert key is not None  # noqa: S101  # there is at least one section
    lift = dice.pick((1, 2)) if dice.chance(0.08) else 0
    sections = _built(drafts, lead_in, key, lift, dice, solo=solo)
    first = sections[0].bars[0].chords[0][1]
    bars = tuple(
        Bar(start, skeleton, ((0.0, first),), first, place, len(lead_in), False)
        for place, (start, skeleton) in enumerate(lead_in)
    )
    held = dice.weighted({0: 5.0, 1: 4.0, 2: 1.0})
    ending = _ending(sections[-1].bars[-1], key, held)
    return Plan(sections, bars, opening, key, ending)


def _key(text: str, dice: Dice) -> Key:
    from groove.practice.harmony import draw_key

    return draw_key(mood_of(text), dice)


def _ending(last: Bar, key: Key, count: int) -> tuple[Bar, ...]:
    """Return bars of the tonic behind the last bar, in its meter."""
    home = chord_named("i" if 3 in key.scale else "I", key.tonic)
    return tuple(
        Bar(last.end + k * last.meter.quarters, last.meter, ((0.0, home),), home, k, count, True)
        for k in range(count)
    )


def _lead_in(opening: str, meter: Meter, dice: Dice) -> list[tuple[float, Meter]]:
    count = 0 if opening == "none" else 1
    if opening == "count" and (meter.quarters < 3.0 or dice.chance(0.25)):
        count = 2
    return [(k * meter.quarters, meter) for k in range(count)]


def _lengths(order: list[str], unit: int, most: int, dice: Dice) -> list[tuple[str, int]]:
    """Return ``(kind, bars)`` until the song is full; the last section may be cut."""
    found: list[tuple[str, int]] = []
    left = most
    while left > 0:
        for kind in order:
            count = unit
            if kind in {"intro", "outro", "pre", "break", "rise"}:
                count = dice.pick((max(unit // 2, 2), unit, 4))
            elif dice.chance(0.15):
                count = unit * 2
            count = min(count, left)
            found.append((kind, count))
            left -= count
            if left <= 0:
                break
    if len(found) > 1 and found[-1][1] < 3:
        kind, count = found.pop()
        found[-1] = (found[-1][0], found[-1][1] + count)
    return found


def _other_meter(meter: Meter, dice: Dice) -> Meter:
    """Return a meter that a song may turn to: mostly one that keeps the pulse."""
    if meter.denominator == 4:
        names: tuple[str, ...] = ("3/4", "2/4", "4/4", "5/4", "7/8", "6/8", "3/4", "4/4")
    else:
        names = ("6/8", "9/8", "7/8", "5/8", "12/8", "4/4", "3/4")
    return meter_named(dice.pick([name for name in names if name != meter.name]), dice)


def _change_pattern(changes: bool, sections: int, dice: Dice) -> str:
    """Return how a song uses its other meter: ``sections``, ``phrases`` or not at all."""
    if not changes:
        return "never"
    return dice.weighted({"sections": 6, "phrases": 4}) if sections > 1 else "phrases"


def _meters(
    meter: Meter, other: Meter, pattern: str, number: int, count: int, dice: Dice
) -> list[Meter]:
    if pattern == "sections" and (number == 1 or (number > 1 and dice.chance(0.3))):
        return [other] * count
    meters = [meter] * count
    if pattern == "phrases" and (number == 0 or dice.chance(0.6)):
        # One bar of another meter where a phrase ends, as songs insert 2/4 for a breath.
        for place in range(3, count, dice.pick((4, 8))):
            meters[place] = other
        if count < 4:
            meters[-1] = other
    return meters


def _built(
    drafts: list[tuple[str, str, list[Meter]]],
    lead_in: list[tuple[float, Meter]],
    key: Key,
    lift: int,
    dice: Dice,
    *,
    solo: bool,
) -> tuple[Section, ...]:
    phrase = dice.weighted({4: 8.0, 2: 2.0, 8: 3.0})
    spreads = {kind: dice.fork("spread", kind).seed for kind, _, _ in drafts}
    now = sum(meter.quarters for _, meter in lead_in)
    laid = []
    for number, (kind, text, meters) in enumerate(drafts):
        shift = lift if number == len(drafts) - 1 else 0
        cycle = [chord_named(numeral, (key.tonic + shift) % 12) for numeral in text.split()]
        laid.append(spread(cycle, meters, Dice(spreads[kind])))
    players = {
        kind: _players(kind, dice, solo=solo) for kind in dict.fromkeys(k for k, _, _ in drafts)
    }
    if not solo and all(drums in {"none", "hats", "lift"} for _, _, drums in players.values()):
        loudest = max(players, key=lambda kind: players[kind][0])
        players[loudest] = (*players[loudest][:2], "full")
    sections: list[Section] = []
    for number, ((kind, _, meters), chords_of) in enumerate(zip(drafts, laid, strict=True)):
        bars: list[Bar] = []
        after = laid[number + 1][0][0][1] if number + 1 < len(laid) else laid[0][0][0][1]
        for place, (meter, chords) in enumerate(zip(meters, chords_of, strict=True)):
            coming = chords_of[place + 1][0][1] if place + 1 < len(meters) else after
            last = place == len(meters) - 1
            bars.append(Bar(now, meter, chords, coming, place, phrase, last))
            now += meter.quarters
        energy, roles, drums = players[kind]
        sections.append(Section(kind, energy, tuple(bars), roles, drums, dice.fork(kind).seed))
    return tuple(sections)


def _players(kind: str, dice: Dice, *, solo: bool) -> tuple[float, frozenset[str], str]:
    """Return a kind of section's energy, who plays, and what the drummer does."""
    mean, spread_of = _ENERGY[kind]
    energy = min(max(dice.normal(mean, spread_of), 0.0), 1.0)
    drums = dice.weighted(_DRUMS[kind])
    odds = {"bass": 0.75 + 0.3 * energy, "comp": 0.9, "comp2": 0.3 + 0.6 * energy,
            "lead": 0.35 if kind in {"intro", "break"} else 0.9, "lead2": energy * 0.6}  # fmt: skip
    if solo:
        odds |= {"bass": 0.85, "lead": 0.85}
    roles = {role for role in _ROLES if dice.chance(odds[role])}
    if drums in {"full", "half"} and not solo and dice.chance(0.06):
        roles = set()  # the drums alone
    elif not roles & {"comp", "bass", "lead"}:
        roles.add(dice.pick(("comp", "lead")))
    return energy, frozenset(roles), drums
