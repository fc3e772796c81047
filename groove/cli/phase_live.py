"""`groove phase live`: bar phase of what is heard now.

What belongs here: options, and stopping cleanly. What does not: sources and text
(:mod:`groove.phase.play.live`).
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer

from groove.cli.refusal import refusals

_EXAMPLES = """
It ends with the input, or with Ctrl-C.

Examples:

  groove phase live

  arecord -f S16_LE -r 16000 -c 1 | groove phase live --stdin

  ffmpeg -i song.mp3 -f f32le -ac 2 -ar 44100 - | groove phase live --stdin --format f32 \\
    --rate 44100 --channels 2 --json
"""


def live(
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Raw PCM from standard input, not from a sound card")
    ] = False,
    rate: Annotated[int, typer.Option(help="Samples per second")] = 16_000,
    format: Annotated[  # noqa: A002  # the option's name
        Literal["s16", "s32", "f32", "u8"],
        typer.Option(help="Of --stdin: little-endian integers, floats, or unsigned bytes"),
    ] = "s16",
    channels: Annotated[int, typer.Option(min=1, max=64, help="Interleaved channels")] = 1,
    device: Annotated[
        str | None, typer.Option(help="Sound card, its number or a part of its name")
    ] = None,
    anticipation: Annotated[
        float, typer.Option(help="How far ahead the phases are, 0 to 0.5 s")
    ] = 0.0,
    model: Annotated[
        Path | None, typer.Option(help="ONNX file; none: GROOVE_PHASE_MODEL, or the released one")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON per 0.1 s instead of a dial")
    ] = False,
) -> None:
    """Show where in the bar the music is, while it plays."""
    from groove.phase.play.live import Dial, Lines, microphone, piped, told
    from groove.phase.play.tracker import PhaseTracker, SignalError

    over = sys.stdout.isatty() and not as_json
    # Ctrl-C is how a listener stops, and whoever reads the lines may stop first.
    with refusals(), suppress(KeyboardInterrupt):
        if stdin and sys.stdin.isatty():
            raise SignalError("--stdin is a terminal: pipe raw PCM into it")
        tracker = PhaseTracker(model, anticipation, rate)
        pieces = (
            piped(sys.stdin.buffer, format, channels)
            if stdin
            else microphone(rate, channels, device)
        )
        try:
            for line in told(tracker, pieces, Lines(anticipation) if as_json else Dial()):
                print("\r" + line if over else line, end="" if over else "\n", flush=True)
        except BrokenPipeError:
            # The interpreter would flush once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
    if over:
        print()


live.__doc__ = (live.__doc__ or "") + _EXAMPLES
