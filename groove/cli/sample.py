"""`groove sample`: a drum groove from the trained model, as a MIDI file.

What belongs here: options and output. What does not: drawing (:mod:`groove.ngram.play.sampling`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from groove.cli.data import DataError, read_blob, read_table

_EXAMPLES = """
Examples:

  groove sample --bars 8 --style funk --seed 42 --out funk.mid

  groove sample -l 4 --temperature 0.8 --top-p 0.9 > groove.mid

  groove sample --meter 3/4 --tempo 140 --temperature 1.2 --temperature-end 0.6 --out waltz.mid

  groove sample --list-styles
"""


def sample(
    model: Annotated[
        Path | None, typer.Option(help="Model file; without it, the last one that was trained")
    ] = None,
    bars: Annotated[int, typer.Option("--bars", "-l", min=1, max=4096, help="Length in bars")] = 4,
    style: Annotated[str, typer.Option(help="Style to play in; none is any")] = "",
    meter: Annotated[str | None, typer.Option(help="Meter, such as 3/4")] = None,
    tempo: Annotated[
        float | None, typer.Option(min=20, max=400, help="Quarters a minute; none: the style's")
    ] = None,
    temperature: Annotated[float, typer.Option(help="Under 1 likelier, over 1 wilder")] = 0.8,
    temperature_end: Annotated[
        float | None, typer.Option(help="Temperature of the last step, reached in a line")
    ] = None,
    top_k: Annotated[int, typer.Option(help="Draw from the k likeliest; 0 from all")] = 0,
    top_p: Annotated[float, typer.Option(help="Draw from the fewest that hold this share")] = 0.9,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same file")] = 0,
    out: Annotated[Path | None, typer.Option(help="File to write; none: standard output")] = None,
    list_styles: Annotated[bool, typer.Option(help="List the model's styles and stop")] = False,
) -> None:
    """Draw a drum groove and write it as MIDI."""
    if out is None and not list_styles and sys.stdout.isatty():
        typer.echo("MIDI is binary: give --out FILE, or redirect with > groove.mid", err=True)
        raise typer.Exit(2)
    from groove.core.models import ModelError
    from groove.ngram.language.codec import unpack
    from groove.ngram.play.samples import form_of, midi_of
    from groove.ngram.play.sampling import Heat, SampleError, Sampler

    try:
        trained = unpack(_model_bytes(model))
        if list_styles:
            typer.echo("\n".join(name for name in sorted(trained.card["forms"]) if name))
            return
        form, usual_bpm = form_of(trained, style, meter)
        heat = Heat(temperature, temperature_end, top_k, top_p)
        groove = Sampler(trained).draw(style, form, bars, heat, seed)
        data = midi_of(trained, groove, tempo or usual_bpm)
        if out is not None:
            out.write_bytes(data)
    except (DataError, ModelError, SampleError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except KeyError as error:
        typer.echo(str(error.args[0]), err=True)
        raise typer.Exit(2) from error
    if out is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        where = f"{form.numerator}/{form.denominator} at {tempo or usual_bpm:g} bpm"
        typer.echo(f"{out}: {bars} bars, {groove.hits} hits, {where}", err=True)


def _model_bytes(path: Path | None) -> bytes:
    if path is not None:
        return path.read_bytes()
    return read_blob(str(read_table("groove_model")["blob"].iloc[0]))


sample.__doc__ = (sample.__doc__ or "") + _EXAMPLES
