"""`groove parts`: an arrangement file played as one MIDI file.

What belongs here: options and output. What does not: the file's format
(:mod:`groove.ngram.play.parts`), playing it (:mod:`groove.ngram.play.arrangement`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groove.cli.loading import load_model
from groove.cli.refusal import refusals, refuse_terminal
from groove.cli.writing import write_whole

if TYPE_CHECKING:
    from groove.ngram.language.model import GrooveModel
    from groove.ngram.play.parts import ArrangementSpec

_EXAMPLES = """
Examples:

  groove parts song.yaml --out song.mid

  groove parts song.yaml --model percussion=/models/perc.parquet --out song.mid

A small song.yaml:

  tempo: 104

  parts: {drums: {cond: {style: funk}, fill_every: 4}}

  (and, for percussion: percussion: {backend: perc_ngram, model_path: perc.parquet})

  sections: [{name: verse, bars: 8}, {name: chorus, bars: 8, cond: {section: chorus}}]
"""


class PartError(ValueError):
    """A model given for no part. The message names it."""


def parts(
    config: Annotated[Path, typer.Argument(help="Arrangement, YAML")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; none: standard output")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="PART=FILE: that part's model, wherever it is; may be repeated"),
    ] = None,
) -> None:
    """Play the parts and sections of an arrangement file: one track per part, channel 10."""
    if out is None:
        refuse_terminal("song.mid")
    from groove.ngram.play.arrangement import play
    from groove.ngram.play.parts import PartsError, read_parts

    with refusals():
        spec = read_parts(config)
        try:
            played = play(spec, _models(spec, config.parent, model or []))
        except PartsError as error:
            raise PartsError(f"{config}: {error}") from error
        for warning in played.warnings:
            typer.echo(warning, err=True)
        if out is not None:
            write_whole(out, played.midi)
    if out is None:
        sys.stdout.buffer.write(played.midi)
        sys.stdout.buffer.flush()
    about = f"{played.bars} bars in {played.meter} at {played.tempo_bpm:g} bpm"
    notes = ", ".join(f"{name} {song.n} notes" for name, song in played.parts.items())
    typer.echo(f"{out or 'MIDI'}: {about}; {notes}", err=True)


def _models(spec: ArrangementSpec, folder: Path, given: list[str]) -> dict[str, GrooveModel]:
    """Return each part's model; parts that share a file share the model."""
    from groove.ngram.play.parts import BACKENDS, model_file

    files = {}
    for text in given:
        name, _, file = text.partition("=")
        if name not in spec.parts or not file:
            raise PartError(f"--model {text}: give PART=FILE, with one of {', '.join(spec.parts)}")
        files[name] = Path(file)
    loaded: dict[tuple[Path | None, str], GrooveModel] = {}
    models = {}
    for name, part in spec.parts.items():
        key = (files.get(name) or model_file(part, folder), BACKENDS[part.backend])
        if key not in loaded:
            loaded[key] = load_model(key[0], BACKENDS[part.backend])
        models[name] = loaded[key]
    return models


parts.__doc__ = (parts.__doc__ or "") + _EXAMPLES
