"""`groove practice`: songs with exact bars, composed by rule, to train and test trackers.

What belongs here: options and output. What does not: the music (:mod:`groove.practice`).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from groove.cli.refusal import refusals

_EXAMPLES = """
Examples:

  groove practice --songs 200 --seed 1 --out practice

  groove practice --songs 500 --out practice --drum-loops groove --meters 3/4,7/8
"""


def practice(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to")],
    songs: Annotated[int, typer.Option("--songs", "-n", min=1, help="How many")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same songs")] = 0,
    drum_loops: Annotated[
        Path | None,
        typer.Option("--drum-loops", help="Folder of drum performances, as Groove MIDI's"),
    ] = None,
    loop_split: Annotated[
        str, typer.Option(help="Their split to take: train, validation, test; all takes each")
    ] = "train",
    meters: Annotated[
        str, typer.Option(help="Only these meters, such as 3/4,7/8; none: all, as usual")
    ] = "",
    meter_changes: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of songs that change meter")
    ] = None,
    drumless: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of songs without drums")
    ] = None,
    constant_tempo: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of songs to a click")
    ] = None,
    clicks: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of songs that are a metronome's")
    ] = None,
    longest: Annotated[
        float | None, typer.Option(min=60, max=600, help="Longest song, seconds")
    ] = None,
) -> None:
    """Compose songs and write them as MIDI, with a manifest that says what each is.

    The folder is raw input for the pipeline: GROOVE_RAW=DIR/sources.yaml.
    """
    from groove.practice.loops import read_loops
    from groove.practice.spec import METERS, PracticeSpec
    from groove.practice.writing import write_songs

    with refusals():
        asked = [name.strip() for name in meters.split(",") if name.strip()]
        given = {
            "meters": {name: METERS.get(name, 1.0) for name in asked} or None,
            "meter_changes": meter_changes,
            "drumless": drumless,
            "constant_tempo": constant_tempo,
            "clicks": clicks,
            "max_duration_s": longest,
        }
        spec = PracticeSpec.model_validate({k: v for k, v in given.items() if v is not None})
        split = "" if loop_split == "all" else loop_split
        loops = read_loops(drum_loops, split) if drum_loops else []
        if out.exists() and not out.is_dir():
            raise NotADirectoryError(20, "is a file; a folder is wanted", str(out))
        counts: Counter[str] = Counter()
        seconds = 0.0
        for made in write_songs(out, songs, seed, spec, loops):
            counts[str(made.tags["meter"])] += 1
            seconds += made.song.duration_s
    shares = ", ".join(f"{meter} {count}" for meter, count in counts.most_common())
    typer.echo(f"{out}: {songs} songs, {seconds / 3600:.1f} h ({shares})", err=True)


practice.__doc__ = (practice.__doc__ or "") + _EXAMPLES
