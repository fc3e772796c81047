"""The drummer: patterns of a style in any meter, with fills, crashes and rests.

4/4 has written patterns. Every other meter is played by rule from its groups: the bass drum on
heavy places, the backbeat on light ones, a timekeeper in between.

What belongs here: which drum is struck when, and how hard. What does not: the texts
(:mod:`groove.practice.drum_patterns`), human timing (:mod:`groove.practice.touch`), performances
from files (:mod:`groove.practice.loops`).
"""

from __future__ import annotations

from groove.practice import drum_patterns as dp
from groove.practice.dice import Dice
from groove.practice.drum_rules import Hits, Lines, by_rule, written
from groove.practice.meters import Meter
from groove.practice.score import Bar, Note, Section

LENGTH = 0.12
"""How long a drum note is written: its sound decays by itself."""


class Drummer:
    """One drummer in one song; asks for a section's bars and gets notes."""

    def __init__(self, style: str, dice: Dice) -> None:
        self.style = dp.STYLES[style]
        self.name = style
        self.dice = dice
        self.kit = dice.pick(self.style.kits)
        self.fills = dice.weighted({0.15: 2.0, 0.5: 3.0, 0.85: 3.0})
        self.crashes = dice.weighted({0.0: 1.0, 0.5: 2.0, 0.9: 4.0})
        self.extras = [extra for extra in self.style.extras if dice.chance(0.35)]
        self.loose = dice.uniform(0.0, 0.12)
        self._patterns: dict[tuple[int, str, str], list[Hits]] = {}

    def play(self, section: Section) -> list[Note]:
        """Return the notes of a section."""
        if section.drums == "none":
            return []
        found: list[Note] = []
        turn = self.dice.fork(section.bars[0].start)
        for bar in section.bars:
            pattern = self._pattern(section, bar.meter)
            hits = pattern[bar.place % len(pattern)]
            if self.loose:
                hits = [hit for hit in hits if hit[2] > 0.9 or not turn.chance(self.loose)]
            filled = self._fill(section, bar, turn)
            if filled is not None:
                start, fill = filled
                hits = [hit for hit in hits if hit[0] < start - 1e-9] + fill
            if bar.place == 0 and section.drums in {"full", "half"} and turn.chance(self.crashes):
                hits = [*hits, (0.0, turn.pick((dp.CRASH, dp.CRASH2)), 1.05)]
            force = 62 + 42 * section.energy
            found += [
                (bar.start + position, LENGTH, drum, force * level)
                for position, drum, level in hits
            ]
        return found

    def _pattern(self, section: Section, meter: Meter) -> list[Hits]:
        key = (section.seed, section.drums, f"{meter.name}{meter.groups}")
        if key not in self._patterns:
            dice = self.dice.fork("pattern", *key)
            # Written bars are 4/4; cut to another meter they are one way among others.
            if dice.chance({"4/4": 1.0, "2/4": 0.75}.get(meter.name, 0.35)):
                whole = written(self._lines(dice), meter, dice)
                if meter.name == "4/4" and section.drums == "half":
                    whole = [_halved(bar) for bar in whole]
            else:
                whole = by_rule(meter, self.style, dice)
            self._patterns[key] = [_thinned(bar, section.drums) for bar in whole]
        return self._patterns[key]

    def _lines(self, dice: Dice) -> Lines:
        return [
            (dp.KICK, dice.pick(self.style.kick)),
            (self.style.backbeat, dice.pick(self.style.snare)),
            *dp.KEEPERS[dice.pick(self.style.keepers)],
            *self.extras,
            *self.style.always,
        ]

    def _fill(self, section: Section, bar: Bar, dice: Dice) -> tuple[float, Hits] | None:
        """Return where a fill starts in the bar, and its strokes; None where there is none."""
        if section.drums in {"build", "lift"} and bar.place >= len(section.bars) - 2:
            rate = 0.5 if bar.place == len(section.bars) - 2 else 0.25
            return 0.0, _roll(bar.meter, 0.0, rate, dp.SNARE)
        if section.drums not in {"full", "half"} or not bar.phrase_end:
            return None
        if not dice.chance(self.fills * (1.0 if bar.last else 0.5)):
            return None
        starts = bar.meter.starts
        start = dice.pick(starts[len(starts) // 2 :] if dice.chance(0.8) else starts[:1])
        if dice.chance(0.12):
            return start, []
        return start, _tumble(bar.meter, start, dice)


def _halved(hits: Hits) -> Hits:
    """Return a bar in half time: one backbeat in its middle, fewer bass drums."""
    backs = {dp.SNARE, dp.CLAP, dp.STICK}
    kept = [
        hit
        for hit in hits
        if hit[1] not in backs and (hit[1] != dp.KICK or hit[0] in {0, 2.5, 3.5})
    ]
    return [*kept, (2.0, dp.SNARE, 1.0)]


def _thinned(hits: Hits, drums: str) -> Hits:
    """Return what is left of a bar when only some of the kit plays."""
    if drums == "hats":
        return [hit for hit in hits if hit[1] not in {dp.KICK, dp.SNARE, dp.CLAP, dp.RIM}]
    if drums == "lift":
        return [hit for hit in hits if hit[1] != dp.KICK]
    if drums == "kick":
        return [hit for hit in hits if hit[1] == dp.KICK]
    return hits


def _roll(meter: Meter, start: float, rate: float, drum: int) -> Hits:
    count = int((meter.quarters - start) / rate + 1e-9)
    return [(start + k * rate, drum, 0.55 + 0.45 * k / count) for k in range(count)]


def _tumble(meter: Meter, start: float, dice: Dice) -> Hits:
    """Return a fill from a place in the bar to its end: down the toms, or on the snare."""
    rate = 0.5 if meter.compound else dice.pick((0.25, 0.25, 0.5, 1 / 3))
    density = dice.uniform(0.55, 1.0)
    drums = dice.pick(((dp.SNARE,), dp.TOMS, (dp.SNARE, *dp.TOMS[::2]), (dp.TOMS[1], dp.TOMS[4])))
    count = int((meter.quarters - start) / rate + 1e-9)
    hits: Hits = []
    for k in range(count):
        if k == 0 or dice.chance(density):
            drum = drums[min(len(drums) - 1, k * len(drums) // count)]
            hits.append((start + k * rate, drum, dice.uniform(0.65, 1.0)))
    if dice.chance(0.4):
        hits += [(at, dp.KICK, 0.85) for at in meter.starts if at >= start]
    return hits
