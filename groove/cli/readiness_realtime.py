"""`groove readiness realtime`: time the transcriber, as lines that a run of the gates reads.

What belongs here: options, the clock. What does not: hearing (:mod:`groove.drums.transcribe`), the
verdict (:mod:`groove.readiness.checks.realtime`). It is here, and no part of readiness, because
subjects know nothing of each other.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from groove.cli.drums_sounds import SoundsError, audio_files, promoted
from groove.cli.refusal import refusals
from groove.cli.writing import write_whole

#: A shorter song times the clock: the gate takes none.
_SHORTEST_S = 1.0


def realtime(
    audio: Annotated[
        list[Path], typer.Argument(metavar="AUDIO...", help="Audio files, folders of them")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="JSON lines of timed runs to write")],
    model: Annotated[
        Path | None,
        typer.Option(help="A transcriber's or a classifier's file; none: as transcribe"),
    ] = None,
    heuristics: Annotated[bool, typer.Option("--heuristics", help="Use no model")] = False,
) -> None:
    """Time how long `groove drums transcribe` works on each song, reading it included.

    Seconds are those of the processor, of all threads together: other programs do not count, and
    more cores do not flatter. Nothing is written if a song cannot be used.

    Try:

      groove readiness realtime songs/ --out runs.jsonl
    """
    from groove.drums.transcribe.choice import ears
    from groove.drums.transcribe.listening import transcribe_file

    with refusals():
        songs = audio_files(audio)
        if out.resolve() in {song.resolve() for song in songs}:
            raise SoundsError(f"{out} is one of the songs")
        hearing = ears(model, heuristics=heuristics, promoted=promoted)
        typer.echo(f"heard by {hearing.name}", err=True)
        lines = []
        for song in songs:
            started = time.process_time()
            found = transcribe_file(song, lambda heard: hearing.hear(heard, None), hearing.about)
            seconds = time.process_time() - started
            audio_s = found.audio.duration_s or 0.0
            if audio_s < _SHORTEST_S:
                raise SoundsError(f"{song}: {audio_s:g} s is too short to time; take 1 s or more")
            lines.append({"file": song.name, "audio_s": audio_s, "seconds": seconds})
            typer.echo(f"{song}: {seconds / audio_s:.4g} s of work per second of audio", err=True)
        write_whole(out, "".join(json.dumps(line) + "\n" for line in lines).encode())
