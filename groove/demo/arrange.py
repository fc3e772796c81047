"""From a song form to the notes of one performance of it.

What belongs here: laying sections end to end, repeating lines, following the chords, placing
fills and crashes, the tempo map. What does not: the text (:mod:`groove.demo.songs`) and the
players' touch (:mod:`groove.demo.humanise`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from groove.core.digest import seed_of
from groove.demo.harmony import Chord, Key, in_key, over_chord, voiced
from groove.demo.humanise import Floats, Touch, bend, limb_of, play
from groove.demo.lines import Line
from groove.demo.notation import LEVELS, Meter
from groove.demo.patterns import DRUMS, Groove, Stroke
from groove.demo.songs import PartEntry, Section, SongForm
from groove.demo.spec import DemoSpec
from groove.midi.song import Song, song_from_notes

DYNAMICS = {"pp": 0.5, "p": 0.64, "mp": 0.8, "mf": 0.92, "f": 1.04, "ff": 1.14}
DRUM_QUARTERS = 0.12
"""How long a drum note is written: its sound decays by itself."""
_RAMP_STEP = Fraction(1)
_SHORTEST_QUARTERS = 0.05


class Note(NamedTuple):
    """A note as it is written: quarter notes from the song's start."""

    start: Fraction
    length: float
    pitch: int
    velocity: int
    program: int
    even: bool


@dataclass(frozen=True)
class Span:
    """Where a section lies in the song, in quarter notes."""

    name: str
    start: Fraction
    end: Fraction
    mark: str | None


