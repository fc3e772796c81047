"""`groove drums`: everything about drum sounds, as commands.

What belongs here: the list of commands. What does not: any of them.
"""

from __future__ import annotations

import typer

from groove.cli.drums_classify import classify
from groove.cli.drums_collect import app as collect
from groove.cli.drums_evaluate import evaluate
from groove.cli.drums_learn import learn
from groove.cli.drums_manifest import app as manifest
from groove.cli.drums_play import play
from groove.cli.drums_queue import queue
from groove.cli.drums_report import report
from groove.cli.drums_sweep import sweep
from groove.cli.drums_train import train
from groove.cli.drums_transcribe import transcribe

drums = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Drum sounds and their data.")
drums.add_typer(manifest, name="manifest")
drums.add_typer(collect, name="collect")
drums.command()(queue)
drums.command()(report)
drums.command()(classify)
drums.command()(transcribe)
drums.command()(evaluate)
drums.command()(train)
drums.command()(learn)
drums.command()(play)
drums.command()(sweep)
