"""`groove visualize`: a model in pictures.

What belongs here: options and output. What does not: the pictures (:mod:`groove.ngram.portrait`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from groove.cli.loading import load_model
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole

_EXAMPLES = """
Examples:

  groove visualize model.parquet --out heatmap.png

  groove visualize model.parquet --kind roll --cond-style funk --bars 8 --seed 3 --out roll.png

  groove visualize --kind all --out model.png
"""


class PictureError(ValueError):
    """A picture that cannot be made. The message says why."""


def visualize(
    model: Annotated[
        Path | None, typer.Argument(help="Model file; without it, the released one")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="PNG file to write")] = Path(
        "groove.png"
    ),
    kind: Annotated[
        Literal["heatmap", "histogram", "microtiming", "roll", "all"],
        typer.Option(help="heatmap, histogram, microtiming, roll or all"),
    ] = "heatmap",
    cond_style: Annotated[
        str, typer.Option("--cond-style", "--style", help="Style of micro-timing and roll")
    ] = "",
    meter: Annotated[
        str | None, typer.Option(help="Meter of micro-timing and roll, such as 3/4")
    ] = None,
    bars: Annotated[int, typer.Option("--bars", "-l", min=1, max=16, help="Bars of the roll")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn")] = 0,
) -> None:
    """Draw a model: n-gram heat map, step histogram by style, micro-timing, piano-roll."""
    with refusals():
        if out.suffix.lower() != ".png":
            raise PictureError(f"{out.name} must end with .png")
        trained = load_model(model, None)
        from groove.ngram.portrait import portrait

        cond = {"style": cond_style} if cond_style else {}
        if ignored := trained.resolve(cond)[1]:
            typer.echo(f"no loop of the model has {', '.join(ignored)}: left out", err=True)
        data = portrait(trained, kind, cond=cond, meter=meter, bars=bars, seed=seed)
        write_whole(out, data)
    typer.echo(f"{out}: {kind}", err=True)


visualize.__doc__ = (visualize.__doc__ or "") + _EXAMPLES
