"""`groove percussion`: a model of percussion loops, grooves from it, and its merge with drums.

What belongs here: options and output. What does not: training
(:mod:`groove.cli.training`), drawing (:mod:`groove.ngram.play.sampling`), merging
(:mod:`groove.ngram.play.merge`). Percussion is the same machinery with another alphabet
(:mod:`groove.ngram.corpus.alphabets`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from groove.cli.loading import load_model
from groove.cli.refusal import refusals, refuse_terminal
from groove.cli.training import train_folder
from groove.cli.writing import write_whole

_TRAIN_EXAMPLES = """
Example:

  groove percussion train loops/percussion --license CC0-1.0 --out models/perc_ngram.parquet
"""
_SAMPLE_EXAMPLES = """
Example:

  groove percussion sample models/perc_ngram.parquet --length 4 --seed 1 > perc.mid
"""
_MERGE_EXAMPLES = """
Example:

  groove percussion merge drums.mid perc.mid --out both.mid
"""

percussion = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Percussion: train, sample, merge with drums."
)


@percussion.command()
def train(
    root: Annotated[Path, typer.Argument(help="Folder of loops")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Model file to write")],
    ext: Annotated[str, typer.Option(help="Files to read: midi, or a suffix")] = "midi",
    auto_res: Annotated[
        bool, typer.Option("--auto-res/--no-auto-res", help="Find each loop's grid; no: 16ths")
    ] = True,
    min_bars: Annotated[float, typer.Option(help="Shortest loop to keep, bars")] = 1.0,
    min_notes: Annotated[int, typer.Option(help="Fewest notes to keep")] = 8,
    len_sampling: Annotated[
        Literal["uniform", "sqrt", "proportional"], typer.Option(help="Weight of a loop's length")
    ] = "sqrt",
    exclude_fills: Annotated[
        bool, typer.Option("--exclude-fills", help="Leave files tagged as fills out")
    ] = False,
    order: Annotated[
        int, typer.Option(min=-1, max=6, help="Longest context; -1 takes the best")
    ] = -1,
    smoothing: Annotated[
        Literal["auto", "kneser_ney", "witten_bell", "absolute"], typer.Option(help="Estimator")
    ] = "auto",
    source: Annotated[
        str, typer.Option(help="Source of files that state none; none: the folder's name")
    ] = "",
    license_: Annotated[
        str, typer.Option("--license", help="Licence of files that state none, such as CC-BY-4.0")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON")] = False,
) -> None:
    """Train a percussion model from a folder of loops; drums in them are left out."""
    train_folder(
        root,
        out,
        alphabet="percussion",
        auto_res=auto_res,
        settings={"min_bars": min_bars, "min_notes": min_notes},
        limits={"extensions": ext.split(","), "source": source, "license": license_},
        counting={"length_weight": len_sampling, "exclude_fills": exclude_fills},
        fitting={"order": order, "smoothing": smoothing},
        as_json=as_json,
    )


@percussion.command()
def sample(
    model: Annotated[Path, typer.Argument(help="Percussion model")],
    bars: Annotated[
        int, typer.Option("--bars", "--length", "-l", min=1, max=4096, help="Length in bars")
    ] = 4,
    cond_style: Annotated[
        str, typer.Option("--cond-style", "--style", help="Style to play in; none is any")
    ] = "",
    meter: Annotated[str | None, typer.Option(help="Meter, such as 3/4")] = None,
    tempo: Annotated[
        float | None, typer.Option(min=20, max=400, help="Quarters a minute; none: the usual one")
    ] = None,
    temperature: Annotated[float, typer.Option(help="Under 1 likelier, over 1 wilder")] = 0.9,
    temperature_end: Annotated[
        float | None, typer.Option(help="Temperature of the last step, reached in a line")
    ] = None,
    top_k: Annotated[int, typer.Option(help="Draw from the k likeliest; 0 from all")] = 0,
    top_p: Annotated[float, typer.Option(help="Draw from the fewest that hold this share")] = 0.98,
    swing: Annotated[
        float | None, typer.Option(help="0 straight, 1 triplets; none: as learnt")
    ] = None,
    humanise: Annotated[
        float, typer.Option("--humanise", "--humanize", help="0 quantised, 1 as learnt")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same file")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; none: standard output")
    ] = None,
) -> None:
    """Draw a percussion groove and write it as MIDI."""
    if out is None:
        refuse_terminal("perc.mid")
    from groove.ngram.play.arrangement import usual_form
    from groove.ngram.play.output import midi_of
    from groove.ngram.play.sampling import Heat, Sampler

    with refusals():
        trained = load_model(model, "percussion")
        cond = {"style": cond_style} if cond_style else {}
        form, usual_bpm = usual_form(trained, cond, meter)
        heat = Heat(temperature, temperature_end, top_k, top_p)
        groove = Sampler(trained).draw(
            form, bars, heat, seed, condition=cond, swing=swing, humanise=humanise
        )
        for tag in groove.ignored:
            typer.echo(f"no loop of the model has {tag}: left out", err=True)
        data = midi_of(trained, groove, tempo or usual_bpm, "Percussion")
        _put(out, data)
    where = f"{form.meter} at {tempo or usual_bpm:g} bpm"
    typer.echo(f"{out or 'MIDI'}: {bars} bars, {groove.hits} hits, {where}", err=True)


@percussion.command()
def merge(
    drums: Annotated[Path, typer.Argument(help="MIDI file of the drums")],
    perc: Annotated[Path, typer.Argument(help="MIDI file of the percussion")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; none: standard output")
    ] = None,
) -> None:
    """Put percussion and drums into one file; colliding percussion moves one tick later.

    Percussion on the tick of a kick or a snare is what collides. Both files must be in the same
    tempo and meter.
    """
    if out is None:
        refuse_terminal("both.mid")
    from groove.midi.notes import MidiError, read_midi
    from groove.ngram.play.merge import aligned, aside, collisions, midi_of_parts

    with refusals():
        songs = []
        for path in (drums, perc):
            try:
                songs.append(read_midi(path.read_bytes()))
            except MidiError as error:
                raise MidiError(f"{path}: {error}") from error
        first, second = aligned(songs)
        moved = aside(second, first)
        data = midi_of_parts({"Drums": first, "Percussion": moved})
        _put(out, data)
    count = int(collisions(second, first).sum())
    typer.echo(f"{out or 'MIDI'}: {first.n} + {moved.n} notes, {count} moved", err=True)


def _put(out: Path | None, data: bytes) -> None:
    if out is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_whole(out, data)


train.__doc__ = (train.__doc__ or "") + _TRAIN_EXAMPLES
sample.__doc__ = (sample.__doc__ or "") + _SAMPLE_EXAMPLES
merge.__doc__ = (merge.__doc__ or "") + _MERGE_EXAMPLES
