"""Tunes: phrases of two, four or eight bars that come back, start early and breathe.

What belongs here: single-voice lines over chords, and choirs of voices that move with them. What
does not: broken chords (:mod:`groove.practice.comping`).
"""

from __future__ import annotations

from groove.practice.dice import Dice
from groove.practice.harmony import Key
from groove.practice.meters import Meter
from groove.practice.score import Bar, Note, Section

_TRIPLETS = 0.05
"""Share of motifs in triplets, where beats are quarters."""

Motif = list[tuple[float, float]]
"""Position in the bar and length."""


def play_melody(section: Section, key: Key, centre: int, kind: str, dice: Dice) -> list[Note]:
    """Return the notes of a section.

    Parameters
    ----------
    kind
        ``song`` (motifs, pickups, rests), ``riff`` (one short figure again and again), ``dance``
        (running notes), ``held`` (long notes) or ``free`` (never the same rhythm twice).
    """
    own = dice.fork("melody", kind, section.seed)
    force = 68 + 32 * section.energy
    tune = _Tune(key, centre, own)
    found: list[Note] = []
    motifs = _motifs(kind, section, own)
    pickup = own.chance(0.45) and kind == "song"
    swell = own.uniform(-0.12, 0.2)
    for bar in section.bars:
        name = f"{bar.meter.name}{bar.meter.groups}"
        turn = bar.place % bar.phrase
        if kind == "free":
            motif = _draw(bar.meter, own, own.uniform(0.25, 0.7), own.chance(0.5))
        else:
            motif = motifs[name, (0, 1, 0, 2)[turn % 4] if kind != "riff" else 0]
        if bar.phrase_end and kind in {"song", "free"}:
            motif = [*motif[: max(1, len(motif) // 3)]]
            motif[-1] = (motif[-1][0], max(0.5, (bar.meter.quarters - motif[-1][0]) * 0.6))
        if turn == 0:
            tune.again(bar)
        found += tune.bar(bar, motif, force * (1 + swell * bar.place / len(section.bars)))
        if pickup and bar.phrase_end and not (bar.last and own.chance(0.3)):
            found += tune.pickup(bar, own, force)
    return found


def pickup_notes(bar: Bar, key: Key, centre: int, dice: Dice, force: float) -> list[Note]:
    """Return an upbeat: the last notes of a bar that is else empty."""
    return _Tune(key, centre, dice).pickup(bar, dice, force)


class _Tune:
    """A voice that walks the scale and lands on chord tones."""

    def __init__(self, key: Key, centre: int, dice: Dice) -> None:
        self.pitches = [
            p for p in range(centre - 9, centre + 12) if (p - key.tonic) % 12 in key.scale
        ]
        self.dice = dice
        self.at = len(self.pitches) // 2
        self.start = self.at

    def again(self, bar: Bar) -> None:
        """Start a phrase: near where phrases start, on a tone of the chord."""
        self.at = self._nearest(bar, 0.0, self.start)

    def bar(self, bar: Bar, motif: Motif, force: float) -> list[Note]:
        """Return one bar of a motif."""
        found: list[Note] = []
        for position, length in motif:
            self.at = min(max(self.at + self._step(), 0), len(self.pitches) - 1)
            if bar.meter.weight(position) > 0.7 and self.dice.chance(0.75):
                self.at = self._nearest(bar, position, self.at)
            level = 0.86 + 0.14 * bar.meter.weight(position)
            found.append((bar.start + position, length, self.pitches[self.at], force * level))
        return found

    def pickup(self, bar: Bar, dice: Dice, force: float) -> list[Note]:
        """Return one to three notes that lead into the next bar."""
        step = 0.5 if bar.meter.denominator == 8 or dice.chance(0.6) else 1.0
        count = min(dice.integer(1, 3), round(bar.meter.quarters / step) - 1)
        goal = self._nearest(bar, bar.meter.quarters, self.start)
        direction = dice.pick((-1, 1))
        found: list[Note] = []
        for k in range(count, 0, -1):
            place = min(max(goal - direction * k, 0), len(self.pitches) - 1)
            found.append((bar.end - k * step, step * 0.9, self.pitches[place], force * 0.85))
        return found

    def _step(self) -> int:
        """Return how far the voice goes: mostly a step, sometimes a leap."""
        return self.dice.weighted({0: 2.0, 1: 5.0, -1: 5.0, 2: 2.0, -2: 2.2, 4: 0.5, -3: 0.7})

    def _nearest(self, bar: Bar, position: float, near: int) -> int:
        classes = bar.chord_at(position).classes
        options = [k for k, pitch in enumerate(self.pitches) if pitch % 12 in classes]
        return min(options, key=lambda k: (abs(k - near), k), default=near)


def _motifs(kind: str, section: Section, dice: Dice) -> dict[tuple[str, int], Motif]:
    density = {"song": dice.uniform(0.25, 0.6), "riff": dice.uniform(0.3, 0.6), "dance": 0.85}.get(
        kind, 0.12
    )
    fine = kind in {"riff", "dance"} and dice.chance(0.35)
    found: dict[tuple[str, int], Motif] = {}
    for bar in section.bars:
        name = f"{bar.meter.name}{bar.meter.groups}"
        for number in range(3):
            if (name, number) not in found:
                found[name, number] = _draw(bar.meter, dice.fork(name, number), density, fine)
    return found


def _draw(meter: Meter, dice: Dice, density: float, fine: bool) -> Motif:
    """Return a bar's rhythm: heavy places likelier, some syncopated, notes mostly joined."""
    step = 0.25 if fine and not meter.compound else 0.5
    if meter.simple and dice.chance(_TRIPLETS):
        step = 1 / 3
    steepness = dice.uniform(0.3, 1.2)
    places = [
        k * step
        for k in range(round(meter.quarters / step))
        if dice.chance(min(1.0, density * (0.55 + steepness * meter.weight(k * step))))
    ]
    if not places:
        places = [dice.pick(meter.starts)]
    if dice.chance(0.12):  # a dotted figure
        places = [at + step / 2 if dice.chance(0.2) else at for at in places]
    ends = [*places[1:], meter.quarters + (0.5 if dice.chance(0.15) else 0.0)]
    gate = dice.uniform(0.6, 1.0)
    return [(at, max((end - at) * gate, 0.1)) for at, end in zip(places, ends, strict=True)]


def play_voices(section: Section, centre: int, count: int, dice: Dice) -> list[list[Note]]:
    """Return voices that hold chords together, each moving at its own changes: a quartet, a choir.

    The inner voices sometimes move in the middle of the bar.
    """
    from groove.practice.harmony import voiced

    own = dice.fork("voices", section.seed)
    force = 56 + 36 * section.energy
    found: list[list[Note]] = [[] for _ in range(count)]
    rate = own.pick(("bar", "bar", "strong", "groups"))
    for bar in section.bars:
        edges = {"bar": (0.0,), "strong": bar.meter.strong_starts, "groups": bar.meter.starts}[rate]
        edges = tuple(sorted({*edges, *(at for at, _ in bar.chords)}))
        for at, end in zip(edges, (*edges[1:], bar.meter.quarters), strict=True):
            chord = bar.chord_at(at)
            tones = voiced(chord, centre, 4)
            tones = [*tones, *(tone + 12 for tone in tones)]
            for voice in range(count):
                pitch = tones[voice] if voice else chord.bass + 36 + 12 * (chord.bass < 4)
                found[voice].append((bar.start + at, (end - at) * 0.97, pitch, force))
            if own.chance(0.3) and end - at >= 2.0 and count > 2:
                moved = found[own.integer(1, count - 1)]
                start, length, pitch, level = moved.pop()
                moved += [
                    (start, length / 2, pitch, level),
                    (start + (end - at) / 2, length / 2, pitch + 2, level),
                ]
    return found
