"""The `groove` command.

What belongs here: mounting the subjects' commands. What does not: any command's work.
"""

from __future__ import annotations

import typer

from groove.cli.drums import drums
from groove.cli.evaluate import evaluate
from groove.cli.fetch import fetch
from groove.cli.hyperopt import hyperopt
from groove.cli.inventory import inventory
from groove.cli.parts import parts
from groove.cli.percussion import percussion
from groove.cli.phase import phase
from groove.cli.practice import practice
from groove.cli.readiness import readiness
from groove.cli.render import render
from groove.cli.rnn import rnn
from groove.cli.sample import sample
from groove.cli.stats import stats
from groove.cli.tables import tables
from groove.cli.train import train
from groove.cli.visualize import visualize

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Grooves, loops and models from folders of MIDI and audio.",
)
app.command()(inventory)
app.command()(stats)
app.command()(train)
app.command()(sample)
app.command()(evaluate)
app.command()(visualize)
app.command()(hyperopt)
app.command()(render)
app.command()(parts)
app.add_typer(percussion, name="percussion")
app.add_typer(rnn, name="rnn")
app.add_typer(drums, name="drums")
app.add_typer(phase, name="phase")
app.command()(practice)
app.add_typer(readiness, name="readiness")
app.command()(tables)
app.command()(fetch)


if __name__ == "__main__":
    app()
