"""The band: who plays in a song, on what, and all their notes.

What belongs here: drawing players and asking each for its sections. What does not: how a part
goes, tempo, and files.
"""

from __future__ import annotations

from dataclasses import dataclass

from groove.midi.theory import at_least
from groove.practice import drum_patterns as dp
from groove.practice.bass import play_bass, with_kick
from groove.practice.comping import play_chords
from groove.practice.dice import Dice
from groove.practice.drums import LENGTH, Drummer
from groove.practice.form import Plan
from groove.practice.harmony import voiced
from groove.practice.loops import DrumLoop, laid_under
from groove.practice.melody import pickup_notes, play_melody, play_voices
from groove.practice.score import Bar, Note, Part
from groove.practice.spec import PracticeSpec
from groove.practice.styles import CHAMBER, STYLES, Style, style_named
from groove.practice.touch import Swing

_WITH_KICK = 0.25
"""Share of basses that play what the bass drum plays."""
_DRUMS_ALONE = 0.03
"""Share of songs with drums where nobody else plays."""
_TUNE_ALONE = 0.1
"""Share of songs without drums that are one voice."""
_STOPS = 0.2
"""Share of songs where everybody stops now and then before a phrase ends."""
_LATE = 0.3
"""Share of songs where some enter after the others, at any bar."""
_FEWEST = 0.7
"""Onsets to a quarter, below which nobody could tap along."""
_COUNTS = (dp.STICK, dp.CLOSED, dp.PEDAL, dp.COWBELL, dp.STICKS, dp.WOOD, dp.CLAVE, dp.TICK)
"""What a band is counted in on."""
_SWING_RATIOS = {0.5: (0.56, 0.68), 0.25: (0.53, 0.64)}


@dataclass(frozen=True)
class Band:
    """Everybody's notes, and the feel that they share."""

    parts: tuple[Part, ...]
    swing: Swing | None
    feel: str
    drums: str
    """Style of drums, ``loop`` or ``none``."""


def draw_band(
    style_name: str,
    plan: Plan,
    loop: DrumLoop | None,
    spec: PracticeSpec,
    dice: Dice,
    *,
    drums: bool,
) -> Band:
    """Return a band that has played a plan."""
    style = style_named(style_name)
    borrowed = style
    if dice.chance(spec.cross_styles):
        pool = STYLES if drums else {**STYLES, **CHAMBER}
        borrowed = pool[dice.pick(sorted(pool))]
    swing = _swing(style, plan, loop, dice)
    tight = dice.chance(style.tight)
    feel = (
        dice.weighted({"straight": 6.0, "laid-back": 2.0, "pushed": 1.0})
        if not tight
        else "machine"
    )
    parts: list[Part] = []
    drum_name = "none"
    if drums:
        drummer, drum_name = _drummer(style, borrowed, loop, dice)
        parts.append(_player("drums", drummer.kit, True, tight, feel, spec, dice))
        if loop is not None:
            parts[-1] = _recorded(parts[-1])
            _lay_loop(parts[-1], plan, loop, dice)
        else:
            for section in plan.sections:
                parts[-1].notes += drummer.play(section)
        _before(parts[-1], plan, dice)
    if not (drums and dice.chance(_DRUMS_ALONE)):
        beaten = [note[0] for note in parts[0].notes if note[2] == dp.KICK] if drums else None
        parts += _pitched(style, borrowed, plan, tight, feel, spec, dice, beaten=beaten)
    if len(parts) > 1 and dice.chance(_LATE):
        _enter_late(parts, plan, dice.fork("late"))
    if dice.chance(_STOPS):
        _stop(parts, plan, dice.fork("stops"))
    _end(parts, plan, dice.fork("end"))
    if _rate(parts, plan) < _FEWEST:
        parts.append(_filler(style, plan, spec, dice))
    shown = "swing" if swing is not None and swing.ratio >= 0.55 else feel
    return Band(tuple(parts), swing, shown, "loop" if loop is not None else drum_name)


def _swing(style: Style, plan: Plan, loop: DrumLoop | None, dice: Dice) -> Swing | None:
    if any(bar.meter.denominator != 4 for bar in plan.bars):
        return None
    if loop is not None:
        return Swing(min(loop.swing, 0.7), 0.5) if loop.swing > 0.55 else None
    if not dice.chance(style.swing):
        return None
    low, high = _SWING_RATIOS[style.swing_unit]
    return Swing(dice.uniform(low, high), style.swing_unit)


