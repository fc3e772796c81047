"""The `groove` command.

What belongs here: mounting the subjects' commands. What does not: any command's work.
"""

from __future__ import annotations

import typer

from groove.cli.fetch import fetch
from groove.cli.inventory import inventory
from groove.cli.readiness import readiness
from groove.cli.sample import sample
from groove.cli.tables import tables

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Grooves, loops and models from folders of MIDI and audio.",
)
app.command()(inventory)
app.command()(readiness)
app.command()(tables)
app.command()(sample)
app.command()(fetch)


if __name__ == "__main__":
    app()
