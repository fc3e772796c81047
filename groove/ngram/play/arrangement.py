"""Playing an arrangement: its parts drawn section by section, and put together.

What belongs here: from a read arrangement and models to a MIDI file. What does not: the file's
format (:mod:`groove.ngram.play.parts`), drawing a groove (:mod:`groove.ngram.play.sampling`).

Every part is drawn on its own, each section of it with a seed made of the names of part and
section, so that adding a part or a section changes no other. Percussion then steps aside for the
drums (:mod:`groove.ngram.play.merge`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from groove.core.digest import seed_of
from groove.midi.notes import MidiError, Song
from groove.ngram.corpus.alphabets import alphabet_of
from groove.ngram.language.model import GrooveModel
from groove.ngram.play.merge import aligned, aside, joined, midi_of_parts
from groove.ngram.play.parts import (
    BACKENDS,
    ArrangementSpec,
    PartsError,
    PartSpec,
    SectionSpec,
)
from groove.ngram.play.performance import first_form
from groove.ngram.play.render import Bar, song_of_bars
from groove.ngram.play.sampling import Form, Heat, Sampler


@dataclass(frozen=True)
class Played:
    """A played arrangement.

    Parameters
    ----------
    parts
        Name to song, in the order of the file, in one resolution.
    midi
        All of them: one track per part, on channel 10.
    tempo_bpm, meter, bars
        Quarters a minute; numerator and denominator; length.
    warnings
        What was asked for and could not be had.
    """

    parts: Mapping[str, Song]
    midi: bytes
    tempo_bpm: float
    meter: str
    bars: int
    warnings: tuple[str, ...]

    @property
    def song(self) -> Song:
        """All parts as one song."""
        return joined(list(self.parts.values()))


def play(spec: ArrangementSpec, models: Mapping[str, GrooveModel]) -> Played:
    """Return the arrangement played; the same file and models give the same bytes.

    Parameters
    ----------
    spec
        What to play.
    models
        Part to model.

    Raises
    ------
    PartsError
        If a model does not fit its part's backend, no part plays, or the parts' usual meters
        differ and the file names none.
    groove.ngram.play.sampling.SampleError
        If a model knows no such meter, or draws nothing but silence.
    """
    for name, part in spec.parts.items():
        _check_alphabet(name, part, models[name])
    playing = {name: part for name, part in spec.parts.items() if _sections(spec, name)}
    if not playing:
        raise PartsError("no section is played by any part")
    warnings = [f"{name} plays in no section" for name in spec.parts if name not in playing]
    first = next(iter(playing))
    usual, usual_bpm = usual_form(models[first], playing[first].cond, spec.meter)
    meter = spec.meter or f"{usual.numerator}/{usual.denominator}"
    tempo_bpm = spec.tempo or usual_bpm
    songs = {}
    for name, part in playing.items():
        bars, remarks = _bars(spec, name, part, models[name], meter)
        warnings += [f"{name}: {remark}" for remark in remarks]
        try:
            songs[name] = song_of_bars(bars, tempo_bpm, models[name].labels)
        except MidiError as error:
            raise PartsError(f"{name}: {error}") from error
    songs = dict(zip(songs, aligned(list(songs.values())), strict=True))
    drums = [song for name, song in songs.items() if playing[name].backend == "ngram"]
    if drums:
        together = joined(drums)
        songs |= {
            name: aside(song, together)
            for name, song in songs.items()
            if playing[name].backend == "perc_ngram"
        }
    return Played(
        parts=songs,
        midi=midi_of_parts(songs),
        tempo_bpm=tempo_bpm,
        meter=meter,
        bars=sum(section.bars for section in spec.form()),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def usual_form(
    model: GrooveModel, cond: Mapping[str, str], meter: str | None = None
) -> tuple[Form, float]:
    """Return (the form that is commonest under a condition, its tempo in quarters a minute).

    Parameters
    ----------
    model
        Whose training loops are asked.
    cond
        Tags; those that the model does not know are passed over.
    meter
        ``"3/4"``: the commonest grid of this meter, under the condition or else in any loop.

    Raises
    ------
    SampleError
        If no training loop was in that meter.
    """
    numbers, _ = model.resolve(cond)
    return first_form((model.forms(numbers), model.forms(())), meter)


def _bars(
    spec: ArrangementSpec, name: str, part: PartSpec, model: GrooveModel, meter: str
) -> tuple[list[Bar], list[str]]:
    """Return (a part's bars throughout the piece, what was done or not done of what it says)."""
    sampler = Sampler(model)
    heat = Heat(part.temperature, part.temperature_end, part.top_k, part.top_p)
    form, _ = usual_form(model, part.cond, meter)
    bars: list[Bar] = []
    remarks: list[str] = []
    for section in spec.form():
        if section not in _sections(spec, name):
            bars += [_silence(form)] * section.bars
            continue
        cond: dict[str, str] = {**part.cond, **section.cond}
        form, _ = usual_form(model, cond, meter)
        length = min(part.bars or section.bars, section.bars)
        groove = sampler.draw(
            form,
            length,
            heat,
            _seed(spec, name, part, section),
            condition=cond,
            fill_every=part.fill_every,
            swing=part.swing,
            humanise=part.humanise,
        )
        remarks += [f"no loop of the model has {tag}: left out" for tag in groove.ignored]
        remarks += groove.remarks
        repeated = list(groove.bars) * -(-section.bars // length)
        bars += repeated[: section.bars]
    return bars, remarks


def _seed(spec: ArrangementSpec, name: str, part: PartSpec, section: SectionSpec) -> int:
    return seed_of("groove_parts", spec.seed, name, part.seed, section.name, section.seed or 0)


def _sections(spec: ArrangementSpec, name: str) -> list[SectionSpec]:
    """Return the sections that a part plays."""
    return [s for s in spec.form() if s.parts is None or name in s.parts]


def _check_alphabet(name: str, part: PartSpec, model: GrooveModel) -> None:
    alphabet = alphabet_of(model.labels).name
    if alphabet != BACKENDS[part.backend]:
        fitting = next(backend for backend, played in BACKENDS.items() if played == alphabet)
        raise PartsError(
            f"{name}: backend {part.backend} plays {BACKENDS[part.backend]}, but its model was "
            f"trained on {alphabet}; give backend {fitting}, or another model"
        )


def _silence(form: Form) -> Bar:
    nothing = np.zeros(0, dtype=np.int64)
    return Bar(
        numerator=form.numerator,
        denominator=form.denominator,
        quarters=form.quarters,
        resolution=form.resolution,
        step=nothing,
        label=nothing,
        velocity=nothing,
        offset_ticks=np.zeros(0),
    )
