"""`groove phase`: where in the bar the music is.

What belongs here: mounting the commands. What does not: any command's work.
"""

from __future__ import annotations

import typer

from groove.cli.phase_apply import apply
from groove.cli.phase_evaluate import evaluate
from groove.cli.phase_export import calibrate, export
from groove.cli.phase_live import live
from groove.cli.phase_page import page
from groove.cli.phase_train import train
from groove.cli.phase_view import view

phase = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Where in the bar the music is, and will be: on files, live, in a browser.",
)
phase.command()(apply)
phase.command()(live)
phase.command()(page)
phase.command()(view)
phase.command()(evaluate)
phase.command()(train)
phase.command()(calibrate)
phase.command()(export)
