"""How commands say no: one line on standard error, exit code 2, no traceback.

What belongs here: turning errors about the user's files and options into words. What does not:
raising them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def refusals() -> Iterator[None]:
    """End the command with exit code 2 when files or options cannot be used."""
    try:
        yield
    except (ValueError, OSError) as error:
        typer.echo(reason(error), err=True)
        raise typer.Exit(2) from error


def reason(error: Exception) -> str:
    """Return why, with the file that it is about."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def refuse_terminal(hint: str = "groove.mid") -> None:
    """End the command when binary output would go to a terminal."""
    if sys.stdout.isatty():
        typer.echo(f"MIDI is binary: give --out FILE, or redirect with > {hint}", err=True)
        raise typer.Exit(2)
