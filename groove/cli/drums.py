"""`groove drums`: everything about drum sounds, as commands.

What belongs here: the list of commands. What does not: any of them.
"""

from __future__ import annotations

import typer

from groove.cli.drums_collect import app as collect
from groove.cli.drums_manifest import app as manifest

drums = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Drum sounds and their data.")
drums.add_typer(manifest, name="manifest")
drums.add_typer(collect, name="collect")