def _drummer(
    style: Style, borrowed: Style, loop: DrumLoop | None, dice: Dice
) -> tuple[Drummer, str]:
    options = (borrowed.drums if dice.chance(0.5) else style.drums) or style.drums or ("pop",)
    name = dice.pick(options)
    drummer = Drummer(name, dice.fork("drums"))
    if loop is not None:
        drummer.kit = dice.pick((0, 0, 8, 16, 24, 32))
    return drummer, name


def _player(
    name: str, program: int, drum: bool, tight: bool, feel: str, spec: PracticeSpec, dice: Dice
) -> Part:
    offset = {"laid-back": dice.uniform(2.0, 18.0), "pushed": -dice.uniform(2.0, 10.0)}.get(
        feel, 0.0
    )
    offset = offset if not drum else offset * 0.3
    jitter = dice.uniform(1.5, 7.0) if drum else dice.uniform(3.0, 14.0)
    scale = 0.0 if tight else spec.jitter_ms
    # Mixes differ: drums far behind the band, a tune under its accompaniment.
    level = min(dice.uniform(0.55, 1.2), 1.05)
    return Part(name, program, drum, level, jitter * scale, offset * scale)


def _recorded(part: Part) -> Part:
    """Return a part that is played as it is: it was played by a person already."""
    return Part(part.name, part.program, part.drum, 1.0, 0.0, 0.0, swings=False)


def _lay_loop(part: Part, plan: Plan, loop: DrumLoop, dice: Dice) -> None:
    first = dice.integer(0, loop.bars - 1)
    bars_before = 0
    for section in plan.sections:
        if section.drums != "none":
            notes = laid_under(loop, section.bars, first + bars_before)
            if section.drums == "hats":
                notes = [note for note in notes if note[2] not in {dp.KICK, dp.SNARE, dp.RIM}]
            if section.drums == "lift":
                notes = [note for note in notes if note[2] != dp.KICK]
            part.notes += notes
        bars_before += len(section.bars)


def _before(part: Part, plan: Plan, dice: Dice) -> None:
    """Count in, or lead the upbeat with a short fill."""
    if plan.opening == "pickup" and dice.chance(0.35):
        bar = plan.lead_in[-1]
        start = bar.meter.starts[-1]
        count = dice.pick((2, 3, 4)) if not bar.meter.compound else 3
        step = bar.meter.groups[-1] / count
        part.notes += [
            (bar.start + start + k * step, LENGTH, dp.SNARE, 70.0 + 6 * k) for k in range(count)
        ]
    if plan.opening != "count":
        return
    drum = dice.pick(_COUNTS)
    first, loud = dice.weighted(
        {(drum, 88.0): 5.0, (drum, 118.0): 3.0, (dice.pick(_COUNTS), 96.0): 2.0}
    )
    for bar in plan.lead_in:
        places = bar.meter.strong_starts if dice.chance(0.1) else bar.meter.starts
        part.notes += [
            (bar.start + at, LENGTH, drum if at else first, 84.0 if at else loud) for at in places
        ]


def _pitched(
    style: Style,
    borrowed: Style,
    plan: Plan,
    tight: bool,
    feel: str,
    spec: PracticeSpec,
    dice: Dice,
    *,
    beaten: list[float] | None,
) -> list[Part]:
    """Return the players with a pitch; ``beaten`` is where the bass drum is struck, if anybody is."""
    parts: list[Part] = []
    alone, beaten = beaten is None, beaten or []
    if style.voices and dice.chance(0.6):
        return _voices(style, plan, spec, dice)
    roles = ("bass", "comp", "comp2", "lead", "lead2")
    tune_alone = alone and dice.chance(_TUNE_ALONE)
    for role in ("lead",) if tune_alone else roles:
        source = borrowed if dice.chance(0.5) else style
        options = {"bass": source.bass, "comp": source.comps, "comp2": source.comps}.get(
            role, source.leads
        )
        kind, programs = dice.pick(options)
        program = dice.pick(programs) if dice.chance(0.9) else dice.integer(0, 111)
        part = _player(role, program, False, tight, feel, spec, dice)
        own = dice.fork(role)
        low = dice.integer(28, 36)
        centre = {"comp": dice.integer(55, 64), "comp2": dice.integer(60, 72)}.get(
            role, dice.integer(66, 78)
        )
        with_drums = bool(beaten) and dice.chance(_WITH_KICK)
        pieces: list[Note] = []
        for section in plan.sections:
            if role not in section.roles and not tune_alone:
                continue
            if role == "bass" and with_drums and section.drums == "full":
                kicks = [at for at in beaten if section.bars[0].start <= at < section.bars[-1].end]
                pieces += with_kick(section, kicks, low, own)
            elif role == "bass":
                pieces += play_bass(section, kind, plan.key, low, own)
            elif role.startswith("comp"):
                pieces += play_chords(section, kind, centre, own)
            else:
                pieces += play_melody(section, plan.key, centre, kind, own)
        part.notes += pieces
        if role == "lead" and plan.opening == "pickup":
            part.notes += pickup_notes(plan.lead_in[-1], plan.key, centre, own, 84.0)
        parts.append(part)
    return parts