@dataclass
class Score:
    """A song laid out in time, before anybody plays it."""

    parts: dict[str, list[Note]] = field(default_factory=dict)
    tempos: list[tuple[float, float]] = field(default_factory=list)
    meters: list[tuple[float, int, int]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    bar_starts: list[Fraction] = field(default_factory=list)


def lay_out(form: SongForm) -> Score:
    """Return the score of a song: what everybody would play if they were machines."""
    score = Score(parts={name: [] for name in ("drums", *form.entry.parts)})
    tempo, meter, now = form.entry.tempo, None, Fraction(0)
    score.tempos.append((0.0, tempo))
    for section in form.form:
        tempo = _add_tempo(score, section, tempo, now)
        if section.meter != meter:
            meter = section.meter
            score.meters.append((float(now), meter.numerator, meter.denominator))
        for name, line in section.lines.items():
            part = form.entry.parts[name]
            score.parts[name] += _pitched(part, line, section, form.key, now)
        score.parts["drums"] += _drums(section, now, form.entry.kit)
        score.bar_starts += [now + bar * section.meter.quarters for bar in range(section.bars)]
        score.spans.append(Span(section.name, now, now + section.quarters, section.mark))
        now += section.quarters
    score.bar_starts.append(now)
    return score


def _add_tempo(score: Score, section: Section, tempo: float, now: Fraction) -> float:
    """Write a section's tempo events and return the tempo at its end."""
    start = section.tempo or tempo
    if section.ramp is None:
        if start != tempo:
            score.tempos.append((float(now), start))
        return start
    steps = int(section.quarters / _RAMP_STEP)
    for step in range(steps):
        bpm = round(start + (section.ramp - start) * step / max(steps - 1, 1), 3)
        if bpm != score.tempos[-1][1]:
            score.tempos.append((float(now + step * _RAMP_STEP), bpm))
    return section.ramp


def _repeats(period: Fraction, total: Fraction) -> Iterator[Fraction]:
    at = Fraction(0)
    while at < total:
        yield at
        at += period


def _chord_at(section: Section, at: Fraction) -> Chord:
    last_start, last_length, _ = section.chords[-1]
    inside = at % (last_start + last_length)
    chord = next(c for start, length, c in section.chords if start <= inside < start + length)
    return chord.shifted(section.shift)


def _pitched(
    part: PartEntry, line: Line, section: Section, key: Key, now: Fraction
) -> Iterator[Note]:
    scale = DYNAMICS[section.dynamic]
    here = key.shifted(section.shift)
    for shift in _repeats(line.quarters, section.quarters):
        for tone in line.tones:
            at = shift + tone.start
            if at >= section.quarters:
                break
            chord = _chord_at(section, at)
            velocity = int(np.clip(round((tone.velocity + part.level) * scale), 1, 127))
            length = float(min(tone.length, section.quarters - at)) * part.gate
            if part.plays == "strum":
                pitches = voiced(chord, part.low)
            elif part.plays == "chord":
                pitches = [over_chord(tone.what, chord, here, part.low)]
            else:
                pitches = [in_key(tone.what, here, part.low)]
            for pitch in pitches:
                yield Note(now + at, length, pitch, velocity, part.program, tone.even)


def _drums(section: Section, now: Fraction, kit: int) -> Iterator[Note]:
    scale = DYNAMICS[section.dynamic]
    fill_from = section.quarters - (section.fill.quarters if section.fill else 0)
    strokes: list[tuple[Fraction, Stroke]] = []
    for groove, start, end in (
        (section.drums, Fraction(0), fill_from),
        (section.fill, fill_from, section.quarters),
    ):
        strokes += list(_repeated(groove, start, end)) if groove else []
    if section.crash:
        crash = DRUMS["cr"]
        strokes = [(at, s) for at, s in strokes if at > 0 or s.note != crash]
        strokes.append((Fraction(0), Stroke(Fraction(0), crash, LEVELS["X"], even=True)))
    for at, stroke in strokes:
        velocity = int(np.clip(round(stroke.velocity * scale), 1, 127))
        yield Note(now + at, DRUM_QUARTERS, stroke.note, velocity, kit, stroke.even)


def _repeated(groove: Groove, start: Fraction, end: Fraction) -> Iterator[tuple[Fraction, Stroke]]:
    for shift in _repeats(groove.quarters, end - start):
        for stroke in groove.strokes:
            at = start + shift + stroke.start
            if at < end:
                yield at, stroke


def touch_of(form: SongForm) -> Touch:
    """Return how the band plays a song."""
    entry = form.entry
    swing = entry.swing if entry.feel == "swing" else 0.5
    return Touch(entry.feel, swing, 4 / entry.swing_unit, loose=0.8)


def perform(form: SongForm, score: Score, spec: DemoSpec) -> Song:
    """Return one performance of a song."""
    touch = touch_of(form)
    starts: list[float] = []
    lengths: list[float] = []
    velocities: list[int] = []
    notes: list[Note] = []
    drums: list[bool] = []
    for name in sorted(score.parts):
        part = sorted(score.parts[name], key=lambda note: (note.start, note.pitch))
        if not part:
            continue
        is_drums = name == "drums"
        limbs = [limb_of(note.pitch) if is_drums else "pitched" for note in part]
        written = np.array([float(note.start) for note in part])
        even = np.array([note.even for note in part])
        loud = np.array([note.velocity for note in part])
        seed = seed_of("groove-demo song", spec.seed, form.name, name)
        begins, louder = play(
            bend(written, even, touch), loud, limbs, _tempo_at(score, written), touch, spec, seed
        )
        ends = bend(written + np.array([note.length for note in part]), even, touch)
        starts += begins.tolist()
        lengths += np.maximum(ends - begins, _SHORTEST_QUARTERS).tolist()
        velocities += louder.tolist()
        notes += part
        drums += [is_drums] * len(part)
    return song_from_notes(
        starts,
        lengths,
        [note.pitch for note in notes],
        velocities,
        [note.program for note in notes],
        drums,
        score.tempos,
        score.meters,
    )


def _tempo_at(score: Score, positions: Floats) -> Floats:
    starts = np.array([start for start, _ in score.tempos])
    place = np.searchsorted(starts, positions, side="right") - 1
    return np.array([bpm for _, bpm in score.tempos])[place]


def perform_groove(
    groove: Groove, lead_in: Groove | None, passes: int, tempo_bpm: float, spec: DemoSpec, seed: int
) -> Song:
    """Return a groove played some times, after one pass of another groove where one is given.

    The last note is held to the end of the last bar, so that the file is as long as its bars.
    """
    strokes: list[tuple[Fraction, Stroke]] = []
    start = Fraction(0)
    for each in ([lead_in] if lead_in else []) + [groove] * passes:
        strokes += [(start + s.start, s) for s in each.strokes]
        start += each.quarters
    strokes.sort(key=lambda pair: (pair[0], pair[1].note))
    touch = Touch(groove.feel, groove.swing, groove.swing_unit, groove.loose)
    written = np.array([float(at) for at, _ in strokes])
    even = np.array([s.even for _, s in strokes])
    loud = np.array([s.velocity for _, s in strokes])
    limbs = [limb_of(s.note) for _, s in strokes]
    bent = bend(written, even, touch)
    starts, velocities = play(bent, loud, limbs, tempo_bpm, touch, spec, seed)
    end = float(start)
    starts = np.minimum(starts, end - 0.02)
    lengths = np.minimum(np.full(len(starts), DRUM_QUARTERS), end - starts)
    last = int(np.argmax(starts))
    lengths[last] = end - starts[last]
    meter: Meter = groove.meter
    return song_from_notes(
        starts, lengths, [s.note for _, s in strokes], velocities, 0, True,
        [(0.0, tempo_bpm)], [(0.0, meter.numerator, meter.denominator)],
    )  # fmt: skip
