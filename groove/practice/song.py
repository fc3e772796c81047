"""From a number to a practice song.

What belongs here: drawing a song's style, pace and band, and putting their parts together. What
does not: any part's notes, files (:mod:`groove.practice.writing`).

Conventions
-----------
* Bars are exact: the meter events say where they are, whatever players do around them.
* The last note ends where the last bar does, so a bar grid read from the file has the same bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groove.midi.song import Song, song_from_notes
from groove.practice.band import Band, draw_band
from groove.practice.clicks import click_part, click_plan, draw_quarter_bpm, is_clicks
from groove.practice.dice import Dice
from groove.practice.form import Plan, draw_plan
from groove.practice.loops import DrumLoop
from groove.practice.meters import Meter, meter_named
from groove.practice.spec import PracticeSpec
from groove.practice.styles import style_named, styles_for
from groove.practice.tempo import Pace, draw_course, draw_tactus, fitted, tempo_map
from groove.practice.touch import played

VERSION = "2"

_SHORTEST = 0.05


@dataclass(frozen=True)
class PracticeSong:
    """A song and what it is.

    Parameters
    ----------
    number
        What it was drawn from.
    song
        Notes, tempo map and meter events.
    bar_start
        Quarter notes, ``(bars + 1,)``; the last one closes the last bar.
    meters
        Meter of each bar, as in ``4/4``.
    tags
        Style, main meter, tempo and how it goes, drums, opening; plain values.
    """

    number: int
    song: Song
    bar_start: NDArray[np.float64]
    meters: tuple[str, ...]
    tags: dict[str, Any]


def compose(
    number: int, spec: PracticeSpec | None = None, loops: Sequence[DrumLoop] = ()
) -> PracticeSong:
    """Return the song of a number: the same one for the same spec and loops.

    Parameters
    ----------
    number
        Any whole number.
    spec
        Settings; defaults where none are given.
    loops
        Drum performances that some songs are built on.
    """
    spec = spec or PracticeSpec()
    dice = Dice("song", number, spec)
    name = dice.weighted(spec.meters)
    meter = meter_named(name, dice)
    if is_clicks(meter, spec, dice.fork("is clicks")):
        return _metronome(number, meter, spec, dice.fork("clicks"))
    changes = dice.chance(spec.meter_changes)
    drums = not dice.chance(spec.drumless)
    loop = _loop(name, loops, spec, dice) if drums and not changes else None
    style_name = dice.weighted(styles_for(name, drums=drums and loop is None) or {"pop": 1.0})
    if loop is not None:
        style_name = dice.weighted(styles_for(name, drums=True))
    style = style_named(style_name)
    course = "constant" if loop is not None and dice.chance(0.6) else draw_course(
        spec, free=not drums, dice=dice
    )  # fmt: skip
    pace = Pace(course, _quarter_bpm(meter, style.tempo, loop, spec, dice))
    plan = draw_plan(
        meter, 60.0 * meter.quarters / pace.quarter_bpm, style.palettes, spec, dice.fork("plan"),
        solo=not drums, changes=changes,
    )  # fmt: skip
    band = draw_band(style_name, plan, loop, spec, dice.fork("band"), drums=drums)
    tempos = fitted(tempo_map(plan.bars, pace, dice.fork("tempo")), plan.bars[-1].end, spec)
    song = _performed(band, plan, tempos, dice.seed)
    bars = plan.bars
    tags = {
        "style": style_name,
        "feel": band.feel,
        "meter": name,
        "meters": sorted({bar.meter.name for bar in bars}),
        "tempo_bpm": round(pace.quarter_bpm, 2),
        "tempo_course": course,
        "drums": band.drums,
        "opening": plan.opening,
        "swing": 0.5 if band.swing is None else round(band.swing.ratio, 3),
        "bars": len(bars),
        "loop": "" if loop is None else loop.name,
        "loop_group": "" if loop is None else loop.group,
        "loop_source": "" if loop is None else loop.source,
        "loop_license": "" if loop is None else loop.license,
    }
    edges = np.array([*(bar.start for bar in bars), bars[-1].end])
    return PracticeSong(number, song, edges, tuple(bar.meter.name for bar in bars), tags)


def _metronome(number: int, meter: Meter, spec: PracticeSpec, dice: Dice) -> PracticeSong:
    """Return a song that is nothing but clicks."""
    # Nobody breathes here: at most somebody turns the knob.
    course = "constant" if dice.chance(0.85) else dice.pick(("ramp", "sudden", "drift"))
    pace = Pace(course, draw_quarter_bpm(meter, dice))
    plan = click_plan(meter, pace.quarter_bpm, spec, dice)
    part = click_part(plan, dice)
    band = Band((part,), None, "machine", "clicks" if part.drum else "none")
    bars = plan.bars
    tempos = fitted(tempo_map(bars, pace, dice.fork("tempo")), bars[-1].end, spec)
    tags = {
        "style": "clicks",
        "feel": band.feel,
        "meter": meter.name,
        "meters": [meter.name],
        "tempo_bpm": round(pace.quarter_bpm, 2),
        "tempo_course": course,
        "drums": band.drums,
        "opening": "none",
        "swing": 0.5,
        "bars": len(bars),
        **dict.fromkeys(("loop", "loop_group", "loop_source", "loop_license"), ""),
    }
    edges = np.array([*(bar.start for bar in bars), bars[-1].end])
    song = _performed(band, plan, tempos, dice.seed)
    return PracticeSong(number, song, edges, tuple(bar.meter.name for bar in bars), tags)


def _loop(meter: str, loops: Sequence[DrumLoop], spec: PracticeSpec, dice: Dice) -> DrumLoop | None:
    fitting = [
        loop
        for loop in loops
        if loop.meter == meter and spec.min_tempo_bpm <= loop.tempo_bpm <= spec.max_tempo_bpm
    ]
    return dice.pick(fitting) if fitting and dice.chance(spec.loop_share) else None


def _quarter_bpm(
    meter: Meter, usual: tuple[float, float], loop: DrumLoop | None, spec: PracticeSpec, dice: Dice
) -> float:
    """Return quarters per minute from what is felt: dotted beats in compound meters."""
    if loop is not None:
        bpm = loop.tempo_bpm * np.exp(dice.normal(0.0, 0.06))
        return float(min(max(bpm, spec.min_tempo_bpm), spec.max_tempo_bpm))
    low, high = usual if dice.chance(0.8) else (0.0, 1_000.0)
    felt = draw_tactus(low, high, spec, dice)
    if meter.compound:
        return felt * 1.5 if dice.chance(0.85) else felt
    if meter.denominator == 8:
        # Eighths of 7/8 are felt in twos and threes: about two of them a beat, or a little more.
        return felt
    return felt


def _performed(band: Band, plan: Plan, tempos: list[tuple[float, float]], seed: int) -> Song:
    """Return the song as everybody plays it, cut and held to its last bar line."""
    places = np.array([place for place, _ in tempos])
    bpm = np.array([value for _, value in tempos])
    end = plan.bars[-1].end
    columns: list[tuple[NDArray[Any], ...]] = []
    for number, part in enumerate(band.parts):
        if not part.notes:
            continue
        starts, ends, pitches, velocities = played(
            part, band.swing, (places, bpm), (seed + number) % 2**63
        )
        count = len(starts)
        columns.append(
            (
                starts,
                ends,
                pitches,
                velocities,
                np.full(count, part.program),
                np.full(count, part.drum),
            )
        )
    starts, ends, pitches, velocities, programs, drums = (
        np.concatenate(column) for column in zip(*columns, strict=True)
    )
    kept = (starts < end - _SHORTEST) & (pitches >= 0) & (pitches <= 127)
    starts, ends = np.maximum(starts[kept], 0.0), ends[kept]
    ends = np.minimum(np.maximum(ends, starts + _SHORTEST), end)
    # The last pitched note, or else the last stroke, is held to the last bar line.
    pitched = ~drums[kept]
    ends[np.argmax(np.where(pitched, starts, -1.0) if pitched.any() else starts)] = end
    meters: list[tuple[float, int, int]] = []
    for bar in plan.bars:
        if not meters or meters[-1][1:] != (bar.meter.numerator, bar.meter.denominator):
            meters.append((bar.start, bar.meter.numerator, bar.meter.denominator))
    return song_from_notes(
        starts, ends - starts, pitches[kept], velocities[kept], programs[kept], drums[kept],
        tempos, meters,
    )  # fmt: skip
