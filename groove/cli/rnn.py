"""`groove rnn`: the recurrent baseline, trained from a folder of loops, and grooves from it.

What belongs here: options and output. What does not: training
(:mod:`groove.ngram.neural.training`), drawing (:mod:`groove.ngram.neural.sampling`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from groove.cli.refusal import refusals, refuse_terminal
from groove.cli.writing import write_whole

_TRAIN_EXAMPLES = """
Examples:

  groove rnn train loops/ --epochs 6 --out rnn.safetensors

  groove rnn train loops/ --out rnn.safetensors --json > figures.json
"""
_SAMPLE_EXAMPLES = """
Examples:

  groove rnn sample rnn.safetensors -l 4 > rnn.mid

  groove rnn sample rnn.safetensors -l 8 --cond-style funk --seed 42 --out funk.mid
"""

rnn = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The recurrent baseline: train it, sample from it.",
)


@rnn.command()
def train(
    root: Annotated[Path, typer.Argument(help="Folder of loops")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Model file to write")],
    epochs: Annotated[int, typer.Option(min=1, max=10_000, help="Passes at most")] = 16,
    ext: Annotated[str, typer.Option(help="Files to read: midi, wav, or a suffix")] = "midi",
    hidden: Annotated[int, typer.Option(min=8, max=1024, help="Units per layer")] = 96,
    layers: Annotated[int, typer.Option(min=1, max=4, help="Recurrent layers")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same file")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads; part of the result")] = 2,
    figures: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON to standard output")
    ] = False,
) -> None:
    """Train a recurrent network on the loops of a folder; say how well it does on others."""
    from groove.core.models import ModelError
    from groove.core.splits import TEST, TRAIN
    from groove.ngram.corpus.folder import read_folder
    from groove.ngram.spec import FolderSpec, RnnSpec

    with refusals():
        spec = RnnSpec(epochs=epochs, hidden=hidden, layers=layers, seed=seed, threads=threads)
        folder = read_folder(root, filters=FolderSpec(extensions=ext.split(",")))
        for warning in folder.warnings:
            typer.echo(warning, err=True)
        if folder.quarantine:
            path, why = folder.quarantine[0]
            typer.echo(f"{len(folder.quarantine)} files not used; {path}: {why}", err=True)
        bars = folder.bars
        if not len(bars):
            raise ModelError(f"no drum loop below {root}")
        from groove.ngram.neural.codec import save
        from groove.ngram.neural.training import figures as figures_on
        from groove.ngram.neural.training import fit_rnn

        found = fit_rnn(bars, spec, run=_Told())
        data = save(found.model)
        write_whole(out, data)
        metrics: dict[str, Any] = dict(found.metrics)
        sides = {name: bars[bars["split"] == name].reset_index(drop=True) for name in (TRAIN, TEST)}
        if len(sides[TEST]):
            on_test = figures_on(found.model, sides[TRAIN], sides[TEST])
            metrics |= {f"test_{name}": value for name, value in on_test.items()}
    if figures:
        typer.echo(json.dumps(metrics | {"history": found.history}, sort_keys=True))
    headline = ", ".join(
        f"{name.removesuffix('_bits_per_event')} {metrics[name]:.3f}"
        for name in ("validation_bits_per_event", "test_bits_per_event")
        if name in metrics
    )
    typer.echo(f"{out}: {len(data):,} bytes; bits per event: {headline}", err=True)


@rnn.command()
def sample(
    model: Annotated[Path, typer.Argument(help="Model file of `groove rnn train`")],
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
    top_p: Annotated[float, typer.Option(help="Draw from the fewest that hold this share")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same file")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; none: standard output")
    ] = None,
) -> None:
    """Draw a groove and write it as MIDI."""
    if out is None:
        refuse_terminal("rnn.mid")
    with refusals():
        data = model.read_bytes()
        from groove.ngram.neural import sampling
        from groove.ngram.neural.codec import load
        from groove.ngram.play.heat import Heat

        trained = load(data)
        condition = {"style": cond_style} if cond_style else {}
        form, usual_bpm = sampling.form_of(trained, condition, meter)
        heat = Heat(temperature, temperature_end, top_k, top_p)
        groove = sampling.draw(trained, form, bars, heat, seed, condition=condition)
        midi = sampling.midi_of(trained, groove, tempo or usual_bpm)
        if out is not None:
            write_whole(out, midi)
    for tag in groove.ignored:
        typer.echo(f"{tag} is not known to the model: played as any", err=True)
    if out is None:
        sys.stdout.buffer.write(midi)
        sys.stdout.buffer.flush()
    else:
        where = f"{form.meter} at {tempo or usual_bpm:g} bpm"
        typer.echo(f"{out}: {bars} bars, {groove.hits} hits, {where}", err=True)


class _Told:
    """A run that tells each epoch on standard error."""

    id = ""

    def log(self, metrics: Any, step: int) -> None:
        """Tell one epoch's figures."""
        told = ", ".join(f"{name} {value:.3f}" for name, value in sorted(metrics.items()))
        typer.echo(f"epoch {step + 1}: {told}", err=True)

    def model(self, name: str, files: Any) -> None:
        """Keep nothing: the command writes the model itself."""

    def file(self, path: str, data: bytes) -> None:
        """Keep nothing."""


train.__doc__ = (train.__doc__ or "") + _TRAIN_EXAMPLES
sample.__doc__ = (sample.__doc__ or "") + _SAMPLE_EXAMPLES