def _voices(style: Style, plan: Plan, spec: PracticeSpec, dice: Dice) -> list[Part]:
    """Return a quartet or choir, with a tune in its highest voice."""
    parts = [
        _player(f"voice{k}", program, False, False, "straight", spec, dice)
        for k, program in enumerate(style.voices)
    ]
    tune = dice.chance(0.7)
    for section in plan.sections:
        for part, notes in zip(parts, play_voices(section, 58, len(parts), dice), strict=True):
            if part is parts[-1] and tune:
                part.notes += play_melody(section, plan.key, 72, "song", dice)
            else:
                part.notes += notes
    if plan.opening == "pickup":
        parts[-1].notes += pickup_notes(plan.lead_in[-1], plan.key, 72, dice, 80.0)
    return parts


def _enter_late(parts: list[Part], plan: Plan, dice: Dice) -> None:
    """Let some players rest from the first section on to a bar of its own; one plays all along."""
    bars: list[Bar] = [bar for section in plan.sections for bar in section.bars]
    last = min(len(bars) // 2, 24)
    stays = dice.pick([part for part in parts if part.notes] or parts)
    for part in parts:
        if part is stays or last < 1 or not dice.chance(0.5):
            continue
        place = dice.integer(1, last)
        place = place // 4 * 4 if place >= 4 and dice.chance(0.7) else place
        first, entry = bars[0].start, bars[place].start
        part.notes = [note for note in part.notes if not first - 1.0 <= note[0] < entry - 0.05]


def _stop(parts: list[Part], plan: Plan, dice: Dice) -> None:
    """Silence everybody from the middle of some phrases' last bars on."""
    gaps: list[tuple[float, float]] = []
    for section in plan.sections:
        for bar in section.bars:
            if bar.phrase_end and bar.place and dice.chance(0.3):
                starts = bar.meter.starts
                place = 1 if dice.chance(0.5) else len(starts) // 2
                gaps.append((bar.start + starts[min(max(place, 1), len(starts) - 1)], bar.end))
    for part in parts:
        kept: list[Note] = []
        for start, length, pitch, velocity in part.notes:
            gap = next((gap for gap in gaps if gap[0] < start + length and start < gap[1]), None)
            if gap is None:
                kept.append((start, length, pitch, velocity))
            elif start < gap[0] - 0.05:
                kept.append((start, gap[0] - start, pitch, velocity))
            elif part.name.startswith("lead") and start > gap[0] + 0.4:
                kept.append((start, length, pitch, velocity))  # the tune may lead on
        part.notes = kept


def _end(parts: list[Part], plan: Plan, dice: Dice) -> None:
    """Let everybody hold the last chord, or some of them."""
    if not plan.ending:
        return
    bar, end = plan.ending[0], plan.ending[-1].end
    chord = bar.chords[0][1]
    for part in parts:
        if not part.notes or not (part.drum or dice.chance(0.85)):
            continue
        if part.drum:
            part.notes += [(bar.start, LENGTH, drum, 105.0) for drum in (dp.KICK, dp.CRASH)]
        elif part.name.startswith("comp"):
            part.notes += [(bar.start, end - bar.start, p, 84.0) for p in voiced(chord, 60, 4)]
        else:
            low = sorted(note[2] for note in part.notes)[len(part.notes) // 2] - 6
            part.notes.append(
                (bar.start, end - bar.start, at_least(chord.root, max(low, 24)), 88.0)
            )


def _rate(parts: list[Part], plan: Plan) -> float:
    """Return how many distinct onsets there are to a quarter."""
    onsets = {round(note[0] * 8) for part in parts for note in part.notes}
    return len(onsets) / plan.bars[-1].end


def _filler(style: Style, plan: Plan, spec: PracticeSpec, dice: Dice) -> Part:
    """Return one more player for a song in which too little happens to follow it."""
    kind = dice.pick(("block", "arpeggio", "pulse", "oompah", "keys"))
    part = _player("comp3", dice.pick(style.comps[0][1]), False, False, "straight", spec, dice)
    for section in plan.sections:
        part.notes += play_chords(section, kind, 60, dice)
    return part
