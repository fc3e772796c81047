"""Metronomes: nothing but clicks, whose accent alone says where the bar starts.

The accent is louder, or of another pitch, or both; beats may be divided, and the groups of a bar may
have a smaller accent of their own. Meters and tempo maps are those of any song.

What belongs here: the clicks of a song. What does not: counting a band in
(:mod:`groove.practice.band`).
"""

from __future__ import annotations

from groove.practice import drum_patterns as dp
from groove.practice.dice import Dice
from groove.practice.form import Plan
from groove.practice.harmony import chord_named, draw_key
from groove.practice.meters import Meter
from groove.practice.score import Bar, Note, Part
from groove.practice.spec import PracticeSpec

SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
"""Felt beats a minute that metronomes are set to."""
_MORE_IN_OTHER_METERS = 2.5

#: Drum keys: what may be the accent, what the beat.
_KEYS: tuple[tuple[int, int], ...] = (
    (dp.WOOD, dp.WOOD_LOW), (dp.WOOD, dp.WOOD_LOW), (dp.WOOD_LOW, dp.WOOD), (dp.BELL_TICK, dp.TICK),
    (dp.TICK, dp.TICK_LOW), (dp.CLAVE, dp.WOOD_LOW), (dp.COWBELL, dp.STICK), (dp.CLAVE, dp.STICKS),
    (dp.AGOGO, dp.AGOGO_LOW), (dp.TRIANGLE, dp.TRIANGLE_MUTE), (dp.BELL, dp.RIDE),
    (dp.OPEN, dp.CLOSED), (dp.KICK, dp.CLOSED), (dp.KICK, dp.STICK), (dp.SNARE, dp.CLOSED),
    (dp.BONGO, dp.BONGO_LOW), (dp.TOMS[0], dp.TOMS[3]), (dp.CLAP, dp.STICK), (dp.COWBELL, dp.COWBELL),
)  # fmt: skip
#: Woodblock, beeps, bells, mallets, toms: General MIDI programs that click.
_PROGRAMS = (
    115, 115, 115, 79, 79, 80, 80, 80, 81, 82, 78, 73, 9, 10, 12, 13, 14, 98, 112, 113, 114, 116,
    117, 118, 0, 6, 11, 15, 45, 47,
)  # fmt: skip
_INTERVALS = (12, 12, 7, 5, 4, 2, 19, 24, -12, -7, -5, -12)


def is_clicks(meter: Meter, spec: PracticeSpec, dice: Dice) -> bool:
    """Return whether a song is a metronome: oftener so in meters that songs are seldom in."""
    return dice.chance(
        min(1.0, spec.clicks * (1.0 if meter.name == "4/4" else _MORE_IN_OTHER_METERS))
    )


def draw_quarter_bpm(meter: Meter, dice: Dice) -> float:
    """Return quarters a minute: in compound meters a beat is felt as a dotted quarter."""
    if meter.compound:
        return dice.uniform(SLOWEST_BPM, 150.0) * 1.5
    return dice.uniform(SLOWEST_BPM, FASTEST_BPM if meter.denominator == 4 else 140.0)


def click_plan(meter: Meter, quarter_bpm: float, spec: PracticeSpec, dice: Dice) -> Plan:
    """Return a plan without sections: bars alone, as many as last as long as a song may."""
    key = draw_key("major", dice)
    chord = chord_named("I", key.tonic)
    seconds = dice.uniform(spec.min_duration_s, spec.max_duration_s)
    bar_s = meter.quarters * 60.0 / quarter_bpm
    count = max(2, round(seconds / bar_s))
    bars = tuple(
        Bar(k * meter.quarters, meter, ((0.0, chord),), chord, k, 4, k == count - 1)
        for k in range(count)
    )
    return Plan((), bars, "none", key, ())


def click_part(plan: Plan, dice: Dice) -> Part:
    """Return the clicks of all bars, as a machine plays them."""
    drum = dice.chance(0.5)
    accent = dice.pick(("level", "level", "pitch", "both", "both"))
    high, low = dice.pick(_KEYS) if drum else _pitches(dice)
    high, low = (
        (high, low) if accent != "level" else (low, low) if dice.chance(0.5) else (high, high)
    )
    loud = dice.uniform(92.0, 127.0)
    # Loudness goes with the square of the velocity: 4 to 16 dB.
    soft = loud if accent == "pitch" else loud * 10 ** (-dice.uniform(4.0, 16.0) / 40.0)
    divided = dice.weighted({1: 6.0, 2: 3.0, 3: 1.0, 4: 1.0})
    faint = soft * dice.uniform(0.35, 0.8)
    grouped = dice.chance(0.35)
    length = dice.uniform(0.06, 0.3)
    meter = plan.lead_in[0].meter
    # The foot's beats in compound meters, or every eighth of them.
    whole = meter.compound and dice.chance(0.4)
    part = Part("clicks", 0 if drum else dice.pick(_PROGRAMS), drum, 1.0, 0.0, 0.0, swings=False)
    if drum:
        part.program = dice.pick((0, 0, 8, 16, 24, 25))
    step = 4.0 / meter.denominator
    beats = meter.starts if whole else [k * step for k in range(meter.numerator)]
    unit = 1.5 if whole else step
    if divided > 1 and unit / divided < 0.25:  # an eighth is divided in two at most
        divided = 2 if unit / 2 >= 0.25 and not whole else 1
    one: list[Note] = []
    for number, at in enumerate(beats):
        middle = grouped and number and any(abs(at - start) < 1e-9 for start in meter.strong_starts + (
            meter.starts if not meter.simple else ()
        ))  # fmt: skip
        if number == 0:
            one.append((at, length, high, loud))
        else:
            one.append((at, length, low, (soft * loud) ** 0.5 if middle else soft))
        one += [
            (at + unit * k / divided, length * 0.6, low, faint) for k in range(1, divided)
        ]  # fmt: skip
    part.notes = [
        (bar.start + at, long, pitch, level) for bar in plan.bars for at, long, pitch, level in one
    ]
    return part


def _pitches(dice: Dice) -> tuple[int, int]:
    """Return pitches of the accent and of the beats."""
    low = dice.integer(52, 88)
    return low + dice.pick(_INTERVALS), low
